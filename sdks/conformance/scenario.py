"""Runs one scenario: a list of steps over a scripted server and the drivers of one client library."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import Any

from server import WAIT_S, Request, Server

ABSENT = object()

# What a scenario does not set. A batch goes when it is full or flushed: no scenario waits for a clock.
BASE_OPTIONS = {
    "agent_id": "conformance",
    "session_id": "session-1",
    "batch_ms": 600_000,
    "retry_min_ms": 5,
    "retry_max_ms": 20,
}


class Driver:
    """A driver program: JSON commands in, JSON results out."""

    def __init__(self, command: list[str], env: dict[str, str], log: Any) -> None:
        self.process = subprocess.Popen(
            command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, bufsize=1
        )
        hello = self.result()
        self.can: list[str] = hello.get("can", [])

    def send(self, command: dict[str, Any]) -> None:
        assert self.process.stdin
        try:
            self.process.stdin.write(json.dumps(command) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise AssertionError(f"the driver has ended; {command} was not done") from None

    def result(self) -> dict[str, Any]:
        assert self.process.stdout
        lines: list[str] = []
        reader = threading.Thread(target=lambda: lines.append(self.process.stdout.readline()), daemon=True)
        reader.start()
        reader.join(WAIT_S)
        if not lines:
            raise AssertionError(f"the driver gave no result within {WAIT_S:g} s")
        if not lines[0]:
            raise AssertionError("the driver ended without a result")
        result = json.loads(lines[0])
        if "threw" in result:
            raise AssertionError(f"something was thrown into the caller's path: {result['threw']}")
        return result

    def ended(self) -> int:
        try:
            return self.process.wait(timeout=WAIT_S)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the driver did not end within {WAIT_S:g} s") from None

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                try:
                    pipe.close()
                except OSError:
                    pass


class Scenario:
    """The state of one run. Raises AssertionError where the client does other than expected."""

    def __init__(self, scenario: dict[str, Any], command: list[str], folder: Path) -> None:
        self.scenario, self.command, self.folder = scenario, command, folder
        self.spool = folder / "spool"
        self.server = Server()
        self.drivers: dict[str, Driver] = {}
        self.ids: list[str] = []
        self.given: set[str] = set()  # ids that the scenario gave itself: it may log them again
        self.held: dict[str, Request] = {}
        self.seen: dict[str, str] = {}  # id -> the event's text when it came first
        self.taken: set[str] = set()  # ids that the server has answered for
        self.last_seq: dict[str, int] = {}
        self.index = 0
        self.log = (folder / "stderr").open("w")
        if not scenario.get("server_down"):
            self.server.up()

    # --- the run

    def run(self) -> str:
        """Empty when all was as expected, else why it was not tried."""
        try:
            for number, step in enumerate(self.scenario["steps"], 1):
                try:
                    skip = self.step(step)
                except AssertionError as error:
                    raise AssertionError(f"step {number} {short(step)}: {error}") from None
                if skip:
                    return skip
            self.end()
            return ""
        finally:
            for driver in self.drivers.values():
                driver.stop()
            self.server.close()
            self.log.close()

    def end(self) -> None:
        for name in list(self.drivers):
            driver = self.drivers.pop(name)
            driver.send({"cmd": "exit"})
            code = driver.ended()
            driver.stop()
            assert code == 0, f"driver {name} ended with {code}"
        left = [short(request.lines()) for request in self.server.leftover()]
        assert not left, f"requests that nobody expected: {left}"
        assert not self.held, f"the scenario never answered {list(self.held)}"

    def driver(self, step: dict[str, Any]) -> Driver:
        name = step.get("driver", "a")
        if name not in self.drivers:
            unset = {"AUDIT_LOG_URL", "AUDIT_LOG_KEY", "AUDIT_LOG_SPOOL", "AGENT_ID", "SESSION_ID"}
            env = {key: value for key, value in os.environ.items() if key not in unset}
            env["AUDIT_LOG_SPOOL"] = str(self.spool)
            env.update(self.fill(self.scenario.get("env", {})))
            self.drivers[name] = Driver(self.command, env, self.log)
        return self.drivers[name]

    def step(self, step: dict[str, Any]) -> str | None:
        if "do" in step or "start" in step:
            return self.command_step(step)
        if "ends" in step:
            self.compare_result(self.driver(step).result(), step["ends"])
        elif "request" in step:
            self.request_step(step["request"], step.get("as"), step.get("answer"))
        elif "answer" in step:
            request = self.held.pop(step["answer"])
            self.reply(request, step.get("with", {"accept": True}))
        elif "receive" in step:
            self.receive_step(step["receive"])
        elif "server" in step:
            {"up": self.server.up, "down": self.server.down}[step["server"]]()
        elif "died" in step:
            driver = self.drivers.pop(step["died"])
            driver.ended()
            driver.stop()
        elif "spool" in step:
            self.spool_step(self.fill(step["spool"]))
        else:
            raise AssertionError("unknown step")
        return None

    # --- commands

    def command_step(self, step: dict[str, Any]) -> str | None:
        command = self.fill(step.get("do") or step["start"])
        driver = self.driver(step)
        missing = [need for need in self.scenario.get("needs", []) if need not in driver.can]
        if missing:
            return f"needs {', '.join(missing)}"
        if command["cmd"] == "init":
            options = BASE_OPTIONS | self.scenario.get("options", {}) | command.get("options", {})
            if "AUDIT_LOG_URL" not in self.scenario.get("env", {}):
                options.setdefault("url", f"http://127.0.0.1:{self.server.port}")
            options = {key: value for key, value in options.items() if value is not None}
            command = command | {"options": self.fill(options)}
        self.given |= {part["event_id"] for part in (command, command.get("args", {})) if "event_id" in part}
        driver.send(command)
        if command["cmd"] == "kill":
            code = driver.ended()
            assert code in (-signal.SIGKILL, 128 + signal.SIGKILL), f"kill ended the driver with {code}"
            self.drivers.pop(step.get("driver", "a")).stop()
        elif command["cmd"] == "exit" and "do" in step:
            code = driver.ended()
            assert code == 0, f"the driver ended with {code}"
            self.drivers.pop(step.get("driver", "a")).stop()
        elif "do" in step:
            self.compare_result(driver.result(), step.get("gives", {}))
        return None

    def compare_result(self, result: dict[str, Any], expected: dict[str, Any]) -> None:
        self.note_ids(result)
        differs = difference(result, self.fill(expected), "result")
        assert not differs, differs

    def note_ids(self, result: dict[str, Any]) -> None:
        for new in result.get("ids", []):
            assert isinstance(new, str) and new, f"an id must be a text, found {new!r}"
            assert new not in self.ids or new in self.given, f"id {new} was given twice"
            self.ids.append(new)
        for child in result.get("results", []):
            self.note_ids(child)

    def fill(self, value: Any) -> Any:
        """`$3` is the third id, `$spool` the folder, `$url` the server's address, `$repeat` a long text or list."""
        if isinstance(value, dict) and "$repeat" in value:
            what, times = value["$repeat"]
            return what * int(times)
        if isinstance(value, dict) and value.get("cmd") == "log":
            value = value | {"n": numbers(value["n"])}
        if isinstance(value, dict):
            return {key: self.fill(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.fill(item) for item in value]
        if isinstance(value, str):
            if re.fullmatch(r"\$\d+", value):
                return self.ids[int(value[1:]) - 1]
            value = value.replace("$spool", str(self.spool)).replace("$folder", str(self.folder))
            return value.replace("$url", f"http://127.0.0.1:{self.server.port}")
        return value

    # --- requests

    def request_step(self, expected: dict[str, Any], name: str | None, answer: dict[str, Any] | None) -> None:
        request = self.server.take()
        assert request.path == expected.get("path", "/v1/events") or "path" in expected and re.fullmatch(
            expected["path"], request.path
        ), f"path {request.path!r}, expected {expected.get('path', '/v1/events')!r}"
        method = expected.get("method", "POST")
        assert request.method == method, f"method {request.method}, expected {method}"
        differs = difference(request.headers, self.fill(expected.get("headers", {})), "headers")
        assert not differs, differs
        if "after_ms" in expected:
            before = self.held_last.answered_at
            found = (request.at - before) * 1000
            assert found >= expected["after_ms"], f"came after {found:.0f} ms, expected {expected['after_ms']}"
        if method == "POST":
            self.check_events(request, expected)
        self.held_last = request
        if answer is not None:
            self.reply(request, answer)
        else:
            assert name, "a request without an answer needs a name (`as`)"
            self.held[name] = request

    def check_events(self, request: Request, expected: dict[str, Any]) -> None:
        events = self.read_events(request)
        if "n" in expected:
            wanted = numbers(expected["n"])
            found = [number_of(event) for event in events]
            assert found == wanted, f"events {short(found)}, expected {short(wanted)}"
        if "events" in expected:
            differs = difference(events, self.fill(expected["events"]), "events")
            assert not differs, differs
        if "bytes_max" in expected:
            size = sum(len(line.encode()) + 1 for line in request.lines())
            assert size <= expected["bytes_max"], f"{size} bytes, expected {expected['bytes_max']} at most"
        self.check_text(request.lines(), expected)

    def check_text(self, lines: list[str], expected: dict[str, Any]) -> None:
        text = "\n".join(lines)
        for hidden in expected.get("hides", []):
            assert hidden not in text, f"{hidden!r} is in the request"
        for shown in expected.get("shows", []):
            assert shown in text, f"{shown!r} is not in the request"

    def read_events(self, request: Request) -> list[dict[str, Any]]:
        """The events of a request. What holds for every request is checked here."""
        kind = request.headers.get("content-type", "")
        assert kind.startswith("application/x-ndjson"), f"content-type {kind!r}, expected application/x-ndjson"
        events = []
        for line in request.lines():
            event = json.loads(line, parse_constant=refuse_constant)
            events.append(event)
            identity = id_of(event)
            assert identity, f"an event without an id: {short(event)}"
            first = self.seen.setdefault(identity, line)
            assert first == line, f"a retry changed the event: {short(first)}, then {short(line)}"
            if first is line:
                self.check_order(event)
            assert identity not in self.taken or identity in self.given, f"event {identity} came again after it was answered for"
        return events

    def check_order(self, event: dict[str, Any]) -> None:
        seq, producer = event.get("producer_seq"), event.get("producer")
        if id_of(event) in self.given:
            assert seq is None and producer is None, "logged again, an event with an id of the caller's would be another one"
            return
        assert isinstance(seq, int) and isinstance(producer, str), "events carry producer and producer_seq"
        last = self.last_seq.get(producer, 0)
        assert seq > last, f"producer_seq {seq} came after {last}"
        self.last_seq[producer] = seq

    def receive_step(self, expected: dict[str, Any]) -> None:
        """Takes requests and accepts them until all the events have come, once each and in order."""
        wanted = numbers(expected["n"])
        found: list[int] = []
        while len(found) < len(wanted):
            request = self.server.take()
            events = self.read_events(request)
            found += [number_of(event) for event in events]
            self.check_text(request.lines(), expected)
            self.reply(request, {"accept": True})
        if expected.get("any_order"):
            found.sort()
        assert found == wanted, f"events {short(found)}, expected {short(wanted)}"

    def reply(self, request: Request, answer: dict[str, Any]) -> None:
        if "accept" in answer or "reject" in answer:
            answer = self.receipt(request, answer)
        elif answer.get("taken"):
            # The server has the events, but the client does not hear of it: they may come again.
            pass
        request.answer(answer)

    def receipt(self, request: Request, answer: dict[str, Any]) -> dict[str, Any]:
        refused = {int(line): reason for line, reason in answer.get("reject", {}).items()}
        known = set(answer.get("duplicates", []))
        lines = [json.loads(line) for line in request.lines()]
        self.taken.update(id_of(event) for event in lines)
        accepted = len(lines) - len(refused) - len(known)
        body: dict[str, Any] = {
            "accepted": accepted,
            "duplicates": len(known),
            "rejected": [{"line": line, "reason": reason} for line, reason in refused.items()],
            "rejected_count": len(refused),
        }
        if accepted:
            body |= {"first_index": self.index, "last_index": self.index + accepted - 1}
            self.index += accepted
        return {"status": 422 if len(refused) == len(lines) else 200, "body": body} | {
            key: value for key, value in answer.items() if key in ("break", "headers")
        }

    # --- the spool

    def spool_step(self, expected: dict[str, Any]) -> None:
        files = sorted(path for path in self.spool.rglob("*") if path.is_file())
        if expected.get("empty"):
            waiting = [path.name for path in files if path.suffix == ".ndjson"]
            assert not waiting, f"the spool still holds {waiting}"
        text = "".join(path.read_text(errors="replace") for path in files)
        for hidden in expected.get("hides", []):
            assert hidden not in text, f"{hidden!r} is in the spool"
        for shown in expected.get("shows", []):
            assert shown in text, f"{shown!r} is not in the spool"
        for path in files if expected.get("private") else []:
            mode = path.stat().st_mode & 0o777
            assert mode == 0o600, f"{path.name} has mode {mode:o}, expected 600"
        if "append" in expected:
            with [path for path in files if path.suffix == ".ndjson"][-1].open("a") as file:
                file.write(expected["append"])


def run(scenario: dict[str, Any], command: list[str]) -> tuple[str, str]:
    """Runs a scenario in a folder of its own: (why it was left out, what was wrong)."""
    folder = Path(tempfile.mkdtemp(prefix="tacho-sdk-"))
    try:
        return Scenario(scenario, command, folder).run(), ""
    except (AssertionError, ValueError) as error:
        log = (folder / "stderr").read_text(errors="replace")[-2000:]
        return "", f"{error}\n{log}".rstrip()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def id_of(event: dict[str, Any]) -> str | None:
    return event.get("event_id") or event.get("communication_id")


def number_of(event: dict[str, Any]) -> int:
    details = event.get("action_details")
    if not isinstance(details, dict) or "n" not in details:
        raise AssertionError(f"an event that nobody logged: {short(event)}")
    return int(details["n"])


def numbers(spelt: Any) -> list[int]:
    """`[1, 2, 3]`, or `"1-3"`."""
    if isinstance(spelt, str):
        first, last = spelt.split("-")
        return list(range(int(first), int(last) + 1))
    return list(spelt)


def refuse_constant(name: str) -> None:
    raise AssertionError(f"{name} is no JSON")


def difference(found: Any, expected: Any, where: str) -> str:
    """Empty when `found` has what is expected. Objects may hold more, lists may not."""
    if isinstance(expected, dict):
        rules = [key for key in expected if key.startswith("$")]
        if rules:
            return next(filter(None, (rule(found, key, expected[key], where) for key in rules)), "")
        if not isinstance(found, dict):
            return f"{where}: found {short(found)}, expected an object"
        parts = (difference(found.get(key, ABSENT), value, f"{where}.{key}") for key, value in expected.items())
        return next(filter(None, parts), "")
    if isinstance(expected, list):
        if not isinstance(found, list) or len(found) != len(expected):
            return f"{where}: found {short(found)}, expected {len(expected)} items"
        parts = (difference(a, b, f"{where}[{i}]") for i, (a, b) in enumerate(zip(found, expected)))
        return next(filter(None, parts), "")
    if found is ABSENT or found != expected or isinstance(found, bool) != isinstance(expected, bool):
        return f"{where}: found {short(found)}, expected {short(expected)}"
    return ""


def rule(found: Any, name: str, value: Any, where: str) -> str:
    holds = {
        "$absent": lambda: (found is ABSENT) == value,
        "$any": lambda: found is not ABSENT,
        "$min": lambda: isinstance(found, (int, float)) and found >= value,
        "$max": lambda: isinstance(found, (int, float)) and found <= value,
        "$matches": lambda: isinstance(found, str) and re.search(value, found) is not None,
        "$in": lambda: found in value,
        "$chars": lambda: isinstance(found, str) and len(found) <= value,
    }[name]
    return "" if holds() else f"{where}: found {short(found)}, expected {name[1:]} {short(value)}"


def short(value: Any) -> str:
    text = "nothing" if value is ABSENT else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 300 else text[:300] + "…"
