#!/usr/bin/env python3
"""What a hook costs its agent: start of the process to its end, with the event on disk.

    bench/hook.py AGENT-AUDIT-LOG [--runs 500] [--peer COMMAND]

Beside it two hooks in Python: one of our own that does as little as a durable hook can (read, append a line, fsync) and,
with --peer, any other command. Prints one row for each, and the cost of a bare fsync of the same disk, which is part of
all of them. No server is needed: the sender's work is not in what the agent waits for.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

LEAST = """
import json, os, sys, time
event = json.load(sys.stdin)
event["timestamp"] = time.time()
out = os.open(sys.argv[1], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
os.write(out, (json.dumps(event) + "\\n").encode())
os.fsync(out)
"""

EVENT = json.dumps({
    "session_id": "5aecf8dd-c2ab-4f5d-9779-4225cfc4a061", "cwd": "/srv/demo", "hook_event_name": "PostToolUse",
    "permission_mode": "default", "tool_name": "Bash", "tool_input": {"command": "cargo test", "description": "Tests"},
    "tool_response": {"stdout": "test result: ok. 44 passed; 0 failed\n" * 20, "stderr": "", "interrupted": False},
    "tool_use_id": "toolu_01", "duration_ms": 109,
}).encode()


def once(command, env):
    start = time.perf_counter()
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env)
    try:
        child.stdin.write(EVENT)
        child.stdin.close()
    except BrokenPipeError:
        pass
    said = child.stdout.read() + child.stderr.read()
    code = child.wait()
    return time.perf_counter() - start, code, said


def fsync_seconds(folder, runs):
    out = os.open(os.path.join(folder, "bare"), os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    taken = []
    for _ in range(runs):
        os.write(out, EVENT)
        start = time.perf_counter()
        os.fdatasync(out)
        taken.append(time.perf_counter() - start)
    os.close(out)
    return taken


def row(name, taken):
    taken = sorted(taken)
    at = lambda share: 1000 * taken[min(len(taken) - 1, int(share * len(taken)))]
    print(f"| {name} | {1000 * statistics.median(taken):.1f} | {at(0.9):.1f} | {at(0.99):.1f} | {1000 * taken[0]:.1f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--peer", help="another hook command, run by the shell")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        env = {"HOME": folder, "PATH": os.environ["PATH"], "USER": "bench", "AUDIT_LOG_URL": "http://127.0.0.1:1",
               "AUDIT_LOG_SPOOL_MB": "1024"}
        hooks = {
            "agent-audit-log": [os.path.abspath(asked.program), "hook", "claude"],
            "Python, the least that is durable": [sys.executable, "-c", LEAST, os.path.join(folder, "least")],
        }
        if asked.peer:
            hooks[asked.peer] = ["/bin/sh", "-c", asked.peer]
        taken = {name: [] for name in hooks}
        # In turn, so that whatever else the machine does falls on all alike.
        for _ in range(asked.runs):
            for name, command in hooks.items():
                seconds, code, said = once(command, env)
                taken[name].append(seconds)
                if name == "agent-audit-log" and (code or said):
                    sys.exit(f"the hook ended with {code} and said {said!r}")
        print("| milliseconds | median | p90 | p99 | least |\n|---|---|---|---|---|")
        row("fsync alone", fsync_seconds(folder, asked.runs))
        for name, seconds in taken.items():
            row(name, seconds)
        end_sender(folder)


def end_sender(folder):
    """A sender that has nobody to deliver to would try for days."""
    for where, _, files in os.walk(folder):
        if "sender.lock" in files:
            pid = open(os.path.join(where, "sender.lock")).read().strip()
            if pid:
                os.kill(int(pid), 9)


if __name__ == "__main__":
    main()
