#!/bin/sh
# Lets file-system calls fail, one by one, and has the log judged afterwards: `scripts/faults.sh [short|long] [PROGRAM]`.
#
# For each kind of call and each N the recorder runs with its N-th call failing (`strace --inject`; for short
# writes a preloaded library, scripts/short-write.c), on a new folder and on one that a crash left torn. It then
# runs again without a fault. Judged are: what was acknowledged is there, nothing is there twice, the root is the
# recomputed one, nothing was acknowledged after a failed sync, and a full disk does not stop the process.
# The same is done to `tachograph import` and, in the long form, to `tachograph serve`; `tachograph verify` judges.
#
# short (default): the first calls of each kind and every fifth one after; long: all.
# Exit codes: 0 all good, 1 a finding, 3 could not run. Installs strace when run as root.
set -eu
cd "$(dirname -- "$0")/.."
form=${1:-short} only=${2:-}
case $form in
    short) all=6 stride=5 ;;
    long) all=1000 stride=1 ;;
    *) echo 'usage: scripts/faults.sh [short|long] [new|torn|import|serve]' >&2; exit 2 ;;
esac

if ! command -v strace >/dev/null; then
    [ "$(id -u)" = 0 ] || { echo 'strace is missing: install it, or run this as root' >&2; exit 3; }
    apt-get update -qq && apt-get install -y -qq strace >/dev/null
fi
strace -o /dev/null true 2>/dev/null ||
    { echo 'strace cannot trace here: allow ptrace (in a container, --cap-add=SYS_PTRACE)' >&2; exit 3; }
programs=$(scripts/build.sh)
recorder=$programs/examples/recorder
tachograph=$programs/tachograph

# No fault reaches a disk, so memory will do.
memory=/dev/shm
[ -w "$memory" ] || memory=${TMPDIR:-/tmp}
work=$(mktemp -d -p "$memory")
trap 'rm -rf "$work"' EXIT
# What is tried stays the same while others build.
cp "$recorder" "$work/recorder" && recorder=$work/recorder
cp "$tachograph" "$work/tachograph" && tachograph=$work/tachograph
cc -shared -fPIC -O1 -o "$work/short-write.so" scripts/short-write.c
data=$work/data
events=12
findings=0
talk=:
# A server takes a while: the kinds that differ. Not `write` by strace, which would hit its event loop, too.
served='write-short-ENOSPC|^fsync-EIO|fdatasync-EIO|rename-EIO|pwrite64-ENOSPC'

# name, what is injected (@ is N), and what must never happen: `goes-on` after a failed sync, `stops` on a full
# disk once the log is open.
kinds='
write-ENOSPC        write:error=ENOSPC:when=@                            stops
write-EIO           write:error=EIO:when=@                               stops
write-short         short                                                stops
write-short-ENOSPC  short-full                                           stops
write-ENOSPC-on     write:error=ENOSPC:when=@+                           -
write-cut-EIO       write:error=ENOSPC:when=@,ftruncate:error=EIO:when=1 -
fsync-EIO           fsync:error=EIO:when=@                               goes-on
fsync-EIO-on        fsync:error=EIO:when=@+                              goes-on
fdatasync-EIO       fdatasync:error=EIO:when=@                           goes-on
fdatasync-ENOSPC    fdatasync:error=ENOSPC:when=@                        goes-on
syncfs-EIO          syncfs:error=EIO:when=@                              goes-on
rename-EIO          rename:error=EIO:when=@                              -
rename-ENOSPC       rename:error=ENOSPC:when=@                           stops
openat-EIO          openat:error=EIO:when=@                              -
openat-EMFILE       openat:error=EMFILE:when=@                           -
mkdir-ENOSPC        mkdir:error=ENOSPC:when=@                            -
read-EIO            read:error=EIO:when=@                                -
pread64-EIO         pread64:error=EIO:when=@                             -
pwrite64-ENOSPC     pwrite64:error=ENOSPC:when=@                         -
pwrite64-EIO        pwrite64:error=EIO:when=@                            -
getdents64-EIO      getdents64:error=EIO:when=@                          -
statx-EIO           statx:error=EIO:when=@                               -
lseek-EIO           lseek:error=EIO:when=@                               -
ftruncate-EIO       ftruncate:error=EIO:when=@                           -
unlink-EIO          unlink:error=EIO:when=@                              -
flock-ENOLCK        flock:error=ENOLCK:when=@                            -
'

finding() {
    echo "FINDING: $subject, $kind, call $n: $1" >&2
    findings=$((findings + 1))
}

