"""The driver of the conformance suite: sdks/conformance/README.md."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import sys
from typing import Any

from tachograph import EventLogger, Options

FLUSH_S = 20.0


class Driver:
    def __init__(self) -> None:
        self.logger: EventLogger | None = None

    def do(self, command: dict[str, Any]) -> dict[str, Any]:
        named = {key: value for key, value in command.items() if key != "cmd"}
        done: dict[str, Any] = getattr(self, command["cmd"])(**named)
        return done

    def init(self, options: dict[str, Any], problems: str = "") -> dict[str, Any]:
        told: list[str] = []

        def trouble(kind: str, text: str) -> None:
            if problems == "logged" and self.logger:
                self.logger.log_action("problem", details={"message": text})
            else:
                self.trouble(told, kind, text)

        self.logger = EventLogger(options=Options(**options), on_error=trouble)
        return {"settings": told}

    def trouble(self, told: list[str], kind: str, text: str) -> None:
        print(f"{kind}: {text}", file=sys.stderr)
        if kind == "settings":
            told.append(text)

    @property
    def log_to(self) -> EventLogger:
        assert self.logger
        return self.logger

    def log(self, n: list[int] | str, details: dict[str, Any] | None = None, **named: Any) -> dict[str, Any]:
        if isinstance(n, str):
            first, last = n.split("-")
            n = list(range(int(first), int(last) + 1))
        ids = [self.log_to.log_action("step", details={"n": i, **(details or {})}, **named) for i in n]
        return {"ids": ids}

    def odd(self, n: int) -> dict[str, Any]:
        cycle: dict[str, Any] = {"n": n}
        cycle["self"] = cycle
        odd = {"nan": float("nan"), "infinite": -float("inf"), "huge": 10**5000, "bytes": b"\xff\x00", "set": {1}}
        odd |= {"function": print, "object": object(), "surrogate": "\ud800", "key": {(1, 2): 3, None: 4}}
        odd |= {"raises": Raises(), "deep": deep(2000)}
        return {"ids": [self.log_to.log_action("step", details={**cycle, **odd})]}

    def call(self, method: str, args: dict[str, Any]) -> dict[str, Any]:
        return {"ids": [getattr(self.log_to, method)(**args)]}

    def flush(self, timeout_ms: float = FLUSH_S * 1000) -> dict[str, Any]:
        return {"flushed": self.log_to.flush(timeout_ms / 1000)}

    def persist(self) -> dict[str, Any]:
        return {"persisted": self.log_to.persist()}

    def receipts(self, ids: list[str]) -> dict[str, Any]:
        found = [self.log_to.receipt(event_id) for event_id in ids]
        return {"receipts": [receipt and dataclasses.asdict(receipt) for receipt in found]}

    def stats(self) -> dict[str, Any]:
        return dataclasses.asdict(self.log_to.stats)

    def search(self, args: dict[str, Any]) -> dict[str, Any]:
        return {"events": self.log_to.search(**args).events}

    def close(self) -> dict[str, Any]:
        return {"flushed": self.log_to.close(FLUSH_S)}

    def fork(self, commands: list[dict[str, Any]]) -> dict[str, Any]:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            with os.fdopen(writing, "w") as pipe:
                json.dump([self.do(command) for command in commands], pipe)
            sys.exit(0)
        os.close(writing)
        with os.fdopen(reading) as pipe:
            results = json.load(pipe)
        return {"results": results, "exit": os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}

    def kill(self) -> dict[str, Any]:
        os.kill(os.getpid(), signal.SIGKILL)
        return {}


class Raises:
    def __repr__(self) -> str:
        raise RuntimeError("no representation")

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)


def deep(levels: int) -> Any:
    made: Any = "bottom"
    for _ in range(levels):
        made = [made]
    return made


def main() -> None:
    driver = Driver()
    print(json.dumps({"driver": "python", "can": ["fork", "search"]}), flush=True)
    for line in sys.stdin:
        command = json.loads(line)
        if command["cmd"] == "exit":
            return
        try:
            result = driver.do(command)
        except Exception as error:
            result = {"threw": f"{type(error).__name__}: {error}"}
        print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
