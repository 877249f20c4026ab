"""Cuts the power of a recorder at many moments, and has judged what it finds afterwards. See scripts/power-cut.sh."""

import argparse
import json
import os
import random
import re
import shutil
import subprocess
import sys
import time
import urllib.request

import disk
import trace

CONFIG = "[store]\nmemory_mb = 1\nsegment_minutes = 0\n[seal]\nmilliseconds = 50\n[verify]\nevery_hours = 0\n"
ANSWER = re.compile(rb'"accepted":(\d+)')


def event(number):
    text = random.Random(number).randbytes(150).hex()
    return {
        "id": f"e{number}",
        "agent": {"id": f"agent-{number % 7}", "session_id": f"s{number % 31}"},
        "action": {"type": "tool", "name": "Bash", "parameters": {"command": text}},
        "user_id": f"user-{number % 11}",
    }


def post(address, events):
    body = "\n".join(map(json.dumps, events)).encode()
    with urllib.request.urlopen(f"http://{address}/v1/events", body, timeout=120) as answer:
        return json.load(answer)


def record(options):
    """Runs the server under strace while events come in. Returns the ids in the order in which they were sent."""
    data, log = os.path.join(options.work, "data"), os.path.join(options.work, "trace")
    # Outside the folder, which the server makes itself: the model starts from nothing.
    config = os.path.join(options.work, "config.toml")
    with open(config, "w", encoding="utf-8") as file:
        file.write(CONFIG)
    os.mkdir(data)
    server = subprocess.Popen(
        ["strace", "-f", "-xx", "-s", "8000000", "-o", log, "-e", f"trace={trace.CALLS}", options.program,
         "serve", "--data", data, "--config", config, "--listen", "127.0.0.1:0"],
        stdout=subprocess.PIPE, text=True,
    )
    first = server.stdout.readline()
    address = re.search(r"http://([0-9.:]+)", first)
    if not address:
        raise RuntimeError(f"the server said {first!r} and not where it listens")
    sent = 0
    for round_number in range(options.rounds):
        for size in (1, 40, 3):
            answer = post(address[1], [event(number) for number in range(sent, sent + size)])
            if answer["accepted"] != size:
                raise RuntimeError(f"{answer['accepted']} of {size} events were accepted: {answer}")
            sent += size
        # Segments are cut once a second: some seconds must pass while events come in.
        time.sleep(options.seconds / options.rounds)
    subprocess.run(["pkill", "-INT", "-P", str(server.pid)], check=True)
    if server.wait(120) != 0:
        raise RuntimeError(f"the server ended with {server.returncode}")
    return data, log, sent


def run(options, *arguments):
    done = subprocess.run([options.program, *arguments], capture_output=True, text=True, timeout=300)
    return done.returncode, done.stdout + done.stderr


def judge(options, data, acknowledged):
    """Starts on what is left: nothing acknowledged may be missing, nothing doubled, and the log must verify."""
    one = os.path.join(options.work, "one.ndjson")
    with open(one, "w", encoding="utf-8") as file:
        file.write(json.dumps(event(10**9)) + "\n")
    code, said = run(options, "import", "--data", data, one)
    if code != 0:
        return f"recovery ended with {code}: {said.strip()}"
    code, said = run(options, "verify", "--data", data)
    if code != 0:
        return f"verify ended with {code}: {said.strip()}"
    code, said = run(options, "sql", "--data", data, "--format", "csv", "SELECT who_id FROM events WHERE who_id IS NOT NULL")
    if code != 0:
        return f"sql ended with {code}: {said.strip()}"
    found = said.split()[1:]
    missing = {f"e{number}" for number in range(acknowledged)} - set(found)
    if missing:
        return f"{len(missing)} of {acknowledged} acknowledged events are missing, {min(missing)} for one"
    if len(set(found)) != len(found):
        return f"{len(found)} events have {len(set(found))} ids: some are there twice"
    return None


def moments(calls, chance, count):
    """Lines of the trace where the power is cut: some after syncs, renames and answers, others anywhere."""
    edges = [call.ended for call in calls if call.name in ("fsync", "fdatasync", "syncfs", "rename", "unlink", "ftruncate")]
    ends = [call.ended for call in calls]
    chosen = chance.sample(edges, min(count // 2, len(edges)))
    return sorted(set(chosen) | set(chance.sample(ends, min(count - len(chosen), len(ends)))))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--cuts", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    data, log, sent = record(options)
    calls = list(trace.calls(log))
    chance = random.Random(options.seed)
    cuts = moments(calls, chance, options.cuts)
    model, acknowledged, at, findings = disk.Disk(data), 0, 0, 0
    for number, line in enumerate(cuts):
        while at < len(calls) and calls[at].ended <= line:
            call = calls[at]
            model.take(call)
            if call.name in ("write", "writev", "sendto") and call.fd() not in model.open:
                for answer in ANSWER.finditer(call.data()):
                    acknowledged += int(answer[1])
            at += 1
        left = os.path.join(options.work, "left")
        shutil.rmtree(left, ignore_errors=True)
        model.root.write_to(left, chance)
        fault = judge(options, left, acknowledged)
        if fault:
            findings += 1
            kept = os.path.join(options.work, f"finding-{number}")
            shutil.copytree(left, kept)
            print(f"FINDING: power cut after line {line} of the trace, {acknowledged} acknowledged: {fault}", file=sys.stderr)
    print(f"power cut at {len(cuts)} moments of {len(calls)} calls, {sent} events sent: {findings} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
