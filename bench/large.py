#!/usr/bin/env python3
"""The nine queries over far more events than `scripts/bench.sh` takes.

    bench/large.py TACHOGRAPH --load-http LOAD_HTTP --gen-events GEN_EVENTS --folder DIR [--events 50000000]

Loads thirty days, one file of events after the other, each made while the one before is sent; waits until what the server does by
itself is over; then asks each query ten times over HTTP and prints the first answer's milliseconds and the others' median. Takes 210
bytes of disk an event, and the room of two files (909 bytes an event of a day each). Exit code 1: an answer had the wrong rows.
"""
import argparse
import json
import os
import shutil
import subprocess
import sys
import threading
import time

import queries
from servers import Tachograph, cpu_s, status_mb, tree_bytes

DAYS = 30
DAY_MS = 86_400_000
# The last day's end; any will do, but it must not lie ahead.
END_MS = 1_795_219_200_000
IDLE_S_MAX = 3600


class Days:
    """Makes the events of one day after the other, the next one while this one is used."""

    def __init__(self, o):
        self.o, self.made, self.maker = o, None, None
        self.begin(0)

    def begin(self, day):
        self.maker = threading.Thread(target=self.make, args=(day,))
        self.maker.start()

    def make(self, day):
        name, truth = (os.path.join(self.o.folder, f"{kind}-{day % 2}") for kind in ("events", "truth"))
        line = [self.o.gen_events, "--count", str(self.o.events // DAYS), "--seed", str(1 + day), "--days", "1"]
        line += ["--end-ms", str(END_MS - (DAYS - 1 - day) * DAY_MS), "--out", name, "--truth", truth]
        subprocess.run(line, check=True, stderr=subprocess.DEVNULL)
        with open(truth, encoding="utf-8") as file:
            self.made = name, json.load(file)

    def __iter__(self):
        for day in range(DAYS):
            self.maker.join()
            if self.made is None:
                raise RuntimeError(f"the events of day {day} could not be made")
            made, self.made = self.made, None
            if day + 1 < DAYS:
                self.begin(day + 1)
            yield day, *made


def load(o, server):
    """What the last day holds, with the rows of all days for the query that asks without a time."""
    begun, needles, truth = time.monotonic(), 0, None
    for day, file, truth in Days(o):
        line = [o.load_http, "--file", file, "--addr", server.address, "--path", "/insert/jsonline?_time_field=timestamp"]
        line += ["--pid", str(server.pid), "--batch", "2000", "--conns", "4"]
        got = json.loads(subprocess.run(line, capture_output=True, check=True).stdout)
        needles += truth["needles"]
        took = time.monotonic() - begun
        print(f"day {day + 1} of {DAYS}: {got['events_s']} events/s, {status_mb(server.pid, 'VmRSS'):.0f} MB, {took:.0f} s", flush=True)
    used = cpu_s(server.pid)
    print(f"loaded in {took:.0f} s with {used:.0f} s of CPU, peak {status_mb(server.pid, 'VmHWM'):.0f} MB", flush=True)
    return truth | {"needles": needles}


def wait_until_idle(server):
    """Until the server used next to no CPU for five seconds."""
    begun, used, quiet = time.monotonic(), cpu_s(server.pid), 0
    while quiet < 5 and time.monotonic() - begun < IDLE_S_MAX:
        time.sleep(1)
        now = cpu_s(server.pid)
        quiet = quiet + 1 if now - used < 0.05 else 0
        used = now
    print(f"idle after {time.monotonic() - begun:.0f} s, {status_mb(server.pid, 'VmRSS'):.0f} MB", flush=True)


def main():
    o = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    o.add_argument("tachograph", type=os.path.abspath)
    o.add_argument("--load-http", required=True, type=os.path.abspath)
    o.add_argument("--gen-events", required=True, type=os.path.abspath)
    o.add_argument("--folder", required=True, type=os.path.abspath, help="made anew, and removed at the end")
    o.add_argument("--events", type=int, default=50_000_000)
    o = o.parse_args()
    shutil.rmtree(o.folder, ignore_errors=True)
    os.makedirs(o.folder)
    server, wrong = Tachograph(o.tachograph, o.folder, os.path.join(o.folder, "data")), False
    try:
        server.start()
        truth = load(o, server)
        wait_until_idle(server)
        size = tree_bytes(os.path.join(server.data, "segments"), os.path.join(server.data, "log"))[0]
        print(f"segments and tiles: {size / (o.events // DAYS * DAYS):.0f} bytes an event", flush=True)
        for query, found in queries.measure(queries.Tachograph(server.address), truth).items():
            wrong |= "error" in found or found["right"] is False
            print(queries.line_of(query, found), flush=True)
        print(f"after the queries {status_mb(server.pid, 'VmRSS'):.0f} MB", flush=True)
        server.stop()
        print(f"started again in {server.start():.1f} s", flush=True)
    finally:
        server.stop()
        shutil.rmtree(o.folder)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
