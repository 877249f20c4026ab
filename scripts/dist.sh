#!/bin/sh
# Builds the program that is published, target/dist/tachograph: a program with counters, a run of it over what recorders
# do all day (bench/train.py), and the profile `dist` with what the counters tell the compiler.
#
# Takes about three release builds. Needs Rust with its component llvm-tools (rustup adds it) and Python 3.9.
set -eu
cd "$(dirname -- "$0")/.."
target=${CARGO_TARGET_DIR:-target}
mkdir -p "$target"
target=$(cd "$target" && pwd)
host=$(rustc -vV | sed -n 's/^host: //p')
tool=$(rustc --print sysroot)/lib/rustlib/$host/bin/llvm-profdata
[ -x "$tool" ] || rustup component add llvm-tools
work=$(mktemp -d "${TMPDIR:-/var/tmp}/tachograph-dist.XXXXXX")
trap 'rm -rf "$work"' EXIT

# With --target the flags are for the program alone, not for what runs while it is built.
RUSTFLAGS="${RUSTFLAGS:-} -Cprofile-generate=$work/counters" \
    cargo build --release --locked --target "$host" --target-dir "$target/counters" -p tachograph
for driver in gen_events load_http; do
    rustc --edition 2024 -O "bench/$driver.rs" -o "$work/$driver"
done
"$work/gen_events" --count 300000 --out "$work/events.ndjson" --truth "$work/truth.json"
LLVM_PROFILE_FILE="$work/counters/%p-%m.profraw" TMPDIR=$work \
    python3 bench/train.py "$target/counters/$host/release/tachograph" "$work/load_http" "$work/events.ndjson" "$work/truth.json"
"$tool" merge -o "$target/dist.profdata" "$work"/counters/*.profraw

RUSTFLAGS="${RUSTFLAGS:-} -Cprofile-use=$target/dist.profdata" \
    cargo build --profile dist --locked --target "$host" --target-dir "$target/told" -p tachograph
mkdir -p "$target/dist"
cp "$target/told/$host/dist/tachograph" "$target/dist/tachograph"
ls -l "$target/dist/tachograph"
