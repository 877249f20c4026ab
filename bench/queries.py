"""The nine queries of an auditor's day, asked of either system and checked against the generator's answers.

    python3 bench/queries.py tachograph 127.0.0.1:7420 target/bench/truth-1000000.json
    python3 bench/queries.py postgresql 127.0.0.1:55432 target/bench/truth-1000000.json

Both get the same SQL text, but for Q7: PostgreSQL has LIKE, tachograph its search. Both are asked over loopback by
this one thread, and each answer is read whole.
"""

import datetime
import http.client
import json
import socket
import statistics
import struct
import sys
import time
import urllib.parse

WHAT = {
    "Q1": "one agent, last hour, newest 100",
    "Q2": "failures in 24 hours, newest 100",
    "Q3": "cost, tokens, count by agent and day, 30 days",
    "Q4": "sensitive accesses in 7 days, newest 100",
    "Q5": "success rate by agent and action, 30 days",
    "Q6": "one event by id",
    "Q7": "a rare phrase in commands and outputs",
    "Q8": "one session by time",
    "Q9": "counts by minute and status, 24 hours",
}
# Asked of a cold server before each of them.
FIRST = "SELECT 1"
FROM = "FROM agent_audit_log WHERE"
NEWEST = "ORDER BY timestamp DESC LIMIT 100"
SQL = {
    "Q1": f"SELECT * {FROM} agent_id='{{agent}}' AND timestamp >= '{{h1}}' AND timestamp < '{{end}}' {NEWEST}",
    "Q2": f"SELECT * {FROM} outcome_status='failure' AND timestamp >= '{{d1}}' AND timestamp < '{{end}}' {NEWEST}",
    "Q3": "SELECT agent_id, date_trunc('day', timestamp) AS d, sum(cost_usd), sum(tokens_input), sum(tokens_output), "
    f"count(*) {FROM} timestamp >= '{{d30}}' AND timestamp < '{{end}}' GROUP BY 1,2 ORDER BY 1,2",
    "Q4": f"SELECT * {FROM} sensitive_data_accessed AND timestamp >= '{{d7}}' AND timestamp < '{{end}}' {NEWEST}",
    "Q5": "SELECT agent_id, action_name, count(*) n, avg(CASE WHEN outcome_status='success' THEN 1.0 ELSE 0 END) r "
    f"{FROM} timestamp >= '{{d30}}' AND timestamp < '{{end}}' GROUP BY 1,2 HAVING count(*) > 10 ORDER BY r, 1, 2",
    "Q6": f"SELECT * {FROM} id='{{event_id}}'",
    "Q7": f"SELECT * {FROM} outcome_result::text LIKE '%{{phrase}}%' OR action_details::text LIKE '%{{phrase}}%'",
    "Q8": f"SELECT * {FROM} session_id='{{session_id}}' ORDER BY timestamp",
    "Q9": f"SELECT date_trunc('minute', timestamp) AS m, outcome_status, count(*) {FROM} timestamp >= '{{d1}}' "
    "AND timestamp < '{end}' GROUP BY 1,2 ORDER BY 1,2",
}


class Tachograph:
    """Asks over HTTP; a row is a line of the NDJSON answer."""

    def __init__(self, address):
        host, port = address.rsplit(":", 1)
        self.connection = http.client.HTTPConnection(host, int(port), timeout=120)

    def lines(self, sql):
        return self._ask("POST", "/v1/sql", sql).splitlines()

    def rows(self, query, values):
        if query == "Q7":
            phrase = urllib.parse.quote(f'"{values["phrase"]}"', safe="")
            return self._ask("GET", f"/v1/search?q={phrase}&limit=1000", None).count(b"\n")
        return self._ask("POST", "/v1/sql", SQL[query].format(**values)).count(b"\n")

    def _ask(self, method, path, body):
        headers = {"Accept": "application/x-ndjson", "Content-Type": "text/plain"}
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        found = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{answer.status} {found[:300]!r}")
        return found


