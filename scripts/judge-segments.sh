#!/bin/sh
# Has a folder of the real binary judged by software that knows only docs/formats, and opened by common tools; then
# changes one byte of a text, and one text with everything around it made to fit, and requires both to be found.
# Needs `verifiers/setup.sh` to have run.
set -eu
cd "$(dirname -- "$0")/.."
cargo build --quiet --locked -p tachograph
tachograph=${CARGO_TARGET_DIR:-target}/debug/tachograph
python=${TACHO_CACHE:-.cache}/verifiers/python/bin/python
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
data=$work/data
mkdir "$data"
# Every second, and at the end, all that is sealed becomes segments.
printf '[store]\nsegment_minutes = 0\n' >"$data/config.toml"
"$tachograph" --data "$data" demo --events 1 --listen 127.0.0.1:0 >/dev/null
"$tachograph" --data "$data" import docs/example.ndjson >/dev/null
"$tachograph" --data "$data" import - </dev/null >/dev/null

rebuild() { "$python" -B verifiers/rebuild.py "$@"; }
must_find() {
    code=0
    said=$(rebuild "$work/bad") || code=$?
    printf '%s\n' "$said" | grep FOUND | head -n 3
    [ "$code" = 1 ] || { echo "rebuild.py exited $code, it was to find $1" >&2; exit 1; }
    printf '%s\n' "$said" | grep -q "$2" || { echo "rebuild.py did not say \"$2\"" >&2; exit 1; }
}

echo '== segments, rebuilt by the pages in docs/formats'
rebuild "$data"
echo '== segments, without the master key'
rebuild "$data" none | tail -n 3
echo '== segments, in DuckDB and pandas'
"$python" -B verifiers/open_segments.py "$data" "$tachograph"

echo '== one byte of a text changed'
cp -r "$data" "$work/bad"
"$python" -B - "$work/bad" <<'END'
import glob, sys
from pyarrow import parquet
path = max(glob.glob(sys.argv[1] + "/segments/*-standard.parquet"))
group = parquet.ParquetFile(path).metadata.row_group(0)
text = next(group.column(i) for i in range(group.num_columns) if group.column(i).path_in_schema == "input")
with open(path, "r+b") as file:
    file.seek(text.data_page_offset + text.total_compressed_size // 2)
    byte = file.read(1)[0]
    file.seek(-1, 1)
    file.write(bytes([byte ^ 1]))
END
must_find 'one changed byte' 'segments/.*is not the file that the catalog lists'

echo '== one text changed, the file and the catalog made to fit'
rm -rf "$work/bad"
cp -r "$data" "$work/bad"
"$python" -B - "$work/bad" <<'END'
import glob, hashlib, os, sqlite3, struct, sys
import pyarrow
from pyarrow import parquet
path = max(glob.glob(sys.argv[1] + "/segments/*-standard.parquet"))
table = parquet.read_table(path, partitioning=None)
texts = table.column("input").to_pylist()
row = next(i for i, text in enumerate(texts) if text)
texts[row] = texts[row].replace(texts[row][-3], "~")
at = table.schema.get_field_index("input")
parquet.write_table(table.set_column(at, table.schema.field(at), pyarrow.array(texts, pyarrow.string())), path)
file, name = open(path, "rb").read(), os.path.basename(path)
digest = hashlib.sha256(file).digest()
database = sqlite3.connect(sys.argv[1] + "/catalog.sqlite")
kind, *numbers = database.execute(
    'SELECT class, "first", "last", "rows", time_min, time_max FROM segments WHERE name = ?', [name]).fetchone()
text = lambda value: struct.pack(">Q", len(value)) + value.encode()
packed = struct.pack(">4Q2q", *numbers[:3], len(file), *numbers[3:])
checksum = hashlib.sha256(b"tacho/catalog/segment/v1\0" + text(name) + text(kind) + packed + digest).digest()
database.execute("UPDATE segments SET bytes = ?, digest = ?, checksum = ? WHERE name = ?", [len(file), digest, checksum, name])
database.commit()
END
must_find 'a changed text' 'TAMPERED'
code=0
"$tachograph" --data "$work/bad" verify | grep TAMPERED || code=$?
[ "$code" = 0 ] || { echo 'tachograph verify was to find it, too' >&2; exit 1; }
