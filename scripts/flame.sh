#!/bin/sh
# Draws where the server's processor time goes while events come in: `scripts/flame.sh`, into docs/write-path.svg.
#
# A million events of the benchmark over HTTP, as bench/run.py sends them; stacks are taken 199 times a second and core while they do.
# Needs perf (Debian's linux-perf, installed when run as root) and inferno, which is built into target/tools.
# Exit codes: 0 drawn, 3 could not run.
set -eu
cd "$(dirname -- "$0")/.."
picture=docs/write-path.svg
address=127.0.0.1:${PORT:-7431}

if ! command -v perf >/dev/null; then
    [ "$(id -u)" = 0 ] || { echo 'perf is missing: install linux-perf, or run this as root' >&2; exit 3; }
    apt-get update -qq && apt-get install -y -qq --no-install-recommends linux-perf >/dev/null
fi
tools=$PWD/target/tools
[ -x "$tools/bin/inferno-flamegraph" ] ||
    cargo install --quiet --locked --version '^0.12' --no-default-features --features cli --root "$tools" inferno
# The release build, but with its names.
cargo rustc --quiet --release --locked -p tachograph --bin tachograph -- -C strip=none
program=${CARGO_TARGET_DIR:-$PWD/target}/release/tachograph

work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
rustc --edition 2024 -O bench/gen_events.rs -o "$work/gen_events"
rustc --edition 2024 -O bench/load_http.rs -o "$work/load_http"
"$work/gen_events" --count 1000000 --out "$work/events.ndjson" 2>/dev/null
mkdir "$work/data"
printf '[minimise]\nfile_contents = "keep"\nquery_results = "keep"\n[verify]\nevery_hours = 0\n' >"$work/data/config.toml"
"$program" --data "$work/data" serve --listen "$address" >"$work/server" 2>&1 &
server=$!
until curl -sf "http://$address/ready" >/dev/null; do
    kill -0 "$server" 2>/dev/null || { cat "$work/server" >&2; exit 3; }
done

perf record --quiet --freq 199 --event cpu-clock --call-graph dwarf,8192 --output "$work/stacks" --pid "$server" &
taker=$!
"$work/load_http" --file "$work/events.ndjson" --addr "$address" --pid "$server" >"$work/loaded"
kill -INT "$taker"
wait "$taker" || true
perf script --no-inline --input "$work/stacks" 2>/dev/null | "$tools/bin/inferno-collapse-perf" --all >"$work/folded"
"$tools/bin/inferno-flamegraph" --title 'tachograph: a million events over HTTP' \
    --subtitle 'width is processor time; hover for names' --minwidth 0.2 <"$work/folded" >"$picture"
echo "$picture: $(awk '{ sum += $NF } END { printf "%.1f", sum / 1e9 }' "$work/folded") seconds of processor time"
