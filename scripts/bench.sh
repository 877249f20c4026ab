#!/bin/sh
# Measures tachograph beside PostgreSQL and writes the tables of docs/benchmarks.md:
#
#     scripts/bench.sh [--events N] [--rounds N] [--quick]     # 1,000,000 events, 2 rounds; --quick: 200,000
#
# Needs Rust, Python 3.9 and PostgreSQL, which is installed as a Debian package when this runs as root; without it
# tachograph is measured alone. TACHOGRAPH=PATH measures that program instead of building one, TMPDIR says on which disk.
set -eu
cd "$(dirname -- "$0")/.."

command="${TACHOGRAPH:+TACHOGRAPH=PROGRAM }scripts/bench.sh${*:+ $*}"
events=1000000 rounds=2
while [ $# -gt 0 ]; do
    case $1 in
    --quick) events=200000 ;;
    --events) events=$2 && shift ;;
    --rounds) rounds=$2 && shift ;;
    *) echo "unknown argument $1: expected --events N, --rounds N or --quick" >&2 && exit 2 ;;
    esac
    shift
done

[ "$events" -ge 100000 ] || { echo "--events $events is too few to time anything: expected at least 100000" >&2 && exit 2; }

out=target/bench
mkdir -p "$out"
temp=$(mktemp -d "${TMPDIR:-/var/tmp}/tachograph-bench.XXXXXX")
chmod 711 "$temp"
clean() {
    # Only processes that this run started: each has left its id.
    for file in "$temp"/*.pid; do
        [ ! -f "$file" ] || kill -9 "$(cat "$file")" 2>/dev/null || true
    done
    rm -rf "$temp"
}
trap clean EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

built=
if [ -z "${TACHOGRAPH:-}" ]; then
    built=--built
    cargo build --release --locked -p tachograph
    TACHOGRAPH=target/release/tachograph
fi
# A copy: a build beside the run must not change what is measured.
cp "$TACHOGRAPH" "$temp/tachograph"
for driver in gen_events load_http; do
    newer=$(find bench -name '*.rs' -newer "$out/$driver" 2>/dev/null || echo none)
    [ -f "$out/$driver" ] && [ -z "$newer" ] || rustc --edition 2024 -O "bench/$driver.rs" -o "$out/$driver"
done

postgresql() { ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1; }
if [ -z "$(postgresql)" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get install -y --no-install-recommends postgresql-common >&2
    # Only the programs are wanted, not a cluster that runs beside the measurement.
    sed -i 's/^#\?create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf
    apt-get install -y --no-install-recommends postgresql >&2
fi
[ -n "$(postgresql)" ] || echo "PostgreSQL is not installed: tachograph is measured alone" >&2

base=$out/events-$events
if [ ! -f "$out/truth-$events.json" ] || [ ! -f "$base.sql.aa" ] || [ "$out/gen_events" -nt "$out/truth-$events.json" ]; then
    rm -f "$base".* "$out/truth-$events.json"
    "$out/gen_events" --count "$events" --format pgcopy --out "$base.tsv"
    "$out/gen_events" --count "$events" --format pgsql --rows 1000 --out "$base.sql"
    # Two connections: the same number of whole statements each, of 1000 rows and a head line.
    split -l $(((events + 1999) / 2000 * 1001)) "$base.sql" "$base.sql."
    rm "$base.sql"
    "$out/gen_events" --count "$events" --out "$base.ndjson" --truth "$out/truth.tmp"
    mv "$out/truth.tmp" "$out/truth-$events.json"
fi

python3 bench/run.py --program "$temp/tachograph" --load-http "$out/load_http" --postgresql "$(postgresql)" \
    --events-folder "$out" --events "$events" --rounds "$rounds" --temp "$temp" \
    --results "$out/results.json" --page docs/benchmarks.md --command "$command" $built
echo "The numbers are in $out/results.json and docs/benchmarks.md" >&2
