#!/bin/sh
# Kills the recorder after each step of the write path, lets it recover and finish, and has every third-party
# judge look at the log: the good one must be accepted, a copy with one changed byte must be refused.
# Needs `verifiers/setup.sh` to have run.
set -eu
cd "$(dirname -- "$0")/.."
recorder=$(scripts/build.sh)/examples/recorder
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

from=0
for step in JournalWritten JournalSynced Sequenced TilesWritten CheckpointSynced CheckpointPublished; do
    to=$((from + 100))
    # Dies by SIGKILL after the 50th time of the step; the next run sends everything again.
    code=0
    "$recorder" "$work/data" "$from" "$to" "$step" 50 >/dev/null 2>&1 || code=$?
    [ "$code" = 137 ] || { echo "the recorder was to die by SIGKILL at $step, it exited $code" >&2; exit 1; }
    "$recorder" "$work/data" "$from" "$to" >/dev/null
    [ "$step" != TilesWritten ] || cp "$work/data/log/checkpoint" "$work/old-checkpoint"
    from=$to
done
"$recorder" "$work/data" publish "$work"

echo '== a log that was killed after every step'
verifiers/judge.sh "$work/data/log" "$work/vkeys" "$work/proofs" "$work/old-checkpoint"

echo '== the same with one byte of a tile changed'
cp -r "$work/data/log" "$work/bad"
printf '\377' | dd of="$work/bad/tile/0/000" bs=1 seek=100 conv=notrunc status=none
verifiers/judge.sh --expect-refusal "$work/bad" "$work/vkeys" "$work/proofs" "$work/old-checkpoint"