# Runs a command with the fault of $spec at the N-th call of a thread. Sets $code, and $hit when the fault
# happened. $talk is done while the command runs, $pid.
with_fault() {
    rm -f "$work/hit" "$work/trace"
    : >"$work/first"
    case $spec in
        short*)
            full=
            [ "$spec" = short ] || full=FAULT_FULL=1
            env $full LD_PRELOAD="$work/short-write.so" FAULT_FOLDER="$data" FAULT_AT="$n" FAULT_HIT="$work/hit" \
                "$@" >"$work/first" 2>"$work/first.err" &
            ;;
        *)
            inject= calls=
            for one in $(echo "$spec" | tr , ' ' | sed "s/@/$n/"); do
                inject="$inject -e inject=$one" calls="$calls${calls:+,}${one%%:*}"
            done
            # -D: the child is the command itself, and the signal that ends it reaches it.
            strace -D -f -y -ttt -qq --seccomp-bpf -o "$work/trace" -e trace="$calls" $inject \
                "$@" >"$work/first" 2>"$work/first.err" &
            ;;
    esac
    pid=$! code=0
    $talk
    wait "$pid" || code=$?
    [ ! -e "$work/trace" ] || ! grep -Eq "[ .]${calls%%,*}[( ].*INJECTED" "$work/trace" || : >"$work/hit"
    hit=
    [ ! -e "$work/hit" ] || hit=yes
    [ "$code" -lt 128 ] || finding "it died with code $code: $(head -c 300 "$work/first.err")"
    # The fault may also hit the line that tells of a fault.
    ! grep -q panicked "$work/first.err" || grep -q 'failed printing to std' "$work/first.err" ||
        finding "it panicked: $(head -c 300 "$work/first.err")"
}

# Sets $outcome of a run of the recorder, as the table's legend says.
judge_recorder() {
    if [ "$code" = 0 ]; then outcome=overcome; elif [ -s "$work/first" ]; then outcome=stopped; else outcome=refused; fi
    awk '$1 == "poisoned" { p = 1 } p && $1 == "acked" { bad = 1 } END { exit bad }' "$work/first" ||
        finding 'it acknowledged after it was poisoned'
    if ! "$recorder" "$data" 0 $events >"$work/second" 2>"$work/second.err"; then
        finding "the next start failed: $(head -c 300 "$work/second.err")"
        return
    fi
    lost=$(awk 'FNR == NR { if ($1 == "known") known[$2] = 1; next } $1 == "acked" && !($2 in known) { print $2 }' \
        "$work/second" "$before" "$work/first")
    [ -z "$lost" ] || finding "acknowledged and lost: $lost"
    "$recorder" "$data" check $events 2>"$work/check.err" || finding "$(head -c 300 "$work/check.err")"
}

# Nothing that is acknowledged depends on the catalog, and SQLite judges its syncs by itself; but not those of the
# folder, which names its files: whoever goes on after one that failed must have had a good one later.
judge_catalog() {
    [ -e "$work/trace" ] || return 0
    [ "$outcome" != overcome ] ||
        awk '/fsync\([0-9]*<[^>]*\/data>/ { failed = /INJECTED/ } END { exit failed }' "$work/trace" ||
        finding 'it went on though the folder of the catalog was never synced'
    # It has this file only while it is made.
    [ "$outcome" != overcome ] || ! grep INJECTED "$work/trace" | grep -q 'sync([^>]*catalog.sqlite-journal>' ||
        finding 'it went on with a catalog that could not be synced when it was made'
    ! grep INJECTED "$work/trace" | grep -Eq 'catalog.sqlite|fsync\([0-9]*<[^>]*/data>' || outcome=other
}

judge_import() {
    outcome=refused
    [ "$code" != 0 ] || outcome=overcome
    judge_catalog
    "$tachograph" --data "$data" import "$work/events" >/dev/null 2>"$work/second.err" ||
        finding "the next start failed: $(head -c 300 "$work/second.err")"
    judge_folder
    if [ "$outcome" = overcome ] && ! grep -q "accepted $events," "$work/first"; then
        finding "it ended well without having recorded all: $(cat "$work/first")"
    fi
}

# Every event once, and a good record.
judge_folder() {
    "$tachograph" --data "$data" verify >"$work/check.err" 2>&1 || finding "verify: $(head -c 300 "$work/check.err")"
    "$tachograph" --data "$data" entries 2>/dev/null | grep -o '"id":"00000000-[^"]*"' | sort >"$work/ids" || :
    [ "$(sort -u "$work/ids" | wc -l)" = "${1:-$events}" ] && [ -z "$(uniq -d "$work/ids")" ] ||
        finding "$(wc -l <"$work/ids") entries of ${1:-$events} events"
}

# Sends the events one by one, with a tick of the recorder in between; notes which the server acknowledged.
send_events() {
    : >"$work/answers"
    waits=0
    until grep -q 'listens on' "$work/first"; do
        kill -0 "$pid" 2>/dev/null || return 0
        waits=$((waits + 1))
        [ "$waits" -lt 500 ] || { kill -9 "$pid"; finding 'it neither started nor ended'; return 0; }
        sleep 0.02
    done
    address=$(sed -n 's/.*listens on http:..\([0-9.:]*\).*/\1/p' "$work/first")
    while read -r event; do
        case $event in *-000000000007\"*) sleep 1.2 ;; esac
        for _ in once again; do
            begun=$(date +%s.%N)
            said=$(echo "$event" | curl -s -m 10 -w '%{stderr}%{http_code}' --data-binary @- \
                "http://$address/v1/events" 2>"$work/status") || :
            echo "$(cat "$work/status") $begun $event $said" >>"$work/answers"
            [ "$(cat "$work/status")" != 200 ] || break
        done
    done <"$work/events"
    kill "$pid" 2>/dev/null || :
}

