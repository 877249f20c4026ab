#!/usr/bin/env python3
"""What a program with counters is run on, so that the compiler knows what is hot: `bench/train.py TACHOGRAPH LOAD_HTTP EVENTS.ndjson TRUTH.json`.

Large and small bodies come in, the rules follow, segments are cut, the nine queries are asked, the folder is verified, and a start reads it
again. `scripts/dist.sh` calls it; the counters are written where LLVM_PROFILE_FILE says when a program ends by itself.
"""
import http.client
import json
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import queries  # noqa: E402
from servers import Tachograph  # noqa: E402

SMALL = 5_000


def load(server, load_http, events, *more):
    line = [load_http, "--file", events, "--addr", server.address, "--path", "/insert/jsonline?_time_field=timestamp",
            "--pid", str(server.pid), *more]
    subprocess.run(line, check=True, stdout=subprocess.DEVNULL)


def single(server, events):
    """Events one by one over one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    with open(events, "rb") as file:
        for line, _ in zip(file, range(500)):
            connection.request("POST", "/v1/events", line, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            answer.read()
            if answer.status not in (200, 202):
                raise RuntimeError(f"an event was answered with {answer.status}")


def ask(server, truth):
    with open(truth, encoding="utf-8") as file:
        found = queries.measure(queries.Tachograph(server.address), json.load(file), runs=5)
    failed = {name: answer["error"] for name, answer in found.items() if "error" in answer}
    if failed:
        raise RuntimeError(f"queries failed: {failed}")


def main():
    program, load_http, events, truth = map(os.path.abspath, sys.argv[1:5])
    temp = tempfile.mkdtemp(prefix="tachograph-train.")
    server = Tachograph(program, temp, os.path.join(temp, "data"))
    try:
        server.start()
        load(server, load_http, events, "--batch", "100", "--conns", "4", "--limit", str(SMALL))
        load(server, load_http, events, "--batch", "2000", "--conns", "4", "--skip", str(SMALL))
        single(server, events)
        ask(server, truth)
        server.stop()
        subprocess.run([program, "--data", server.data, "verify"], check=True, stdout=subprocess.DEVNULL)
        server.start()
        ask(server, truth)
        server.stop()
    finally:
        server.stop()
        shutil.rmtree(temp, ignore_errors=True)


if __name__ == "__main__":
    main()
