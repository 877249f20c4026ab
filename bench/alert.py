#!/usr/bin/env python3
"""From an event to its web hook, under load: `bench/alert.py TACHOGRAPH LOAD_HTTP EVENTS.ndjson [--rules 500] [--rate 10000]`.

Starts a server whose rules are those that are built in and so many more (a threshold by agent each, evaluated with each event that
passes), sends it events at the rate, and beside them single events that a rule raises an alert of, each of another
agent. Timed is from before the event is sent until its alert's POST has arrived at a web hook on this machine. `scripts/bench.sh --quick` makes
LOAD_HTTP and the events (`target/bench/`). Only Python's standard library.

Beside it: the same single events looked for by asking every 100 ms in SQL, which is what people do who have no alerting.
"""
import argparse
import http.client
import http.server
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from servers import Tachograph, cpu_s, free_port, status_mb  # noqa: E402

arrived = {}


class Hook(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        now = time.perf_counter()
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        for alert in body["alerts"]:
            arrived.setdefault(alert["labels"].get("agent_id"), now)
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def rules(count):
    """Thresholds that the load's events add up for and do not reach, and the one that fires."""
    yield "id: marked\ntitle: Marked\nseverity: critical\nquery: agent_audit_log | action = 'marked'\nevery: stream\nwindow: 5m\n"
    tools = ["Bash", "Read", "Edit", "Write", "Grep", "Glob", "WebFetch", "Task"]
    for n in range(count):
        where = f"action = '{tools[n % len(tools)]}' and outcome_status = 'failure'" if n % 2 else f"duration_ms > {60_000 + n}"
        yield (f"id: threshold_{n}\ntitle: Threshold {n}\nseverity: info\nevery: stream\nwindow: 5m\n"
               f"query: agent_audit_log | {where} | count() by agent_id | count > {1_000_000 + n}\n")


def event(agent):
    return json.dumps({"agent": {"id": agent}, "action": {"type": "tool", "name": "marked"}, "outcome": {"status": "success"}})


def ask(address, samples, every):
    """The same without alerting: a query every so often until it shows the event."""
    connection = http.client.HTTPConnection(address)
    times = []
    for n in range(samples):
        begin = time.perf_counter()
        connection.request("POST", "/v1/events", event(f"asked-{n}"))
        connection.getresponse().read()
        while True:
            connection.request("POST", "/v1/sql", f"SELECT count(*) AS n FROM agent_audit_log WHERE agent_id = 'asked-{n}'",
                               {"accept": "application/x-ndjson", "content-type": "text/plain"})
            if b'"n":1' in connection.getresponse().read().replace(b" ", b""):
                break
            time.sleep(every)
        times.append((time.perf_counter() - begin) * 1000)
    return times


def row(name, times):
    times.sort()
    at = lambda share: times[min(len(times) - 1, int(len(times) * share))]
    print(f"| {name} | {len(times)} | {statistics.median(times):.1f} | {at(0.99):.1f} | {times[-1]:.1f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("load_http")
    parser.add_argument("events")
    parser.add_argument("--rules", type=int, default=500)
    parser.add_argument("--rate", type=int, default=10_000)
    parser.add_argument("--samples", type=int, default=500)
    o = parser.parse_args()
    temp = tempfile.mkdtemp(prefix="tachograph-alert.")
    hook = http.server.ThreadingHTTPServer(("127.0.0.1", free_port()), Hook)
    threading.Thread(target=hook.serve_forever, daemon=True).start()
    data = os.path.join(temp, "data")
    os.makedirs(os.path.join(data, "rules"))
    with open(os.path.join(data, "rules", "bench.yaml"), "w", encoding="utf-8") as file:
        file.write("---\n".join(rules(o.rules)))
    with open(os.path.join(data, "routing.yaml"), "w", encoding="utf-8") as file:
        file.write("route: {receiver: rest, routes: [{matchers: ['alertname=\"marked\"'], receiver: hook, group_by: ['...'], group_wait: 0s}]}\n"
                   f"receivers:\n  - name: rest\n  - name: oncall\n  - name: hook\n    webhook_configs: [{{url: 'http://127.0.0.1:{hook.server_port}/'}}]\n")
    server = Tachograph(os.path.abspath(o.program), temp, data, '[alerts]\nallow_private = ["127.0.0.1"]\n')
    load = None
    try:
        server.start()
        pid = server.process.pid
        load = subprocess.Popen([o.load_http, "--file", o.events, "--addr", server.address, "--batch", "100", "--conns", "4",
                                 "--pid", str(pid), "--rate", str(o.rate)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(3)
        connection = http.client.HTTPConnection(server.address)
        sent, cpu, begun = {}, cpu_s(pid), time.perf_counter()
        for n in range(o.samples):
            due = begun + n / 20
            time.sleep(max(0, due - time.perf_counter()))
            agent = f"marked-{n}"
            sent[agent] = time.perf_counter()
            connection.request("POST", "/v1/events", event(agent))
            connection.getresponse().read()
        seconds = time.perf_counter() - begun
        cpu = (cpu_s(pid) - cpu) / seconds
        end = time.perf_counter() + 30
        while len([agent for agent in sent if agent in arrived]) < len(sent) and time.perf_counter() < end:
            time.sleep(0.05)
        if load.poll() is not None:
            print("the load ended before the measurement: give more events", file=sys.stderr)
        missing = [agent for agent in sent if agent not in arrived]
        print(f"{o.rules} rules beside the built-in ones, {o.rate} events/s; server {cpu:.2f} cores, {status_mb(pid, 'VmHWM'):.0f} MB at most; "
              f"{len(missing)} of {len(sent)} alerts did not arrive\n")
        print("| | samples | median ms | p99 ms | longest ms |\n| --- | --- | --- | --- | --- |")
        row("event to web hook", [(arrived[agent] - at) * 1000 for agent, at in sent.items() if agent in arrived])
        row("asking in SQL every 100 ms", ask(server.address, min(o.samples, 100), 0.1))
        return 1 if missing else 0
    finally:
        if load:
            load.kill()
        server.process.kill()
        server.process.wait()
        shutil.rmtree(temp, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
