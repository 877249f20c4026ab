#!/bin/sh
# Cuts the power of a real server at many moments and has what is left judged: `scripts/power-cut.sh [CUTS] [SEED]`.
#
# The server runs under strace while events come in, segments are cut, the journal is released. Its file-system calls
# are then played to a model disk (scripts/power/disk.py) that keeps what was synced and, by chance, some pages and names
# of what was not. For each moment the folder is made as it may be then, a new process opens it, and judged are: every
# acknowledged event is there, none twice, and `tachograph verify` finds nothing.
# Exit codes: 0 all good, 1 a finding, 3 could not run. Installs strace when run as root.
set -eu
cd "$(dirname -- "$0")/.."
if ! command -v strace >/dev/null; then
    [ "$(id -u)" = 0 ] || { echo 'strace is missing: install it, or run this as root' >&2; exit 3; }
    apt-get update -qq && apt-get install -y -qq strace >/dev/null
fi
strace -o /dev/null true 2>/dev/null ||
    { echo 'strace cannot trace here: allow ptrace (in a container, --cap-add=SYS_PTRACE)' >&2; exit 3; }
tachograph=$(scripts/build.sh)/tachograph
memory=/dev/shm
[ -w "$memory" ] || memory=${TMPDIR:-/tmp}
work=$(mktemp -d -p "$memory")
trap 'rm -rf "$work"' EXIT
cp "$tachograph" "$work/tachograph"
python3 scripts/power/cut.py --program "$work/tachograph" --work "$work" --cuts "${1:-25}" --seed "${2:-1}"
