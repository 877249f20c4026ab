#!/bin/sh
# A disk that fills up for real, ten times: a small file system in memory, a filler file, and the real server on it.
# Sends until the server says 507, then: reading goes on, nothing acknowledged is lost, and when the filler is
# deleted the same process records again. Needs the right to mount (root, or user namespaces).
set -eu
cd "$(dirname -- "$0")/.."
if [ "${1:-}" != inside ]; then
    TACHO_PROGRAMS=$(scripts/build.sh)
    export TACHO_PROGRAMS
    if [ "$(id -u)" = 0 ]; then exec unshare --mount "$0" inside; else exec unshare --user --map-root-user --mount "$0" inside; fi
fi

tachograph=$TACHO_PROGRAMS/tachograph
disk=$(mktemp -d)
server=
finish() {
    code=$?
    [ "$code" = 0 ] || tail -n 20 "$disk/log" >&2
    [ -z "$server" ] || { kill -9 "$server" && wait "$server"; } 2>/dev/null || :
    umount "$disk" 2>/dev/null || :
    rmdir "$disk"
}
trap finish EXIT
mount -t tmpfs -o size=64m tmpfs "$disk"
: >"$disk/said"
"$tachograph" --data "$disk/data" serve --listen 127.0.0.1:0 >"$disk/said" 2>"$disk/log" &
server=$!
until grep -q 'listens on' "$disk/said"; do kill -0 "$server"; done
address=$(sed -n 's/.*listens on http:..\([0-9.:]*\).*/\1/p' "$disk/said")

# One request of 200 events, each with its own id and text that does not compress.
body() {
    awk -v from="$1" 'BEGIN { srand(from); for (n = from; n < from + 200; n++) {
        noise = ""; for (i = 0; i < 60; i++) noise = noise sprintf("%08x", int(rand() * 4294967296));
        printf "{\"id\":\"e%d\",\"agent\":{\"id\":\"a\"},\"action\":{\"type\":\"tool\",\"name\":\"Bash\"},\"note\":\"%s\"}\n", n, noise } }'
}
send() { body "$1" | curl -s -o "$disk/answer" -w '%{http_code}' --data-binary @- "http://$address/v1/events"; }
count() { curl -sf -H 'accept: text/csv' "http://$address/v1/sql" --data "SELECT count(*) FROM agent_audit_log WHERE agent_id = 'a'" | tail -1 | tr -d '\r'; }

# Leaves a megabyte and a half.
fill() { dd if=/dev/zero of="$disk/filler" bs=1k count=$(($(df -k --output=avail "$disk" | tail -n 1) - 1500)) status=none; }

acknowledged=0 next=0 round=0
while [ $round -lt 10 ]; do
    round=$((round + 1)) before=$acknowledged
    fill
    while :; do
        code=$(send $next)
        [ "$code" = 200 ] || break
        acknowledged=$((acknowledged + 200)) next=$((next + 200))
        [ $next -lt 200000 ] || { echo 'the disk never filled up' >&2; exit 1; }
    done
    [ "$code" = 507 ] || { echo "round $round: expected 507 on a full disk, got $code: $(cat "$disk/answer")" >&2; exit 1; }
    found=$(count)
    [ "$found" = $acknowledged ] || { echo "round $round: acknowledged $acknowledged, a query on the full disk finds $found" >&2; exit 1; }
    echo "round $round: full after $((acknowledged - before)) more events: 507, and reading goes on"

    rm "$disk/filler"
    code=$(send $next)
    [ "$code" = 200 ] || { echo "round $round: expected 200 once there is space, got $code: $(cat "$disk/answer")" >&2; exit 1; }
    acknowledged=$((acknowledged + 200)) next=$((next + 200))
done
kill -9 "$server" && wait "$server" 2>/dev/null || :
server=
"$tachograph" --data "$disk/data" verify
found=$("$tachograph" --data "$disk/data" sql "SELECT count(*) FROM agent_audit_log WHERE agent_id = 'a'" --format csv | tail -1 | tr -d '\r')
[ "$found" = $acknowledged ] || { echo "acknowledged $acknowledged, after kill -9 there are $found" >&2; exit 1; }
echo "recorded again by the same process when there was space; $found events, nothing lost"
