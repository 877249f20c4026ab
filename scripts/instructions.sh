#!/bin/sh
# Counts what one event costs in instructions, stage by stage, and compares with bench/instructions.txt:
# `scripts/instructions.sh [--write]`. More than a tenth above what stands there is a failure; --write sets the figures anew.
#
# Instructions are counted by callgrind, so a busy machine changes nothing. Another compiler may: then look at what changed, and --write.
# Those of SHA-256's rounds are left out: valgrind knows no processor with SHA instructions, without which they hide all else.
# Exit codes: 0 good, 1 a regression, 3 could not run. Installs valgrind when run as root.
set -eu
cd "$(dirname -- "$0")/.."
figures=bench/instructions.txt
events=5000

if ! command -v valgrind >/dev/null; then
    [ "$(id -u)" = 0 ] || { echo 'valgrind is missing: install it, or run this as root' >&2; exit 3; }
    apt-get update -qq && apt-get install -y -qq --no-install-recommends valgrind >/dev/null
fi
target=${CARGO_TARGET_DIR:-target}
cargo build --quiet --locked --profile count -p tacho-ingest --example instructions
program=$target/count/examples/instructions
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
rustc --edition 2024 -O bench/gen_events.rs -o "$work/gen_events"
"$work/gen_events" --count $events --out "$work/events.ndjson" 2>/dev/null

for stage in accept append seal hot cut rules; do
    valgrind --tool=callgrind --toggle-collect='*measured*' --callgrind-out-file="$work/$stage" --log-file="$work/log" \
        "$program" "$work/events.ndjson" "$stage" >"$work/count" || { cat "$work/log" >&2; exit 3; }
    # All events went through, or the figure means nothing.
    [ "$(cat "$work/count")" = $events ] || { echo "$stage took $(cat "$work/count") of $events events" >&2; exit 3; }
    total=$(sed -n 's/^\(summary\|totals\): *\([0-9]*\).*/\2/p' "$work/$stage" | tail -n 1)
    [ "${total:-0}" -gt 0 ] || { echo "callgrind counted nothing in $stage: is a function named measured left?" >&2; exit 3; }
    rounds=$(callgrind_annotate "$work/$stage" | awk '/sha2::sha256::soft/ { gsub(/,/, "", $1); sum += $1 } END { printf "%d", sum }')
    echo "$stage $(((total - rounds) / events))" >>"$work/found"
done
if [ "${1:-}" = --write ]; then
    { sed -n '/^#/p' "$figures"; cat "$work/found"; } >"$work/new"
    cp "$work/new" "$figures"
fi
awk '/^#/ { next }
    FNR == NR { before[$1] = $2; next }
    { change = ($2 / before[$1] - 1) * 100; bad = bad || !($1 in before) || change > 10
      printf "%-8s %8d instructions an event, %+.1f %%%s\n", $1, $2, change, (change > 10 ? ": a regression" : "") }
    END { exit bad }' "$figures" "$work/found" || {
    echo "more than a tenth above $figures: make it cheaper, or say why and run scripts/instructions.sh --write" >&2
    exit 1
}
