#!/usr/bin/env python3
"""Hours of load, and whether anything grows that should not.

    e2e/endurance/soak.py TACHOGRAPH --load-http LOAD_HTTP --gen-events GEN_EVENTS --folder DIR
                          [--minutes 120] [--rate 20000] [--day-seconds 150]

Events come at a steady rate. Every `--day-seconds` the server's time of day moves one day ahead (`later.c`, its other
clocks stay), so that personal data expires day by day and a class with its month; the newest events always fill the
last "day". Meanwhile dashboards' queries are asked, files are merged, and retention runs by itself and at every second
new day. Every ten seconds a line goes to `DIR/soak.csv`.

Judged: every batch is acknowledged, every query answers, the count is what was sent, one event of every file sent is
found by its id. And of the last quarter against the second one: memory, descriptors, threads, latency of a batch
and of each query. Exit code 1 is a finding.
"""
import argparse
import csv
import datetime
import http.client
import json
import os
import re
import shutil
import statistics
import struct
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "bench"))
import queries  # noqa: E402
import servers  # noqa: E402

FILE_EVENTS = 1_000_000
BATCH, CONNECTIONS = 500, 4
SAMPLE_S, QUERIES_S = 10, 10
DAY_S = 86_400
FINDINGS_SHOWN = 100
# Asked of a range that always holds as much: so their time must not grow with what was recorded before.
QUERIES = ("Q1", "Q2", "Q4", "Q6", "Q8", "Q9")
# What may be more in the last quarter than in the second, as a factor and in units beside it.
ALLOWED = {"rss_mb": (1.10, 30), "descriptors": (1.10, 16), "threads": (1.10, 4), "batch_p99_ms": (1.50, 10)}
QUERY_ALLOWED = (1.50, 25)
# Personal data is kept for a day; two classes for a day beyond their month.
CONFIG = """
[retention]
every_hours = 1
personal_days = 1
[classes.standard]
retention_days = 1
[classes.high_priority]
retention_days = 1
"""


class Clock:
    """The time of day that the server sees."""

    def __init__(self, folder, day_seconds):
        self.begun, self.day_seconds, self.days = time.monotonic(), day_seconds, 0
        self.path, library = os.path.join(folder, "later"), os.path.join(folder, "later.so")
        with open(self.path, "wb") as file:
            file.write(struct.pack("<q", 0))
        subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", library, os.path.join(HERE, "later.c")], check=True)
        os.environ.update(LATER=self.path, LD_PRELOAD=library)

    def move(self):
        """Whether a new day has begun."""
        days = int((time.monotonic() - self.begun) / self.day_seconds)
        if days == self.days:
            return False
        self.days = days
        with open(self.path, "r+b") as file:
            file.write(struct.pack("<q", days * DAY_S))
        return True

    def now_ms(self):
        return int((time.time() + self.days * DAY_S) * 1000)


