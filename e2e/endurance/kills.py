#!/usr/bin/env python3
"""Kills a server under load again and again, and judges what is left by nothing but what it answered.

    e2e/endurance/kills.py TACHOGRAPH [--kills 1000] [--seed N] [--folder DIR]

Senders post batches of events with ids of their own and repeat what was not answered. At moments chosen by chance the
server is killed, also while it starts. Judged after every kill: it starts. After every 25th and at the end: each event
that was acknowledged is there, none is there twice, each sender's events stand in the order of sending, the counts add
up, and `tachograph verify` finds nothing, also against the checkpoint that was put aside last; at the end against all of
them. Exit code 1 is a finding.
"""
import argparse
import http.client
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

SENDERS = 3
JUDGE_EVERY = 25
CHECKPOINTS_MAX = 8


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Finding(Exception):
    pass


class Server:
    """One data folder and the process that has it open, if one has."""

    def __init__(self, program, folder):
        self.program, self.data = program, os.path.join(folder, "data")
        self.log = open(os.path.join(folder, "server.log"), "ab")
        self.port = free_port()
        self.process = None
        os.makedirs(self.data)
        with open(os.path.join(self.data, "config.toml"), "w", encoding="utf-8") as file:
            # Small files, so that the kills also meet their writing, joining and releasing.
            file.write("[store]\nsegment_minutes = 0\n[alerts]\nenabled = true\n")

    def start(self):
        self.process = subprocess.Popen(
            [self.program, "--data", self.data, "serve", "--listen", f"127.0.0.1:{self.port}"],
            stdout=self.log, stderr=self.log,
        )

    def ready(self, seconds_max=60):
        end = time.monotonic() + seconds_max
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise Finding(f"the server ended with {self.process.returncode} where it should have started")
            try:
                if self.ask("GET", "/ready")[0] == 200:
                    return
            except OSError:
                pass
            time.sleep(0.01)
        raise Finding(f"the server was not ready after {seconds_max} s")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def ask(self, method, path, body=None, accept="application/json"):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            connection.request(method, path, body, {"Accept": accept})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def sql(self, query):
        status, body = self.ask("POST", "/v1/sql", query, "application/x-ndjson")
        if status != 200:
            raise Finding(f"a query was answered {status}: {body[:300]!r}")
        return [json.loads(line) for line in body.splitlines()]


class Sender(threading.Thread):
    """Sends numbered events; goes on from what was acknowledged."""

    def __init__(self, server, number, seed):
        super().__init__(daemon=True)
        self.server, self.number, self.chance = server, number, random.Random(seed)
        self.acknowledged = 0
        self.go, self.ended = threading.Event(), threading.Event()
        self.idle = threading.Event()
        self.finding = None

    def lines(self, first, count):
        for n in range(first, first + count):
            yield json.dumps({
                "id": f"e-{self.number}-{n}",
                "agent": {"id": f"endurance/{self.number}", "session_id": f"s-{self.number}-{n // 500}"},
                "action": {"type": "tool", "name": "Bash", "tool": {"parameters": {"command": f"echo {n} " + "x" * (n % 700)}}},
                "outcome": {"status": ("success", "failure")[n % 7 == 0]},
                "resources": {"tokens_input": n % 1000, "cost_usd": 0.001},
            })

    def run(self):
        count = 0
        while not self.ended.is_set():
            if not self.go.wait(0.1):
                self.idle.set()
                continue
            self.idle.clear()
            # What was not answered is repeated as it was: an event alone is told with its request, in a list it is not.
            count = count or self.chance.choice([1, 1, 5, 40, 200])
            body = "\n".join(self.lines(self.acknowledged, count))
            try:
                status, answer = self.server.ask("POST", "/v1/events", body)
            except (OSError, http.client.HTTPException):
                time.sleep(0.005)
                continue
            if status == 503:
                continue
            told = json.loads(answer) if status == 200 else {}
            if told.get("accepted", 0) + told.get("duplicates", 0) != count:
                self.finding = f"a batch of {count} was answered {status}: {answer[:300]!r}"
                return
            self.acknowledged, count = self.acknowledged + count, 0


