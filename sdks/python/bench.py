"""What a call costs the caller: `PYTHONPATH=src python3 bench.py [calls [worker]]`, beside a running server or without one.

Measures each `log_action` from outside, with the client's threads at work, for events of several sizes: with the server
away (everything goes to disk), and against AUDIT_LOG_URL when that is set. Then the texts that are worst for redaction.
`worker` measures in a child of `multiprocessing`, where a call writes its event itself, as in every forked process.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import tempfile
import time

from tachograph import EventLogger, Options
from tachograph._redact import REDACTOR

OUTPUT = "".join(f"  Compiling crate-{n} v0.{n}.3 (registry+https://example.com/index)\n" for n in range(2000))
EVENTS = {
    "small": {"command": "git log --oneline -10", "description": "List recent commits"},
    "with four secrets": {
        "command": "curl -u admin:Winter2026x https://api.example.com -H 'Authorization: Bearer abc123def456ghi'",
        "env": {"API_KEY": "k-9f8e7d6c5b", "DB_PASSWORD": "x1y2z3w4"},
    },
    "10 kB of output": {"output": OUTPUT[:10_000]},
    "50 kB of output": {"output": OUTPUT[:50_000]},
    "20 MB of output": {"output": OUTPUT * 143},
    "20,000 rows": {"rows": [{"id": n, "name": f"row {n}"} for n in range(20_000)]},
    "100,000 members": {f"m{n}": n for n in range(100_000)},
}
WORST = ["authorization: ", "curl -u ", "ssn ", "password ", "token=( ", "eyJ.", "phone: 1", "://a:", "a.b@", "1 "]


def measure(options: Options, details: object, calls: int, pause: float) -> tuple[list[float], list[float]]:
    """Milliseconds of each call by the clock, and of the caller's own processor time, both sorted."""
    logger = EventLogger(options=options)
    logger.log_action("first")
    wall, own = [], []
    for _ in range(calls):
        if pause:
            time.sleep(pause)
        began, cpu = time.perf_counter(), time.thread_time()
        logger.log_action("Bash", details=details, status="success", duration_ms=12)
        own.append((time.thread_time() - cpu) * 1000)
        wall.append((time.perf_counter() - began) * 1000)
    logger.close()
    return sorted(wall), sorted(own)


def shown(took: list[float]) -> str:
    return " | ".join(f"{took[min(len(took) - 1, int(len(took) * share))]:.2f}" for share in (0.5, 0.99, 1.0))


def main() -> None:
    calls = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    urls = {"away": "http://127.0.0.1:1"}
    if "AUDIT_LOG_URL" in os.environ:
        urls["there"] = os.environ["AUDIT_LOG_URL"]
    print(f"load {os.getloadavg()[0]:.1f}, milliseconds a call\n")
    print("| event | server | calls | p50 | p99 | longest | own p50 | own p99 | own longest |\n|" + "---|" * 9)
    for pause, pace in ((0.0, "without a pause"), (0.01, "one each 10 ms")):
        for server, url in urls.items():
            for name, details in EVENTS.items():
                number = calls // 10 if pause or name[0].isdigit() else calls
                with tempfile.TemporaryDirectory() as folder:
                    options = Options(url=url, agent_id="bench", session_id="bench", spool_dir=folder)
                    options.spool_bytes, options.close_ms = 1 << 30, 0
                    wall, own = measure(options, details, number, pause)
                print(f"| {name} | {server}, {pace} | {number} | {shown(wall)} | {shown(own)} |", flush=True)
    print("\n| 100 kB of | ms |\n|---|---|")
    for text in WORST:
        whole = (text * 100_000)[:100_000]
        began = time.process_time()
        REDACTOR.text(whole)
        print(f"| `{text}` | {(time.process_time() - began) * 1000:.0f} |")


if __name__ == "__main__":
    if sys.argv[2:] == ["worker"]:
        worker = multiprocessing.Process(target=main)
        worker.start()
        worker.join()
    else:
        main()