class PostgreSQL:
    """Asks with the wire protocol's simple query, as user postgres with trust; a row is a DataRow message."""

    def __init__(self, address, database="postgres"):
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), timeout=120)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        words = b"user\0postgres\0database\0" + database.encode() + b"\0\0"
        self.socket.sendall(struct.pack("!ii", len(words) + 8, 196608) + words)
        self.buffer = b""
        self._answer()

    def rows(self, query, values):
        return len(self.lines(SQL[query].format(**values)))

    def lines(self, sql):
        """The rows, each as a DataRow's bytes: see `fields`."""
        text = sql.encode() + b"\0"
        self.socket.sendall(b"Q" + struct.pack("!i", len(text) + 4) + text)
        return self._answer()

    def _answer(self):
        rows, buffer, at = [], self.buffer, 0
        while True:
            while len(buffer) - at < 5 or len(buffer) - at < 1 + (size := struct.unpack_from("!i", buffer, at + 1)[0]):
                more = self.socket.recv(1 << 18)
                if not more:
                    raise RuntimeError("PostgreSQL closed the connection")
                buffer, at = buffer[at:] + more, 0
            kind, body = buffer[at : at + 1], buffer[at + 5 : at + 1 + size]
            at += 1 + size
            if kind == b"D":
                rows.append(body)
            elif kind == b"E":
                raise RuntimeError(body.replace(b"\0", b" ").decode(errors="replace"))
            elif kind == b"Z":
                self.buffer = buffer[at:]
                return rows


def fields(row):
    """The texts of a DataRow."""
    found, at = [], 2
    for _ in range(struct.unpack_from("!h", row)[0]):
        size = struct.unpack_from("!i", row, at)[0]
        found.append(None if size < 0 else row[at + 4 : at + 4 + size].decode())
        at += 4 + max(size, 0)
    return found


def values_of(truth):
    """What is filled into the queries."""
    end = datetime.datetime.fromtimestamp(truth["end_ms"] / 1000, datetime.timezone.utc)
    moments = {"end": {}, "h1": {"hours": 1}, "d1": {"days": 1}, "d7": {"days": 7}, "d30": {"days": 30}}
    values = {
        name: (end - datetime.timedelta(**ago)).strftime("%Y-%m-%dT%H:%M:%S.000Z") for name, ago in moments.items()
    }
    return values | {name: truth[name] for name in ("agent", "event_id", "session_id", "phrase")}


def expected_rows(truth):
    """Rows that an answer must have, where the generator knows."""
    rows = {"Q6": 1, "Q7": truth["needles"]}
    rows |= {q: min(100, truth[f"{q.lower()}_total"]) for q in ("Q1", "Q2", "Q4")}
    if truth["session_left"] == 0:
        rows["Q8"] = truth["session_events"]
    return rows


def measure(system, truth, runs=9, seconds_max=40.0):
    """Each query once cold, then warm runs: milliseconds, rows, and whether the number of rows is right."""
    values, expected, results = values_of(truth), expected_rows(truth), {}
    for query in SQL:
        times, rows = [], 0
        try:
            while len(times) <= runs and (len(times) < 4 or sum(times) < seconds_max * 1e3):
                start = time.perf_counter()
                rows = system.rows(query, values)
                times.append((time.perf_counter() - start) * 1e3)
        except Exception as error:  # one query that fails must not hide the others
            results[query] = {"error": str(error)[:300]}
            continue
        warm = times[1:]
        results[query] = {
            "first_ms": times[0],
            "median_ms": statistics.median(warm),
            "min_ms": min(warm),
            "max_ms": max(warm),
            "runs": len(warm),
            "rows": rows,
            "right": rows == expected[query] if query in expected else None,
        }
    return results


def measure_cold(fresh, connect, truth):
    """Each query once, asked of the server that `fresh` gives for it: milliseconds. Before it a query of no data, whose median stands
    under `FIRST`: it connects, and has the program itself read from the disk."""
    values, results, firsts = values_of(truth), {}, []
    for query in SQL:
        address, start = fresh(), time.perf_counter()
        try:
            system = connect(address)
            system.lines(FIRST)
            firsts.append((time.perf_counter() - start) * 1e3)
            start = time.perf_counter()
            system.rows(query, values)
            results[query] = (time.perf_counter() - start) * 1e3
        except Exception as error:  # as above
            results[query] = str(error)[:300]
    results[FIRST] = statistics.median(firsts) if firsts else "no server answered"
    return results


def line_of(query, found):
    """A line about what was measured of a query."""
    if "error" in found:
        return f"{query} failed: {found['error']}"
    wrong = "  WRONG NUMBER OF ROWS" if found["right"] is False else ""
    times = f"{found['first_ms']:9.2f} {found['median_ms']:9.2f} {found['min_ms']:9.2f} {found['max_ms']:9.2f}"
    return f"{query} first, median, min, max ms: {times}  rows {found['rows']}{wrong}"


def main():
    name, address, truth = sys.argv[1:4]
    system = {"tachograph": Tachograph, "postgresql": PostgreSQL}[name](address)
    with open(truth, encoding="utf-8") as file:
        results = measure(system, json.load(file))
    for query, found in results.items():
        print(line_of(query, found), flush=True)


if __name__ == "__main__":
    main()
