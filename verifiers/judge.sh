#!/bin/sh
# Lets every judge look at a log: judge.sh [--expect-refusal] LOG VKEYS PROOFS [OLD_CHECKPOINT]
#
#   LOG             directory with `checkpoint` and `tile/…` (C2SP tlog-tiles; `tile/entries` may be absent)
#   VKEYS           one verifier key a line: Ed25519 first, ML-DSA-44 second
#   PROOFS          directory with `INDEX.entry` (the raw bytes) and `INDEX.tlog-proof`
#   OLD_CHECKPOINT  an earlier checkpoint that LOG must be consistent with
#
# Prints a line for each judge. Exit code 0: all accept (with --expect-refusal: all refuse); 1: not so;
# 2: usage; 3: a judge is missing or broken, which is neither. Run setup.sh first.
set -u

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
cache=${TACHO_CACHE:-$(dirname -- "$here")/.cache}/verifiers
wanted=0
if [ "${1-}" = --expect-refusal ]; then
    wanted=1
    shift
fi
if [ $# -ne 3 ] && [ $# -ne 4 ]; then
    echo 'usage: judge.sh [--expect-refusal] LOG VKEYS PROOFS [OLD_CHECKPOINT]' >&2
    exit 2
fi
for path; do
    [ -e "$path" ] || { echo "judge.sh: no such file: $path" >&2; exit 2; }
done

verdict=0
ask() {
    name=$1
    shift
    said=$("$@" 2>&1)
    code=$?
    case $code in
        0) word='ok     ' ;;
        1) word=REFUSED ;;
        *) word='BROKEN ' verdict=3 ;;
    esac
    printf '%s %-7s %s\n' "$word" "$name" "$(printf '%s' "$said" | head -n 1 | cut -c 1-160)"
    [ "$code" = "$wanted" ] || [ "$verdict" != 0 ] || verdict=1
}

ask go "$cache/judge-go" "$@"
ask rust "$cache/judge-rust" "$@"
ask npm node "$here/npm/judge.mjs" "$@"
ask python "$cache/python/bin/python" -B "$here/python/judge.py" "$@"
ask mldsa "$cache/python/bin/python" -B "$here/mldsa/judge.py" "$@"
exit "$verdict"
