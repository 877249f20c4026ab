#!/bin/sh
# Keeps a data folder as a version wrote it, for the test of upgrades: `scripts/keep-folder.sh TACHOGRAPH NAME`.
#
# Runs the given program, the one of the version that is to be kept, on a new folder: two hundred events in segments, an erased
# user, a rule of its own with an acknowledged alert, a shared search, and a journal that `kill -9` left. Writes
# crates/tachograph/tests/folders/NAME.tar.gz. To be done once for each landed version whose formats or schemas differ.
set -eu
[ $# = 2 ] || { echo 'usage: scripts/keep-folder.sh TACHOGRAPH NAME' >&2; exit 2; }
program=$(realpath "$1") name=$2
cd "$(dirname -- "$0")/.."
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill -9 "$server"; rm -rf "$work"' EXIT
data=$work/data
mkdir -p "$data/rules"
printf 'id: forbidden\ntitle: Forbidden\nseverity: warning\nquery: "agent_audit_log | action = '"'forbidden'"'"\nevery: stream\n' >"$data/rules/own.yaml"

start() {
    : >"$work/said"
    "$program" --data "$data" serve --listen 127.0.0.1:0 >"$work/said" 2>"$work/log" &
    server=$!
    until grep -q 'listens on' "$work/said"; do kill -0 "$server"; done
    address=$(sed -n 's/.*listens on http:..\([0-9.:]*\).*/\1/p' "$work/said")
}
send() { curl -sf --data-binary @- "http://$address/v1/events" >/dev/null; }
# Events $1 to $2, one each second, of five users, seven agents and twenty sessions; each ninth failed.
events() {
    i=$1
    while [ "$i" -lt "$2" ]; do
        status=success
        [ $((i % 9)) != 0 ] || status=failure
        printf '{"id":"kept-%d","timestamp":"2026-11-20T10:%02d:%02dZ","agent":{"id":"kept/a%d","session_id":"s-%d"},"user_id":"u%d@people.example","action":{"type":"tool","name":"Bash","tool":{"name":"Bash","parameters":{"command":"make part%d"}}},"outcome":{"status":"%s"},"performance":{"duration_ms":%d}}\n' \
            "$i" $((i / 60)) $((i % 60)) $((i % 7)) $((i % 20)) $((i % 5)) "$i" $status "$i"
        i=$((i + 1))
    done
}

start
events 0 200 | send
printf '{"id":"kept-forbidden","agent":{"id":"kept/a0"},"action":{"type":"tool","name":"forbidden"}}' | send
# The alert is there a moment after the answer.
until alert=$("$program" --server "$address" alerts list --rule forbidden --json 2>/dev/null | grep -oE '"id": *"[0-9a-f]{32}"' | head -n 1 | cut -d'"' -f4) && [ -n "$alert" ]; do :; done
"$program" --server "$address" alerts acknowledge "$alert" >/dev/null
"$program" --server "$address" subject erase u3@people.example --yes >/dev/null
kill "$server" && wait "$server" || :
start
events 200 230 | send
kill -9 "$server" && { wait "$server" 2>/dev/null || :; }
server=
mkdir -p crates/tachograph/tests/folders
tar -C "$data" --sort=name --owner=0 --group=0 -cf - . | gzip -9n >"crates/tachograph/tests/folders/$name.tar.gz"
ls -l "crates/tachograph/tests/folders/$name.tar.gz"