judge_serve() {
    acked=$(grep -c '^200' "$work/answers") || :
    outcome=stopped
    [ -s "$work/answers" ] || outcome=refused
    [ "$(tail -n 1 "$work/answers" | cut -c 1-3)" != 200 ] || outcome=overcome
    # What was asked for after a failed sync must not be acknowledged. It may also fail after the last answer.
    if [ "$never$outcome" = goes-onovercome ]; then
        failed=$(sed -n '/INJECTED/s/^[0-9 ]* \([0-9]*\.[0-9]*\) .*/\1/p' "$work/trace" | head -n 1)
        after=$(awk -v failed="$failed" '$1 == 200 && $2 > failed + 0.05' "$work/answers" | wc -l)
        [ "$after" != 0 ] || outcome=stopped
    fi
    judge_catalog
    cp "$work/answers" "$work/answers.first"
    cp "$work/first.err" "$work/fault.err"
    : >"$work/first"
    "$tachograph" --data "$data" serve --listen 127.0.0.1:0 >"$work/first" 2>"$work/first.err" &
    pid=$! code=0
    send_events
    wait "$pid" || code=$?
    [ "$code" = 0 ] || finding "the next start ended with $code: $(head -c 300 "$work/first.err")"
    [ "$(grep -c '^200' "$work/answers")" = $events ] ||
        finding "the next start did not record all: $(grep -v '^200' "$work/answers" | head -c 300)"
    # What was acknowledged before is there already; what was not may be.
    lost=$(awk 'FNR == NR { if (/"duplicates":1/) known[$3] = 1; next } $1 == 200 && !($3 in known) { print $3 }' \
        "$work/answers" "$work/answers.first")
    [ -z "$lost" ] || finding "acknowledged and lost: $lost"
    judge_folder
    mv "$work/fault.err" "$work/first.err"
}

row() { printf '%-8s %-20s %7s %8s %9s %8s %6s %9s\n' "$@"; }

# Tries every N of every kind that is like $4. $1 prepares $data, $2 runs with a fault, $3 judges.
table() {
    [ "${only:-$subject}" = "$subject" ] || return 0
    echo "$kinds" | grep -E "${4:-.}" >"$work/kinds"
    while read -r kind spec never; do
        n=0 faults=0 refused=0 overcome=0 stopped=0 other=0 found=$findings
        while [ "$n" -lt 1000 ]; do
            [ "$n" -lt "$all" ] && n=$((n + 1)) || n=$((n + stride))
            $1
            $2
            [ -n "$hit" ] || break
            faults=$((faults + 1))
            $3
            eval "$outcome=\$(($outcome + 1))"
            case $never:$outcome in
                goes-on:overcome) finding 'it went on after a failed sync' ;;
                stops:stopped) finding "it did not get over it: $(head -c 300 "$work/first.err")" ;;
            esac
        done
        [ "$faults" = 0 ] || row "$subject" "$kind" "$faults" "$refused" "$overcome" "$stopped" "$other" "$((findings - found))"
    done <"$work/kinds"
}

new_folder() { rm -rf "$data" && before=/dev/null; }
torn_folder() { rm -rf "$data" && cp -r "$work/torn" "$data" && before=$work/torn.acked; }
run_recorder() { with_fault "$recorder" "$data" 0 $events; }
run_serve() { with_fault "$tachograph" --data "$data" serve --listen 127.0.0.1:0; }
run_import() { with_fault "$tachograph" --data "$data" import "$work/events"; }

echo 'refused: it did not start. overcome: the same process recorded all. stopped: it recorded a part and refused the'
echo 'rest. other: the fault hit the catalog, which no acknowledgement depends on.'
row program fault faults refused overcome stopped other findings
"$recorder" "$work/torn" 0 8 JournalWritten 4 >"$work/torn.acked" 2>/dev/null || :
last=$(ls "$work/torn/wal" | tail -n 1)
truncate -s -100 "$work/torn/wal/$last"
subject=new && table new_folder run_recorder judge_recorder
subject=torn && table torn_folder run_recorder judge_recorder

i=0
while [ $i -lt $events ]; do
    i=$((i + 1))
    printf '{"id":"00000000-0000-4000-8000-%012d","agent_id":"eng/a","action_name":"Bash","user_id":"u%d"}\n' \
        $i $((i % 5))
done >"$work/events"
[ "$form" = long ] || all=2 stride=9
subject=import && table new_folder run_import judge_import
[ "$form" = short ] || { subject=serve talk=send_events && table new_folder run_serve judge_serve "$served"; }
[ "$findings" = 0 ] || { echo "$findings findings" >&2; exit 1; }
