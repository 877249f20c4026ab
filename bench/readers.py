#!/usr/bin/env python3
"""Twenty people look while events come in: `bench/readers.py TACHOGRAPH LOAD_HTTP EVENTS.ndjson [--readers 20] [--rate 20000]`.

Loads all but the last of the events into a new folder, then sends the rest at the rate, while each reader asks for one dashboard after
another as its page does: all queries of the dashboard, four at a time, every ten seconds, the readers spread evenly. Told are the times of
queries and whole dashboards, what the events cost meanwhile, and the rate that was reached. `scripts/bench.sh` makes LOAD_HTTP and the
events (`target/bench/`). Only Python's standard library; the readers take their part of the same cores.
"""
import argparse
import concurrent.futures
import datetime
import http.client
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from servers import Tachograph, cpu_s, status_mb  # noqa: E402

FROM = "FROM agent_audit_log WHERE timestamp >= '{d1}'"
# What the pages of the web interface ask, a line for each panel.
DASHBOARDS = {
    "overview": [
        f"SELECT date_bin(INTERVAL '1 hour', timestamp) AS t, count(*), count(*) FILTER (WHERE outcome_status = 'failure') {FROM} GROUP BY 1 ORDER BY 1",
        f"SELECT count(DISTINCT agent_id) {FROM}",
        f"SELECT agent_id, max(timestamp) AS last {FROM} GROUP BY 1 ORDER BY 2 DESC LIMIT 3",
        f"SELECT sum(cost_usd), sum(tokens_input), sum(tokens_output) {FROM}",
    ],
    "agents": [
        f"SELECT agent_id, count(*), avg(CASE WHEN outcome_status = 'success' THEN 1.0 ELSE 0 END), sum(cost_usd) {FROM} GROUP BY 1 ORDER BY 2 DESC LIMIT 100",
        f"SELECT agent_id, date_bin(INTERVAL '1 hour', timestamp) AS t, count(*) {FROM} GROUP BY 1, 2 ORDER BY 1, 2",
    ],
    "security": [
        f"SELECT * {FROM} AND outcome_status = 'failure' ORDER BY timestamp DESC LIMIT 50",
        f"SELECT * {FROM} AND sensitive_data_accessed ORDER BY timestamp DESC LIMIT 50",
        f"SELECT action_name, count(*) {FROM} AND outcome_status = 'failure' GROUP BY 1 ORDER BY 2 DESC LIMIT 20",
    ],
    "costs": [
        "SELECT agent_id, date_trunc('day', timestamp) AS d, sum(cost_usd), sum(tokens_input), sum(tokens_output), count(*) "
        "FROM agent_audit_log WHERE timestamp >= '{d30}' GROUP BY 1, 2 ORDER BY 1, 2",
        f"SELECT model, sum(cost_usd), count(*) {FROM} GROUP BY 1 ORDER BY 2 DESC NULLS LAST",
    ],
    "performance": [
        f"SELECT date_trunc('minute', timestamp) AS m, outcome_status, count(*) {FROM} GROUP BY 1, 2 ORDER BY 1, 2",
        f"SELECT action_name, avg(duration_ms), max(duration_ms) {FROM} GROUP BY 1 ORDER BY 2 DESC NULLS LAST LIMIT 20",
    ],
}
EVERY_S = 10
TOGETHER = 4


def ask(address, sql):
    """Seconds until the whole answer is read."""
    host, port = address.rsplit(":", 1)
    begin = time.perf_counter()
    connection = http.client.HTTPConnection(host, int(port), timeout=60)
    connection.request("POST", "/v1/sql", sql, {"Accept": "application/x-ndjson", "Content-Type": "text/plain"})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    if answer.status != 200:
        raise RuntimeError(f"{answer.status} {body[:300]!r} for {sql}")
    return time.perf_counter() - begin


