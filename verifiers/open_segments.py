#!/usr/bin/env python3
"""Opens segments with tools that know nothing of tachograph: DuckDB and pandas.

    open_segments.py DATA [TACHOGRAPH]

Checks names and types of the columns by docs/formats/segment.md, asks two questions as a person would, of both tools,
and compares the answers with those of the program TACHOGRAPH (`tachograph sql`) when it is given; the segments must then
cover the whole log. Exit code 0: good; 1: a finding; 3: could not run.
"""
import itertools
import json
import os
import re
import subprocess
import sys

DOCS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "docs", "formats", "segment.md")
# Type in segment.md -> in DuckDB, in pandas (with columns of Arrow).
TYPES = {
    "Int64": ("BIGINT", "int64"), "Int32": ("INTEGER", "int32"), "Bool": ("BOOLEAN", "bool"),
    "Text": ("VARCHAR", "string"), "Time": ("TIMESTAMP WITH TIME ZONE", "timestamp[us, tz=UTC]"),
    "Date": ("DATE", "date32[day]"), "Bytes": ("BLOB", "fixed_size_binary"),
}
QUESTIONS = {
    "failures by agent": (
        "SELECT agent_id, count(*) AS n FROM {} WHERE outcome_status = 'failure' GROUP BY 1 ORDER BY n DESC, agent_id",
        lambda f: f[f.outcome_status == "failure"].groupby("agent_id").size(),
    ),
    "tokens and calls by model, on the hour": (
        "SELECT date_trunc('hour', timestamp) AS hour, model, count(*) AS n, sum(tokens_input) AS tokens FROM {} "
        "WHERE model IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2",
        lambda f: f[f.model.notna()].groupby([f.timestamp.dt.floor("h"), "model"]).agg(
            n=("event_id", "size"), tokens=("tokens_input", lambda column: column.sum(min_count=1))),
    ),
}


def documented():
    """Column -> type, from every table of the page that has a type."""
    types = {}
    with open(DOCS, encoding="utf-8") as file:
        for line in file:
            cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
            kind = re.match(r"[A-Z][A-Za-z]+\d*", cells[1]) if len(cells) > 2 else None
            if kind and kind[0] in TYPES:
                types |= dict.fromkeys(re.findall(r"`(\w+)`", cells[0]), kind[0])
            elif "(Text)" in line:  # sections: the columns of `who` stand in one cell, texts have its name
                types |= dict.fromkeys(re.findall(r"`(who_\w+)`", cells[1]) or re.findall(r"`(\w+)`", cells[0]), "Text")
    return types


def plain(value):
    """A cell as all tools give it: times as microseconds, numbers as integers, no value as None."""
    import pandas
    if pandas.isna(value):
        return None
    if hasattr(value, "timestamp"):
        return round(value.timestamp() * 1_000_000)
    return value if isinstance(value, str) else int(value)


def ask_program(program, data, query, columns):
    """Rows of `tachograph sql`, which leaves out what is null; times as the other tools give them."""
    import pandas
    done = subprocess.run([program, "--data", data, "sql", "--format", "ndjson", query], capture_output=True, text=True)
    if done.returncode != 0:
        raise OSError(f"{program} sql: {done.stderr.strip()}")
    rows = [[json.loads(line).get(column) for column in columns] for line in done.stdout.splitlines()]
    return [[plain(pandas.Timestamp(cell) if isinstance(cell, str) and re.match(r"\d{4}-\d\d-\d\dT", cell) else cell)
             for cell in row] for row in rows]


def run(data, program):
    import duckdb
    import pandas
    import pyarrow.parquet
    findings, types = [], documented()
    paths = os.path.join(data, "segments", "*.parquet").replace("'", "''")
    duck = duckdb.connect()
    duck.sql("SET TimeZone = 'UTC'")
    duck.sql(f"CREATE VIEW segments AS SELECT * FROM read_parquet('{paths}')")
    described = {name: kind for name, kind, *_ in duck.sql("DESCRIBE segments").fetchall()}
    frames = [pandas.read_parquet(os.path.join(data, "segments", name), dtype_backend="pyarrow")
              for name in sorted(os.listdir(os.path.join(data, "segments")))]
    frame = pandas.concat(frames, ignore_index=True)
    for name in types.keys() | described.keys() | set(frame.columns):
        kind = types.get(name)
        in_duck, in_pandas = described.get(name), str(frame[name].dtype) if name in frame else None
        want = TYPES.get(kind, (None, None))
        if in_duck != want[0] or not (in_pandas or "").startswith(want[1] or "?"):
            findings.append(f"column {name} is {in_duck} in DuckDB, {in_pandas} in pandas, {kind} on the page")
    # Without Arrow's types, too: a timestamp must know its zone, and the index must be a whole number.
    usual = pandas.read_parquet(os.path.join(data, "segments", sorted(os.listdir(os.path.join(data, "segments")))[0]))
    if str(usual.timestamp.dtype) != "datetime64[us, UTC]" or str(usual["index"].dtype) != "int64":
        findings.append(f"pandas reads timestamp as {usual.timestamp.dtype}, index as {usual['index'].dtype}")
    for name, (query, of_frame) in QUESTIONS.items():
        relation = duck.sql(query.format("segments"))
        in_duck = [[plain(cell) for cell in row] for row in relation.fetchall()]
        answer = of_frame(frame).reset_index()
        in_pandas = [[plain(cell) for cell in row] for row in answer.itertuples(index=False)]
        if sorted(in_duck, key=repr) != sorted(in_pandas, key=repr):
            findings.append(f"{name}: DuckDB and pandas differ")
        if program and (said := ask_program(program, data, query.format("events"), relation.columns)) != in_duck:
            differing = next(pair for pair in itertools.zip_longest(said, in_duck) if pair[0] != pair[1])
            findings.append(f"{name}: tachograph says {differing[0]}, DuckDB says {differing[1]}")
        print(f"{name}: {len(in_duck)} rows, {sum(row[relation.columns.index('n')] for row in in_duck)} events")
    print(f"{len(frame)} rows and {len(described)} columns of {len(frames)} segments")
    return findings


def main(arguments):
    if len(arguments) not in (1, 2):
        print(__doc__, file=sys.stderr)
        return 3
    try:
        findings = run(arguments[0], arguments[1] if len(arguments) == 2 else None)
    except (ImportError, OSError, ValueError) as error:
        print(f"open_segments.py: {error}", file=sys.stderr)
        return 3
    for finding in findings:
        print("FOUND", finding)
    print("good" if not findings else f"{len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
