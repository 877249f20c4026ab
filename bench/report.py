"""Makes the tables of docs/benchmarks.md from results.json, between two markers.

    python3 bench/report.py target/bench/results.json docs/benchmarks.md
"""

import json
import sys

import queries

BODY_HASH_BYTES = 32
BEGIN, END = "<!-- results -->", "<!-- end of results -->"


def number(value, unit=""):
    """A number as people read it."""
    if value is None:
        return "–"
    if value >= 1000:
        text = f"{value:,.0f}"
    elif value >= 100:
        text = f"{value:.0f}"
    elif value >= 10:
        text = f"{value:.1f}"
    else:
        text = f"{value:.2f}"
    return f"{text} {unit}".strip()


def table(head, rows):
    lines = ["| " + " | ".join(cells) + " |" for cells in [head, ["---"] * len(head), *rows]]
    return "\n".join(lines) + "\n"


class Target:
    """A number to reach: the bar and, beyond it, the stretch."""

    def __init__(self, bar, stretch, unit="", more_is_better=False):
        self.bar, self.stretch, self.unit, self.more = bar, stretch, unit, more_is_better

    def texts(self):
        word = "≥" if self.more else "≤"
        return [f"{word} {limit:,} {self.unit}".strip() for limit in (self.bar, self.stretch)]

    def reached(self, value):
        for limit, word in ((self.stretch, "stretch"), (self.bar, "bar")):
            if value >= limit if self.more else value <= limit:
                return word
        return "**missed**"

    def ratio(self, value, other):
        """How many times better; below 1 is worse."""
        if not other or not value:
            return "–"
        ratio = value / other if self.more else other / value
        return f"{ratio:.2f} ×" if ratio >= 0.1 else f"{ratio:.3f} ×"


def row(what, target, value, other=None):
    return [
        what,
        *target.texts(),
        number(value, target.unit),
        number(other, target.unit),
        target.ratio(value, other),
        target.reached(value),
    ]


HEAD = ["", "bar", "stretch", "tachograph", "PostgreSQL", "times better", "reached"]


def best(loads, key, choose):
    return choose((load[key] for load in loads), default=None)


def main_table(r):
    ingest, single, verify, crash = r["ingest"], r["single"], r["verify"], r["crash"]
    tachograph, insert = ingest["tachograph"], ingest["postgresql_insert"]
    disk = {name: part["bytes_per_event"] for name, part in r["disk"].items()}
    proved = sum(size for name, size in disk.items() if name != "wal")
    # Each row of a segment holds a hash over its sections' commitments, which no compression makes smaller.
    unproved = disk["segments"] - BODY_HASH_BYTES
    beyond = max(0.0, single["loaded"]["p99_ms"] - single["fdatasync"]["p99_ms"])
    idle = tachograph[0]["idle"]["rss_mb"]
    peak = best(tachograph, "server_peak_rss_mb", max)
    postgresql_bytes = r.get("disk_postgresql", {}).get("bytes_per_event")
    start = row(f"start after `kill -9`, {crash['events']:,} events in the journal", Target(5, 1, "s"), crash["start_s"])
    if crash["events"] < 1_000_000:
        start[-1] = "meant for a million"
    return table(HEAD, [
        row("acknowledged events a second, client included", Target(100_000, 150_000, "", True),
            best(tachograph, "events_s", max), best(insert, "events_s", max)),
        row("server CPU for a million events", Target(18, 12, "s"),
            best(tachograph, "server_cpu_s_per_1m", min), best(insert, "server_cpu_s_per_1m", min)),
        row("one event's answer under 10,000 events/s, p99 beyond fdatasync's", Target(15, 5, "ms"), beyond),
        row("from the answer to the row in a query, p99", Target(100, 20, "ms"), single["visible"]["p99_ms"]),
        row("disk for an event, proofs included", Target(210, 185, "B"), proved, postgresql_bytes),
        row("the same without tiles and body hash", Target(145, 130, "B"), unproved, postgresql_bytes),
        row("memory when idle", Target(80, 50, "MB"), idle),
        row("memory under full ingest, peak", Target(600, 300, "MB"), peak),
        row("entries verified a second and core, every section", Target(120_000, 200_000, "", True),
            verify["entries_s_per_core"]),
        start,
    ])


def query_table(r):
    asked, rows = r["queries"], []
    for query, what in queries.WHAT.items():
        target = Target(100, 5 if query in ("Q6", "Q8") else 30, "ms")
        ours, other = asked["tachograph"][query], asked.get("postgresql", {}).get(query, {})
        if "error" in ours:
            rows.append([f"{query} {what}", *target.texts(), f"failed: {ours['error'][:80]}", "", "", "**missed**", ""])
            continue
        cells = row(f"{query} {what}", target, ours["median_ms"], other.get("median_ms"))
        if ours["right"] is False or ours["as_postgresql"] is False:
            cells[-1] = "**wrong rows**"
        rows.append(cells + [str(ours["rows"])])
    return table(HEAD + ["rows"], rows)