def reader(number, o, address, values, end, queries, pages, failures):
    names = list(DASHBOARDS)
    due = time.perf_counter() + number * EVERY_S / o.readers
    with concurrent.futures.ThreadPoolExecutor(TOGETHER) as pool:
        turn = number
        while due < end:
            time.sleep(max(0, due - time.perf_counter()))
            begin = time.perf_counter()
            try:
                name = names[turn % len(names)]
                asked = [pool.submit(ask, address, sql.format(**values)) for sql in DASHBOARDS[name]]
                queries.extend(future.result() * 1e3 for future in asked)
                pages.append((time.perf_counter() - begin) * 1e3)
            except (OSError, RuntimeError) as error:
                failures.append(str(error))
            turn += 1
            due = max(due + EVERY_S, time.perf_counter())


def row(name, times):
    times.sort()
    at = lambda share: times[min(len(times) - 1, int(len(times) * share))]
    print(f"| {name} | {len(times)} | {statistics.median(times):.1f} | {at(0.9):.1f} | {at(0.99):.1f} | {times[-1]:.1f} |")


def load(o, address, pid, *more):
    return subprocess.Popen([o.load_http, "--file", o.events, "--addr", address, "--batch", "500", "--conns", "4", "--pid", str(pid), *more],
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def values(events):
    """Moments that the queries name: back from the last event's own time."""
    with open(events, "rb") as file:
        file.seek(max(0, os.path.getsize(events) - 65_536))
        last = file.read().splitlines()[-1].decode()
    end = datetime.datetime.fromisoformat(re.search(r'"timestamp":"([^"]+)"', last)[1].replace("Z", "+00:00"))
    ago = lambda days: (end - datetime.timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    return {"d1": ago(1), "d30": ago(30)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("load_http")
    parser.add_argument("events")
    parser.add_argument("--readers", type=int, default=20)
    parser.add_argument("--rate", type=int, default=20_000)
    parser.add_argument("--seconds", type=int, default=30)
    o = parser.parse_args()
    with open(o.events, "rb") as file:
        count = sum(1 for _ in file)
    later = o.rate * o.seconds
    if later >= count:
        parser.error(f"{o.events} has {count} events; {o.seconds} s at {o.rate} a second need more than {later}")
    temp = tempfile.mkdtemp(prefix="tachograph-readers.")
    server = Tachograph(os.path.abspath(o.program), temp, os.path.join(temp, "data"))
    try:
        server.start()
        if load(o, server.address, server.pid, "--limit", str(count - later)).wait() != 0:
            raise RuntimeError("the load failed")
        cpu, begun = cpu_s(server.pid), time.perf_counter()
        sender = load(o, server.address, server.pid, "--skip", str(count - later), "--rate", str(o.rate))
        queries, pages, failures = [], [], []
        readers = [threading.Thread(target=reader, args=(n, o, server.address, values(o.events), begun + o.seconds, queries, pages, failures))
                   for n in range(o.readers)]
        [thread.start() for thread in readers]
        told, _ = sender.communicate()
        seconds = time.perf_counter() - begun
        [thread.join() for thread in readers]
        if sender.returncode != 0:
            raise RuntimeError(f"the load failed: {told}")
        print(f"{o.readers} readers over {count - later} events while {later} more came in: {later / seconds:.0f} events/s of {o.rate}; "
              f"server {(cpu_s(server.pid) - cpu) / seconds:.2f} cores, {status_mb(server.pid, 'VmHWM'):.0f} MB at most; {len(failures)} failed\n")
        print("| ms | samples | median | p90 | p99 | longest |\n| --- | --- | --- | --- | --- | --- |")
        row("a query", queries)
        row("a dashboard, all its queries", pages)
        print("\n" + told.strip())
        [print(failure, file=sys.stderr) for failure in failures[:5]]
        return 1 if failures else 0
    finally:
        if server.process:
            server.process.kill()
            server.process.wait()
        shutil.rmtree(temp, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