class Soak:
    def __init__(self, o):
        self.o, self.findings, self.ended = o, [], threading.Event()
        shutil.rmtree(o.folder, ignore_errors=True)
        os.makedirs(o.folder)
        self.clock = Clock(o.folder, o.day_seconds)
        self.server = servers.Tachograph(o.tachograph, o.folder, os.path.join(o.folder, "data"), CONFIG)
        self.server.start()
        for name in ("LATER", "LD_PRELOAD"):
            del os.environ[name]
        self.pid, self.sent, self.ids = self.server.process.pid, 0, []
        self.truth, self.batches, self.took, self.removed = None, {}, {}, {}
        self.rows = []

    def finding(self, text):
        self.findings.append(text)
        if len(self.findings) <= FINDINGS_SHOWN:
            print(f"finding: {text}", flush=True)

    def run(self):
        threads = [threading.Thread(target=self.guarded, args=(work,)) for work in (self.load, self.ask, self.sample)]
        for thread in threads:
            thread.start()
        end = time.monotonic() + self.o.minutes * 60
        while time.monotonic() < end and not self.ended.wait(0.2):
            if self.clock.move() and self.clock.days % 2 == 0:
                threading.Thread(target=self.guarded, args=(self.expire,), daemon=True).start()
        self.ended.set()
        for thread in threads:
            thread.join()

    def guarded(self, work):
        try:
            work()
        except Exception as error:  # whatever it is, it is a finding, and the others must end
            self.finding(f"{work.__name__}: {error!r}")
            self.ended.set()

    def ask_http(self, method, path, seconds_max=900):
        host, port = self.server.address.rsplit(":", 1)
        connection = http.client.HTTPConnection(host, int(port), timeout=seconds_max)
        try:
            connection.request(method, path)
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != 200:
                raise RuntimeError(f"{method} {path}: {answer.status} {body[:300]!r}")
            return body
        finally:
            connection.close()

    def expire(self):
        begun = time.monotonic()
        try:
            run = json.loads(self.ask_http("POST", "/v1/retention/run"))
        except RuntimeError:
            if self.ended.is_set():  # the server was asked to end, and gave the run up
                return
            raise
        self.removed = {"expired_entries": run["entries"], "expiry_s": round(time.monotonic() - begun, 1)}
        print(f"day {self.clock.days}: {len(run['expired'])} periods expired, {self.removed}", flush=True)

    def generate(self, number):
        name, truth = (os.path.join(self.o.folder, f"{kind}-{number % 2}") for kind in ("events", "truth"))
        subprocess.run(
            [self.o.gen_events, "--count", str(FILE_EVENTS), "--seed", str(1000 + number), "--days", "1",
             "--end-ms", str(self.clock.now_ms()), "--out", name, "--truth", truth],
            check=True, stderr=subprocess.DEVNULL, preexec_fn=lambda: os.nice(10),
        )
        with open(truth, encoding="utf-8") as file:
            return name, json.load(file)

    def load(self):
        """Sends one file while the next is made, until it ends."""
        number, following = 0, self.generate(0)
        while not self.ended.is_set():
            name, truth = following
            made = {}
            maker = threading.Thread(target=lambda: made.update(file=self.generate(number + 1)))
            maker.start()
            sent = subprocess.run(
                [self.o.load_http, "--file", name, "--addr", self.server.address, "--pid", str(self.pid), "--path",
                 "/insert/jsonline?_time_field=timestamp", "--batch", str(BATCH), "--conns", str(CONNECTIONS),
                 "--rate", str(self.o.rate)],
                capture_output=True, text=True, check=False,
            )
            maker.join()
            if sent.returncode != 0:
                raise RuntimeError(f"not every batch was acknowledged: {sent.stderr[-400:]}")
            self.batches = json.loads(sent.stdout)
            self.sent += FILE_EVENTS
            self.ids.append(truth["event_id"])
            self.truth, following, number = truth, made["file"], number + 1

    def ask(self):
        system = queries.Tachograph(self.server.address)
        while not self.ended.wait(QUERIES_S):
            if self.truth is None:
                continue
            values = queries.values_of(self.truth)
            for query in QUERIES:
                begun = time.perf_counter()
                try:
                    rows = system.rows(query, values)
                except RuntimeError as error:  # one that is refused must not hide what comes after
                    self.finding(f"{datetime.datetime.now():%H:%M:%S} {query}: {error}")
                    continue
                self.took[query] = round((time.perf_counter() - begun) * 1e3, 1)
                if query == "Q6" and rows != 1:
                    raise RuntimeError(f"the acknowledged event {values['event_id']} was answered with {rows} rows")

    def sample(self):
        begun, cpu = time.monotonic(), servers.cpu_s(self.pid)
        with open(os.path.join(self.o.folder, "soak.csv"), "w", newline="", encoding="utf-8") as file:
            out = None
            while not self.ended.wait(SAMPLE_S):
                if self.server.process.poll() is not None:
                    raise RuntimeError(f"the server ended with {self.server.process.returncode}")
                metrics = self.ask_http("GET", "/metrics").decode()
                now = servers.cpu_s(self.pid)
                row = {
                    "minute": round((time.monotonic() - begun) / 60, 2),
                    "day": self.clock.days,
                    "rss_mb": round(servers.status_mb(self.pid, "VmRSS")),
                    "peak_mb": round(servers.status_mb(self.pid, "VmHWM")),
                    "descriptors": len(os.listdir(f"/proc/{self.pid}/fd")),
                    "threads": len(os.listdir(f"/proc/{self.pid}/task")),
                    "cores": round((now - cpu) / SAMPLE_S, 2),
                    "entries": metric(metrics, "tachograph_log_entries"),
                    "queries_mb": metric(metrics, "tachograph_query_memory_bytes") >> 20,
                    "store_behind": metric(metrics, 'tachograph_follower_lag_events{follower="store"}'),
                    "rules_behind": metric(metrics, "tachograph_log_entries")
                    - metric(metrics, "tachograph_alert_rules_position"),
                    "segments": metric(metrics, "tachograph_store_segments"),
                    "segments_mb": metric(metrics, "tachograph_store_segment_bytes") >> 20,
                    "merges": metric(metrics, 'tachograph_segment_writes_total{kind="merge"}'),
                    "expired": metric(metrics, "tachograph_expired_entries_total"),
                    "batch_p50_ms": self.batches.get("batch_ms_p50"),
                    "batch_p99_ms": self.batches.get("batch_ms_p99"),
                    "batch_max_ms": self.batches.get("batch_ms_max"),
                    **{f"{query}_ms": self.took.get(query) for query in QUERIES},
                    "load": os.getloadavg()[0],
                }
                cpu = now
                if out is None:
                    out = csv.DictWriter(file, row)
                    out.writeheader()
                out.writerow(row)
                file.flush()
                self.rows.append(row)

    def judge(self):
        """What is there against what was sent, and the last quarter against the second."""
        if self.server.process.poll() is None:
            deadline = time.monotonic() + 120
            system = queries.Tachograph(self.server.address)
            missing = [i for i in self.ids if system.lines(f"SELECT id FROM agent_audit_log WHERE id='{i}'") == []]
            if missing:
                self.finding(f"{len(missing)} of {len(self.ids)} acknowledged events are not there: {missing[:3]}")
            count = 0
            while time.monotonic() < deadline and count != self.sent:
                lines = system.lines("SELECT count(*) AS n FROM agent_audit_log WHERE agent_id LIKE '%/%'")
                count = json.loads(lines[0])["n"]
            if count != self.sent:
                self.finding(f"{self.sent} events were acknowledged and {count} are counted")
        quarter = len(self.rows) // 4
        second, last = self.rows[quarter : 2 * quarter], self.rows[3 * quarter :]
        allowed = ALLOWED | {f"{query}_ms": QUERY_ALLOWED for query in QUERIES}
        for name, (factor, more) in allowed.items():
            before, after = (statistics.median([r[name] for r in part if r[name] is not None] or [0]) for part in (second, last))
            verdict = "" if after <= before * factor + more else "  GROWS"
            print(f"{name:14} second quarter {before:9.1f}   last {after:9.1f}{verdict}")
            if verdict:
                self.finding(f"{name} grows from {before} to {after}")

    def end(self):
        self.server.process.terminate()
        begun = time.monotonic()
        self.server.process.wait(120)
        print(f"{self.sent:,} events, {self.clock.days} days; ended in {time.monotonic() - begun:.1f} s")


def metric(text, name):
    found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.M)
    if found is None:
        raise RuntimeError(f"/metrics has no {name}")
    return int(float(found[1]))


def main():
    o = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    o.add_argument("tachograph", type=os.path.abspath)
    o.add_argument("--load-http", required=True, type=os.path.abspath)
    o.add_argument("--gen-events", required=True, type=os.path.abspath)
    o.add_argument("--folder", required=True, type=os.path.abspath, help="made anew")
    o.add_argument("--minutes", type=float, default=120)
    o.add_argument("--rate", type=int, default=20_000)
    o.add_argument("--day-seconds", type=float, default=150)
    soak = Soak(o.parse_args())
    print(f"begun {datetime.datetime.now():%H:%M}, data in {soak.server.data}", flush=True)
    try:
        soak.run()
        soak.judge()
    finally:
        soak.end()
    sys.exit(1 if soak.findings else 0)


if __name__ == "__main__":
    main()
