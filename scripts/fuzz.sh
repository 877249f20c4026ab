#!/bin/sh
# Runs every fuzz target for some seconds: `scripts/fuzz.sh [SECONDS, default 60] [TARGET…]`.
# A failing input is kept in fuzz/artifacts/TARGET; run it again with `cargo +nightly fuzz run TARGET FILE`.
# The crates that are fuzzed hold no unsafe code, so no sanitizer is built in: panics, overflows and broken properties are
# what is looked for.
set -eu
cd "$(dirname -- "$0")/.."
seconds=${1:-60}
[ $# -eq 0 ] || shift

if ! cargo +nightly --version >/dev/null 2>&1; then
    echo 'fuzzing needs a nightly compiler: run `rustup toolchain install nightly --profile minimal`' >&2
    exit 3
fi
# Targets that write files sync them: in memory that is free.
memory=/dev/shm
[ -w "$memory" ] || memory=${TMPDIR:-/tmp}
TMPDIR=$(mktemp -d -p "$memory")
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT
cargo fuzz --version >/dev/null 2>&1 || cargo install cargo-fuzz --locked
cargo +nightly fuzz build -s none

run() {
    target=$1
    shift
    mkdir -p "fuzz/corpus/$target" "fuzz/artifacts/$target"
    seeds=
    [ ! -d "fuzz/seeds/$target" ] || seeds="fuzz/seeds/$target"
    nice -n 10 cargo +nightly fuzz run -s none "$target" "fuzz/corpus/$target" $seeds -- "$@" \
        >"fuzz/artifacts/$target.log" 2>&1
}

if run canary -max_total_time=60 -max_len=64; then
    echo 'the canary did not fail: this fuzzer finds nothing, whatever it says' >&2
    exit 1
fi
failed=
for target in ${*:-$(cargo +nightly fuzz list | grep -v '^canary$')}; do
    found=good
    run "$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=8192 -print_final_stats=1 ||
        found=FAILED
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "fuzz/artifacts/$target.log")
    echo "$target: $found, ${runs:-?} runs (fuzz/artifacts/$target.log)"
    [ "$found" = good ] || failed="$failed $target"
done
[ -z "$failed" ] || { echo "failed:$failed" >&2; exit 1; }