def judge(server, senders, asides):
    """What is on the log is what was acknowledged, once, in order; more only of what was in flight. All of it gives the tree of these
    checkpoints."""
    for sender in senders:
        name, least = f"endurance/{sender.number}", sender.acknowledged
        found = server.sql(
            "SELECT count(*) AS n, count(DISTINCT who_id) AS ids, "
            f"count(*) FILTER (WHERE CAST(split_part(who_id, '-', 3) AS BIGINT) < {least}) AS acknowledged "
            f"FROM events WHERE agent_id = '{name}'"
        )[0]
        if found["n"] != found["ids"]:
            raise Finding(f"{name}: {found['n']} events under {found['ids']} ids: some are there twice")
        if found["acknowledged"] != least:
            raise Finding(f"{name}: {least} events were acknowledged, {found['acknowledged']} of them are there")
        if found["n"] > least + 200:
            raise Finding(f"{name}: {found['n']} events are there, {least} were acknowledged and at most 200 on their way")
        order = server.sql(
            "SELECT count(*) AS n FROM (SELECT CAST(split_part(who_id, '-', 3) AS BIGINT) AS n, lag(CAST(split_part(who_id, '-', 3) "
            f"AS BIGINT)) OVER (ORDER BY index) AS before FROM events WHERE agent_id = '{name}') AS o WHERE n <= before"
        )[0]["n"]
        if order:
            raise Finding(f"{name}: {order} events stand before one that was sent earlier")
    size = server.sql("SELECT count(*) AS n, max(index) + 1 AS size FROM events")[0]
    if size["n"] != size["size"]:
        raise Finding(f"the log has {size['size']} entries and {size['n']} rows")
    end = time.monotonic() + 10
    while (found := server.ask("GET", "/tlog/checkpoint"))[0] != 200:
        # One is signed each second, and no life may have lasted as long.
        if time.monotonic() > end:
            raise Finding(f"there is no checkpoint after 10 s: {found[0]}")
        time.sleep(0.05)
    checkpoint = found[1]
    for path in asides or [None]:
        line = [server.program, "--data", server.data, "verify"] + (["--since", path] if path else [])
        done = subprocess.run(line, capture_output=True, text=True)
        if done.returncode != 0:
            raise Finding(f"{' '.join(line[3:])} ended with {done.returncode}:\n{done.stdout[-1500:]}{done.stderr[-500:]}")
    return size["n"], checkpoint


def main():
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("tachograph")
    words.add_argument("--kills", type=int, default=1000)
    words.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(4), "big"))
    words.add_argument("--folder", help="made anew, and kept; a temporary one otherwise")
    o = words.parse_args()
    folder = o.folder or tempfile.mkdtemp(prefix="endurance-", dir="/var/tmp")
    os.makedirs(folder, exist_ok=True)
    print(f"seed {o.seed}, folder {folder}", flush=True)
    chance = random.Random(o.seed)
    server = Server(os.path.abspath(o.tachograph), folder)
    senders = [Sender(server, n, chance.random()) for n in range(SENDERS)]
    began, asides, longest, early = time.monotonic(), [], 0.0, 0
    try:
        server.start()
        server.ready()
        for sender in senders:
            sender.start()
        for n in range(1, o.kills + 1):
            for sender in senders:
                sender.go.set()
            time.sleep(chance.choice([0.02, 0.1, 0.4, 1.2]) * chance.random())
            server.kill()
            server.start()
            # One in eight dies again before it is up.
            while chance.random() < 0.125:
                time.sleep(0.4 * chance.random())
                server.kill()
                server.start()
                early += 1
            start = time.monotonic()
            server.ready()
            longest = max(longest, time.monotonic() - start)
            broken = next((sender.finding for sender in senders if sender.finding), None)
            if broken:
                raise Finding(broken)
            if n % JUDGE_EVERY == 0 or n == o.kills:
                for sender in senders:
                    sender.go.clear()
                for sender in senders:
                    sender.idle.wait()
                events, checkpoint = judge(server, senders, asides if n == o.kills else asides[-1:])
                if len(asides) == CHECKPOINTS_MAX:
                    # The first and the last ones stay.
                    del asides[1]
                asides.append(os.path.join(folder, f"checkpoint-{n}"))
                with open(asides[-1], "wb") as file:
                    file.write(checkpoint)
                took = time.monotonic() - began
                print(f"{n} kills ({early} more while starting), {events} entries, longest start {longest:.2f} s, {took:.0f} s", flush=True)
    except Finding as finding:
        print(f"after {time.monotonic() - began:.0f} s: {finding}\nThe folder is kept: {folder}", file=sys.stderr)
        if server.process:
            server.process.kill()
        return 1
    for sender in senders:
        sender.ended.set()
    server.kill()
    if not o.folder:
        shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