def cold_table(r):
    """The queries once more, each of a server started for it with no file in memory, the program's own among them."""
    if "cold" not in r:
        return "The kernel's caches could not be dropped: no cold figures.\n"

    def text(found):
        return "" if found is None else f"failed: {found[:80]}" if isinstance(found, str) else number(found, "ms")

    ours, others = r["cold"]["tachograph"], r["cold"].get("postgresql", {})
    asked = {queries.FIRST: "connects, and reads the program"} | queries.WHAT
    rows = [[f"{query} {what}", text(ours[query]), text(others.get(query))] for query, what in asked.items()]
    return table(["cold: server started anew, no file in memory, `SELECT 1` before each", "tachograph", "PostgreSQL"], rows)


def rounds_table(r):
    names = {
        "tachograph": "tachograph, NDJSON over HTTP, 2000 a batch, 4 connections",
        "postgresql_insert": "PostgreSQL, INSERT of 1000 rows, 2 connections",
        "postgresql_copy": "PostgreSQL, one COPY",
    }
    rows = []
    for name, what in names.items():
        for round_, load in enumerate(r["ingest"][name], 1):
            cells = [what, str(round_), number(load["events_s"]), number(load["server_cpu_s_per_1m"])]
            cells += [number(load.get("batch_ms_p99")), number(load.get("server_peak_rss_mb"))]
            rows.append([*cells, number(load["other_cores"])])
    head = ["", "round", "events/s", "server CPU s a million", "batch p99 ms", "peak MB", "cores used by others"]
    return table(head, rows)


def detail_table(r):
    single, verify, crash, settle, disk = (r[name] for name in ("single", "verify", "crash", "settle", "disk"))
    idle = r["ingest"]["tachograph"][0]["idle"]

    def times(found):
        return f"{found['p50_ms']:.2f} / {found['p99_ms']:.2f} / {found['max_ms']:.2f} ms ({found['samples']})"

    sizes = ", ".join(f"{name} {number(part['bytes_per_event'])}" for name, part in disk.items())
    rows = [
        ["one event, nothing else going on: p50 / p99 / max (samples)", times(single["alone"])],
        ["one event under load: the same", times(single["loaded"])],
        ["append of 4 KB and fdatasync meanwhile: the same", times(single["fdatasync"])],
        ["cores used by others meanwhile", number(single["load"]["other_cores"])],
        ["from the answer to the row: the same", times(single["visible"])],
        ["seen by the first query", f"{single['visible']['seen_by_first_query']} of {single['visible']['samples']}"],
        ["bytes on disk for an event by folder", sizes],
        ["segments", str(settle["segments"])],
        ["memory when idle without the program's own pages", number(idle["anonymous_mb"], "MB")],
        ["memory after the queries", number(r["rss_after_queries_mb"], "MB")],
        ["start with everything in segments", number(settle["start_from_segments_s"], "s")],
        ["journal bytes for an event", number(crash["wal_bytes_per_event"])],
        ["CPU of that start", number(crash["start_cpu_s"], "s")],
        ["memory after it", number(crash["rss_mb"], "MB")],
        ["acknowledged events lost by `kill -9`", str(crash["lost"])],
        ["verify: entries a second by the clock, exit code", f"{number(verify['entries_s'])}, {verify['exit_code']}"],
        ["counts by status are the generator's", "yes" if r["counts_right"] else "**no**"],
    ]
    if "disk_postgresql" in r:
        found = r["disk_postgresql"]
        text = f"heap {number(found['heap'])}, indexes {number(found['indexes'])}"
        rows.append(["PostgreSQL: bytes on disk for an event, its WAL apart", text])
    return table(["also measured", ""], rows)


def about(r):
    a = r["about"]
    lines = [
        f"Measured {a['date']} with `{a['command']}`: {a['events']:,} events of {a['event_bytes']:.1f} bytes as NDJSON, "
        f"{a['rounds']} rounds.",
        f"{a['cpu']}, {a['cores']} cores, {a['memory_gb']} GB, {a['disk']}; load average before the run "
        f"{a['load_average_before']:.1f}.",
        f"{a['tachograph']} ({a['commit']}), {a['rustc'].split(' (')[0]}, "
        f"{a['postgresql'] or 'no PostgreSQL'}.",
    ]
    return "\n".join(lines) + "\n"


def missed(r):
    """What is not reached, as a sentence."""
    rows = main_table(r).splitlines()[2:] + query_table(r).splitlines()[2:]
    names = [line.split("|")[1].strip() for line in rows if "**missed**" in line or "**wrong" in line]
    return "Below the bar in this run: " + ("; ".join(names) if names else "nothing") + ".\n"


def write(results, page):
    asked = f"The nine queries over {results['about']['events']:,} events; the bars are meant for 5,000,000:\n"
    parts = [about(results), main_table(results), asked, query_table(results), missed(results)]
    parts += [cold_table(results), rounds_table(results), detail_table(results)]
    with open(page, encoding="utf-8") as file:
        before, rest = file.read().split(BEGIN)
        after = rest.split(END)[1]
    with open(page, "w", encoding="utf-8") as file:
        file.write(before + BEGIN + "\n\n" + "\n".join(parts) + "\n" + END + after)


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as results_file:
        write(json.load(results_file), sys.argv[2])
