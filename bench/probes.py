"""What one sender or one reader feels: a single event's answer, when it can be queried, and the disk's own sync."""

import datetime
import http.client
import json
import os
import time
import uuid


def percentiles(values):
    """Milliseconds at the places people ask for."""
    values = sorted(values)
    at = lambda p: values[min(len(values) - 1, int(len(values) * p))] if values else None
    return {"p50_ms": at(0.5), "p90_ms": at(0.9), "p99_ms": at(0.99), "max_ms": at(1.0), "samples": len(values)}


def fdatasync(folder, seconds, per_second=20, size=4096):
    """Appends so many bytes and syncs them, at a steady rate."""
    path, block, took, start = os.path.join(folder, "fdatasync"), os.urandom(size), [], time.perf_counter()
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for n in range(int(seconds * per_second)):
        time.sleep(max(0.0, start + n / per_second - time.perf_counter()))
        begin = time.perf_counter()
        os.write(file, block)
        os.fdatasync(file)
        took.append((time.perf_counter() - begin) * 1e3)
    os.close(file)
    os.remove(path)
    return percentiles(took)


class Sender:
    """One keep-alive connection that sends one event a request."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def send(self):
        """The event's id; it is acknowledged when this returns."""
        name = str(uuid.uuid4())
        now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds")
        event = {
            "id": name,
            "timestamp": now.replace("+00:00", "Z"),
            "agent": {"id": "ops/probe", "session_id": "6f1f2c1e-5a52-4c39-9d0f-0b6b60f0c111"},
            "action": {"type": "tool", "name": "Bash", "tool": {"parameters": {"command": "git log --oneline -3"}}},
            "outcome": {"status": "success", "result": {"exit_code": 0, "output_preview": "3 commits"}},
            "resources": {"tokens_input": 812, "tokens_output": 64, "duration_ms": 41, "cost_usd": 0.003396},
        }
        body = json.dumps(event, separators=(",", ":"))
        self.connection.request("POST", "/v1/events", body, {"Content-Type": "application/json"})
        answer = self.connection.getresponse()
        found = answer.read()
        if answer.status != 200 or json.loads(found)["accepted"] != 1:
            raise RuntimeError(f"a single event was answered {answer.status} {found[:200]!r}")
        return name

    def is_visible(self, name):
        sql = f"SELECT id FROM agent_audit_log WHERE id='{name}'"
        headers = {"Accept": "application/x-ndjson", "Content-Type": "text/plain"}
        self.connection.request("POST", "/v1/sql", sql, headers)
        answer = self.connection.getresponse()
        return answer.read().count(b"\n") == 1 and answer.status == 200


def single_events(port, seconds, per_second=50):
    """Sends at a steady rate; each is timed from when it was due, so a slow answer is charged for those behind it."""
    sender, took, start = Sender(port), [], time.perf_counter()
    for n in range(int(seconds * per_second)):
        due = start + n / per_second
        time.sleep(max(0.0, due - time.perf_counter()))
        sender.send()
        took.append((time.perf_counter() - due) * 1e3)
    return percentiles(took)


def visibility(port, seconds, per_second=5):
    """From the answer of a single event until a query by its id has answered with the row, polled without a pause."""
    sender, took, at_first, start = Sender(port), [], 0, time.perf_counter()
    for n in range(int(seconds * per_second)):
        time.sleep(max(0.0, start + n / per_second - time.perf_counter()))
        name = sender.send()
        acknowledged, asked = time.perf_counter(), 1
        while not sender.is_visible(name):
            asked += 1
            if time.perf_counter() - acknowledged > 30:
                raise RuntimeError(f"event {name} was acknowledged and could not be queried in 30 s")
        at_first += asked == 1
        took.append((time.perf_counter() - acknowledged) * 1e3)
    return percentiles(took) | {"seen_by_first_query": at_first}
