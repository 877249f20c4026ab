#!/usr/bin/env python3
"""The same Sigma rules over the same events, here and in the rsigma daemon: `bench/sigma.py SIGMA_RATE [RSIGMA]`.

SIGMA_RATE is `cargo build --release -p tacho-alert --example sigma_rate`, RSIGMA what `cargo install rsigma --features daemon` builds.
Half of the rules look at single events, half count events of an agent within five minutes. Both sides must fire the same rules.
rsigma reads its events from standard input as JSON and is timed from the first to the last event that its own metrics count;
tachograph's engine is timed in process, where its rows come from the log, so that reading JSON is not in its time: a run of rsigma with one rule
says what that takes there. Only Python's standard library.
"""
import argparse
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from servers import cpu_s, free_port, status_mb  # noqa: E402

TOOLS = ["Bash", "Read", "Edit", "Write", "Grep", "Glob", "WebFetch", "Task"]
HEAD = "logsource: {category: agent_activity, product: tachograph}\n"


def rules(count):
    """Sigma documents: single events by tool, agent and text; counts by agent of what one of them finds."""
    for n in range(count // 2):
        look = [f"agent_id: agent{n % 100}\n    action_name: {TOOLS[n % 8]}\n    outcome_status: failure\n    duration_ms|gt: {500 + n}",
                f"action_name: {TOOLS[n % 8]}\n    action_details.command|contains: 'part{n}-'",
                f"agent_id: agent{n % 100}\n    action_details.command|endswith: '-{n}'"][n % 3]
        yield f"title: single {n}\nname: single_{n}\nid: 00000000-0000-4000-8000-{n:012d}\nlevel: medium\n{HEAD}detection:\n  sel:\n    {look}\n  condition: sel\n"
    for n in range(count // 2, count):
        look = f"agent_id: agent{n % 100}\n    action_name: {TOOLS[n % 8]}\n    duration_ms|gt: {n}"
        yield f"title: base {n}\nname: base_{n}\nid: 00000000-0000-4000-8000-{n:012d}\nlevel: low\n{HEAD}detection:\n  sel:\n    {look}\n  condition: sel\n"
        yield (f"title: count {n}\nid: 00000000-0000-4000-9000-{n:012d}\nlevel: medium\ncorrelation:\n  type: event_count\n  rules: [base_{n}]\n"
               f"  group-by: [agent_id]\n  timespan: 5m\n  condition: {{gte: {20 + n % 7}}}\n")


def write(folder, documents):
    """The rules in files of a few hundred documents: a limit of ours on one file."""
    os.makedirs(folder)
    documents = list(documents)
    names = []
    for n in range(0, len(documents), 400):
        names.append(os.path.join(folder, f"rules{n:05d}.yml"))
        with open(names[-1], "w", encoding="utf-8") as file:
            file.write("---\n".join(documents[n : n + 400]))
    return names


def events(count, ours, theirs):
    """The same events in both forms, 5 ms apart."""
    draw = random.Random(7)
    begin = 1_767_225_600
    with open(ours, "w", encoding="utf-8") as a, open(theirs, "w", encoding="utf-8") as b:
        for n in range(count):
            row = {"agent_id": f"agent{draw.randrange(1000)}", "action_type": "tool", "action_name": draw.choice(TOOLS),
                   "outcome_status": "failure" if draw.random() < 0.05 else "success", "duration_ms": draw.randrange(2000),
                   "session_id": f"s{draw.randrange(5000)}"}
            row["action_details"] = {"command": f"make part{draw.randrange(100000)}-x --jobs {draw.randrange(8)} -{draw.randrange(100000)}"}
            a.write(json.dumps({"at": n * 5_000, **row}) + "\n")
            b.write(json.dumps({"timestamp": f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(begin + n * 5 // 1000))}.{n * 5 % 1000:03d}Z", **row}) + "\n")


def ask(port, path):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
        return answer.read().decode()


def rsigma(program, folder, rules_folder, count, batch):
    """CPU seconds and clock seconds for all events, peak memory, and the titles that fired."""
    port = free_port()
    found = os.path.join(folder, "found.ndjson")
    line = [program, "engine", "daemon", "-r", rules_folder, "--input", "stdin", "--input-format", "json", "--output", f"file://{found}",
            "--api-addr", f"127.0.0.1:{port}", "--timestamp-field", "timestamp", "--batch-size", str(batch)]
    child = subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=open(os.path.join(folder, "rsigma.log"), "wb"))
    try:
        while True:
            try:
                ask(port, "/healthz")
                break
            except OSError:
                if child.poll() is not None:
                    raise RuntimeError(open(os.path.join(folder, "rsigma.log"), encoding="utf-8").read()[-800:])
                time.sleep(0.05)
        time.sleep(1)
        cpu, begin = cpu_s(child.pid), time.perf_counter()
        feeder = subprocess.Popen(["cat", os.path.join(folder, "theirs.ndjson")], stdout=child.stdin)
        # Its end of the pipe stays open here: the daemon ends with its input.
        while True:
            seen = re.search(r"^rsigma_events_processed_total\S* (\d+)", ask(port, "/metrics"), re.M)
            if seen and int(seen[1]) >= count:
                break
            time.sleep(0.02)
        seconds, used, peak = time.perf_counter() - begin, cpu_s(child.pid) - cpu, status_mb(child.pid, "VmHWM")
        feeder.wait()
        child.stdin.close()
        child.wait(60)
        with open(found, encoding="utf-8") as file:
            titles = {json.loads(one)["rule_title"] for one in file}
        return used, seconds, peak, {title for title in titles if not title.startswith("base ")}
    finally:
        child.kill()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sigma_rate")
    parser.add_argument("rsigma", nargs="?")
    parser.add_argument("--rules", type=int, default=1_000)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--batch", type=int, default=256)
    o = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tachograph-sigma.") as folder:
        files = write(os.path.join(folder, "rules"), rules(o.rules))
        events(o.events, os.path.join(folder, "ours.ndjson"), os.path.join(folder, "theirs.ndjson"))
        told = subprocess.run([o.sigma_rate, os.path.join(folder, "ours.ndjson"), *files], stdout=subprocess.PIPE, check=True, text=True)
        ours = json.loads(told.stdout)
        fired = {title for title in ours["fired"] if not title.startswith("base ")}
        print(f"{ours['rules']} rules, {o.events} events\n\n| | seconds | events a second and core | rules that fired |\n| --- | --- | --- | --- |")
        print(f"| tachograph's engine, in process | {ours['seconds']:.2f} | {o.events / ours['seconds']:,.0f} | {len(fired)} |")
        if not o.rsigma:
            return 0
        used, seconds, peak, theirs = rsigma(o.rsigma, folder, os.path.join(folder, "rules"), o.events, o.batch)
        print(f"| rsigma daemon, JSON read too | {used:.2f} of CPU, {seconds:.2f} by the clock | {o.events / used:,.0f} | {len(theirs)} |")
        write(os.path.join(folder, "one"), list(rules(o.rules))[:1])
        used, seconds, _, _ = rsigma(o.rsigma, folder, os.path.join(folder, "one"), o.events, o.batch)
        print(f"| rsigma daemon, one rule: what reading takes | {used:.2f} of CPU, {seconds:.2f} by the clock | {o.events / used:,.0f} | |")
        print(f"\nrsigma's memory at most: {peak:.0f} MB")
        if theirs != fired:
            print(f"different: only here {sorted(fired - theirs)[:10]}, only there {sorted(theirs - fired)[:10]}", file=sys.stderr)
            return 1
        return 0


if __name__ == "__main__":
    sys.exit(main())
