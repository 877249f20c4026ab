#!/bin/sh
# Has a folder of the real binary judged by software that knows only docs/formats, and opened by common tools; then
# changes the folder in many ways, most of them with everything around made to fit, and requires that the software and
# `tachograph verify` say the same. Needs `verifiers/setup.sh` to have run.
set -eu
cd "$(dirname -- "$0")/.."
tachograph=$(scripts/build.sh)/tachograph
python=${TACHO_CACHE:-.cache}/verifiers/python/bin/python
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
data=$work/data
mkdir "$data"
# Every second, and at the end, all that is sealed becomes segments; a server that starts tells the log of them.
printf '[store]\nsegment_minutes = 0\n' >"$data/config.toml"
"$tachograph" --data "$data" import docs/example.ndjson >/dev/null
for _ in 1 2; do
    "$tachograph" --data "$data" demo --events 1 --listen 127.0.0.1:0 >/dev/null
    "$tachograph" --data "$data" import - </dev/null >/dev/null
done
cp -a "$data" "$work/before"
# Somebody is erased: files are written anew, in the encodings of files that stay.
"$tachograph" --data "$data" subject erase user_hana --yes >/dev/null
ls "$data"/segments/*.1.parquet >/dev/null

echo '== segments, rebuilt by the pages in docs/formats'
"$tachograph" --data "$data" keys >"$work/keys"
"$python" -B verifiers/rebuild.py --keys "$work/keys" "$data"
echo '== segments, without the master key'
"$python" -B verifiers/rebuild.py --no-secrets "$data" | tail -n 3
echo '== segments, in DuckDB and pandas'
"$python" -B verifiers/open_segments.py "$data" "$tachograph"

echo '== changed folders, by the pages and by tachograph verify'
"$python" -B verifiers/mutations.py "$work/before" "$tachograph"
