#!/bin/sh
# Builds what the other scripts run, and prints the folder it lies in: `programs=$(scripts/build.sh)`.
#
# The whole workspace with its examples has the same features as `cargo test --workspace`, so after the tests nothing is
# compiled again. One package alone (`cargo build -p tachograph`) has fewer in a small crate below DataFusion
# (getrandom), and then all of DataFusion is compiled a second time.
set -eu
cd "$(dirname -- "$0")/.."
cargo build --quiet --locked --workspace --bins --examples >&2
target=${CARGO_TARGET_DIR:-target}
echo "$(cd "$target" && pwd)/debug"
