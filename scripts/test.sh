#!/bin/sh
# Installs what the tests need and passes them: `scripts/test.sh`.
# Needs Rust (with clippy and rustfmt) and Node; installs Debian packages when run as root.
set -eu
cd "$(dirname -- "$0")/.."

cargo fmt --all --check
cargo clippy --workspace --all-targets --locked --quiet -- -D warnings
cargo test --workspace --locked
scripts/instructions.sh
verifiers/setup.sh
verifiers/selftest.sh 700
scripts/judge-recorder.sh
scripts/faults.sh short
scripts/judge-segments.sh
scripts/judge-sigma.sh
scripts/judge-routing.sh
scripts/judge-alertmanager.sh
scripts/judge-claude-code.sh
scripts/judge-hook.sh
scripts/judge-agents.sh
scripts/judge-otel.sh
scripts/judge-mcp.sh
scripts/judge-channels.sh
scripts/judge-sdks.sh
scripts/judge-postgres.sh
scripts/judge-web.sh
scripts/power-cut.sh
scripts/disk-full.sh
