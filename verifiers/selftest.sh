#!/bin/sh
# Judges the judges: a good synthetic log must be accepted by all, and each mutation refused by all that look
# at what was mutated (a judge of one signature line ignores the other by rule). selftest.sh [ENTRIES]
#
# ENTRIES is at least 600 and no multiple of 256, so that there are full and partial tiles to mutate.
# Exit code 0: all as expected; 1: not so.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
root=$(dirname -- "$here")
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
(cd "$root" && cargo run --quiet --locked -p tacho-merkle --example mklog -- "$work/good" "${1:-70000}")
failed=0

# Flips the lowest bit of one byte; a negative offset counts from the end.
flip() {
    size=$(wc -c <"$1")
    at=$2
    [ "$at" -ge 0 ] || at=$((size + at))
    byte=$(od -An -tu1 -j "$at" -N 1 "$1" | tr -d ' ')
    printf "\\$(printf %03o $((byte ^ 1)))" | dd of="$1" bs=1 seek="$at" conv=notrunc 2>/dev/null
}

# expect ok|all|'JUDGES THAT REFUSE' TITLE: judges $work/now and compares who refuses.
expect() {
    said=$("$here/judge.sh" "$work/now/log" "$work/now/vkeys" "$work/now/proofs" "$work/now/old-checkpoint") || true
    refusing=$(printf '%s\n' "$said" | awk '/^REFUSED/ { printf "%s ", $2 } /^BROKEN/ { printf "BROKEN " }')
    case $1 in
        ok) want='' ;;
        all) want='go rust npm python mldsa ' ;;
        *) want="$1 " ;;
    esac
    if [ "$refusing" = "$want" ]; then result='as expected'; else result='NOT AS EXPECTED' failed=1; fi
    printf '\n== %s: %s\n%s\n' "$2" "$result" "$said"
}

# Alters the character of a line that stands so many before its end, keeping it base64.
alter() {
    sed -i "$2{s/A\(.\{$3\}\)\$/B\1/;t
s/.\(.\{$3\}\)\$/A\1/}" "$1"
}

fresh() {
    rm -rf -- "$work/now"
    cp -r -- "$work/good" "$work/now"
}

# One byte of a file of the log, by pattern: the first file that matches.
mutate() {
    fresh
    file=$(cd "$work/now" && find . -type f -path "./$2" | sort | sed -n "${4:-1}p")
    flip "$work/now/$file" "$3"
    expect "$1" "byte $3 of ${file#./} flipped"
}

fresh
expect ok 'good log'
mutate all 'log/tile/0/*' 4000
mutate all 'log/tile/0/*.p/*' 0
mutate all 'log/tile/1/*' 40
mutate all 'log/tile/entries/*' 100
mutate all 'proofs/*.entry' -2
mutate all 'proofs/*.tlog-proof' 60
# Without bundles nothing but the tree itself can tell.
fresh
rm -rf -- "$work/now/log/tile/entries"
expect ok 'good log without entry bundles'
flip "$work/now/log/tile/0/001" 77
expect all 'byte 77 of log/tile/0/001 flipped, no entry bundles'
fresh
alter "$work/now/log/checkpoint" 3 40
expect all 'root in the checkpoint altered'
fresh
sed -i '2s/^/1/' "$work/now/log/checkpoint"
expect all 'size in the checkpoint altered'
fresh
cp -- "$work/now/old-checkpoint" "$work/now/log/checkpoint.old"
mv -- "$work/now/log/checkpoint" "$work/now/old-checkpoint"
mv -- "$work/now/log/checkpoint.old" "$work/now/log/checkpoint"
expect all 'log rolled back to its old checkpoint'
fresh
rm -- "$(find "$work/now/log/tile/0" -type f | sort | sed -n 2p)"
expect all 'a tile missing'
fresh
line=$(grep -n '^— ' "$work/now/log/checkpoint" | sed -n '1s/:.*//p')
alter "$work/now/log/checkpoint" "$line" 8
expect 'go rust npm python' 'ed25519 line damaged'
fresh
alter "$work/now/log/checkpoint" $((line + 1)) 8
expect mldsa 'ml-dsa-44 line damaged'
fresh
sed -i "$((line + 1))d" "$work/now/log/checkpoint"
expect mldsa 'ml-dsa-44 line removed'
exit "$failed"
