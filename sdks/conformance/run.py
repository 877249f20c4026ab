#!/usr/bin/env python3
"""Runs the conformance suite against one client library: `run.py [--only TEXT] -- DRIVER [ARGUMENT…]`."""

from __future__ import annotations

import argparse
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from scenario import run

AT_ONCE = 4


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", metavar="TEXT", help="scenarios whose name holds this text")
    parser.add_argument("driver", nargs="+", help="the driver program of the client library")
    arguments = parser.parse_args()
    scenarios = []
    for path in sorted((Path(__file__).parent / "scenarios").glob("*.json")):
        for scenario in json.loads(path.read_text()):
            if arguments.only in scenario["name"]:
                scenarios.append((path.stem, scenario))
    names = [scenario["name"] for _, scenario in scenarios]
    assert len(names) == len(set(names)), "two scenarios have the same name"
    began = time.monotonic()
    failed = left_out = 0
    with ThreadPoolExecutor(AT_ONCE) as pool:
        results = pool.map(lambda item: run(item[1], arguments.driver), scenarios)
        for (file, scenario), (skipped, wrong) in zip(scenarios, results):
            if wrong:
                failed += 1
                print(f"FAILED {file}: {scenario['name']}\n    " + wrong.replace("\n", "\n    "), file=sys.stderr)
            elif skipped:
                left_out += 1
                print(f"left out {file}: {scenario['name']} ({skipped})")
    held = len(scenarios) - failed - left_out
    print(f"{held} scenarios held, {failed} failed, {left_out} left out, {time.monotonic() - began:.1f} s")
    return 1 if failed or not held else 0


if __name__ == "__main__":
    sys.exit(main())
