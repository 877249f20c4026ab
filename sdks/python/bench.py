"""What a call costs the caller: `PYTHONPATH=src python3 bench.py [calls]`, beside a running server or without one.

Measures each `log_action` from outside, with the client's threads at work, for events of several sizes: with the server
away (everything goes to disk), and against AUDIT_LOG_URL when that is set. Then the texts that are worst for redaction.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time

from tachograph import EventLogger, Options
from tachograph._redact import redactor

OUTPUT = "".join(f"  Compiling crate-{n} v0.{n}.3 (registry+https://example.com/index)\n" for n in range(2000))
EVENTS = {
    "small": {"command": "git log --oneline -10", "description": "List recent commits"},
    "with four secrets": {
        "command": "curl -u admin:Winter2026x https://api.example.com -H 'Authorization: Bearer abc123def456ghi'",
        "env": {"API_KEY": "k-9f8e7d6c5b", "DB_PASSWORD": "x1y2z3w4"},
    },
    "10 kB of output": {"output": OUTPUT[:10_000]},
    "100 kB of output": {"output": OUTPUT[:100_000]},
}
WORST = ["authorization: ", "curl -u ", "ssn ", "password ", "token=( ", "eyJ.", "phone: 1", "://a:", "a.b@", "1 "]


def measure(options: Options, details: object, calls: int, pause: float) -> list[float]:
    logger = EventLogger(options=options)
    logger.log_action("first")
    took = []
    for n in range(calls):
        if pause:
            time.sleep(pause)
        began = time.perf_counter()
        logger.log_action("Bash", details=details, status="success", duration_ms=12)
        took.append((time.perf_counter() - began) * 1000)
    logger.close()
    return sorted(took)


def main() -> None:
    calls = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    urls = {"away": "http://127.0.0.1:1"} | ({"there": os.environ["AUDIT_LOG_URL"]} if "AUDIT_LOG_URL" in os.environ else {})
    print(f"load {os.getloadavg()[0]:.1f}, milliseconds a call\n\n| event | server | calls | p50 | p99 | p99.9 | longest |\n|---|---|---|---|---|---|---|")
    for server, url, pause in [(name, url, 0.0) for name, url in urls.items()] + [(f"{n}, 200 a second", u, 0.005) for n, u in urls.items()]:
        for name, details in EVENTS.items():
            number = calls // 5 if pause else calls if "kB" not in name else calls // 10
            with tempfile.TemporaryDirectory() as folder:
                options = Options(url=url, agent_id="bench", session_id="bench", spool_dir=folder, spool_bytes=1 << 30)
                options.close_ms = 0
                took = measure(options, details, number, pause)
            shown = " | ".join(f"{took[min(number - 1, int(number * share))]:.3f}" for share in (0.5, 0.99, 0.999, 1.0))
            print(f"| {name} | {server} | {number} | {shown} |", flush=True)
    print("\n| 100 kB of | ms |\n|---|---|")
    for text in WORST:
        whole = (text * 100_000)[:100_000]
        began = time.process_time()
        redactor().text(whole)
        print(f"| `{text}` | {(time.process_time() - began) * 1000:.0f} |")


if __name__ == "__main__":
    main()
