#!/usr/bin/env python3
"""Transcripts of coding agents for measuring `tachograph import`: `bench/import.py FOLDER [MEGABYTES]`.

Writes session files of Claude Code (with sub-agents), Codex and Gemini CLI where an import looks for them, below FOLDER
as a home folder, 1,000 MB if nothing else is said. The same size gives the same bytes. Sizes of lines, results and
sessions are spread as in real folders: most lines are small, file contents and command output make up the bytes.
Then:

    HOME=FOLDER tachograph --data DATA import
"""

import json
import random
import sys
import uuid
from datetime import datetime, timedelta, timezone
from pathlib import Path

START = datetime(2026, 9, 1, 8, tzinfo=timezone.utc)
WORDS = (
    "request handler returns the cached value when session expires so we retry after a short delay and log error "
    "parser token buffer index config update missing test passes import module function build failed because path "
    "left unresolved branch merge conflict review commit deploy staging queue worker timeout memory usage report"
).split()
TOOLS = ["Bash", "Read", "Edit", "Grep", "Write", "Glob"]


class Source:
    """Everything random, from one seed."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        words = [self.random.choice(WORDS) for _ in range(200_000)]
        lines = (" ".join(words[at : at + 9]) for at in range(0, len(words), 9))
        self.text = "\n".join(f"{number:>5}  {line}" for number, line in enumerate(lines))

    def id(self):
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def words(self, count):
        return " ".join(self.random.choice(WORDS) for _ in range(count))

    def content(self):
        """A file or an output: mostly short, now and then long."""
        length = min(int(self.random.lognormvariate(7.4, 1.3)), 120_000)
        at = self.random.randrange(len(self.text) - length)
        return self.text[at : at + length]


class Clock:
    def __init__(self, number):
        self.now = START + timedelta(minutes=11 * number)

    def tick(self, source):
        self.now += timedelta(milliseconds=source.random.randrange(40, 9_000))
        return self.now.strftime("%Y-%m-%dT%H:%M:%S.") + f"{self.now.microsecond // 1000:03}Z"


def claude(source, clock, session, turns, agent=None):
    common = {
        "isSidechain": agent is not None, "userType": "external", "cwd": "/srv/shop", "sessionId": session,
        "version": "2.1.300", "gitBranch": "main",
    }
    if agent:
        common["agentId"] = agent
    parent = None

    def line(kind, message, **more):
        nonlocal parent
        own = source.id()
        value = {"parentUuid": parent, **common, "type": kind, "message": message, "uuid": own,
                 "timestamp": clock.tick(source), **more}
        parent = own
        return value

    yield line("user", {"role": "user", "content": source.words(20)})
    for _ in range(turns):
        message = {"id": "msg_" + source.id().replace("-", "")[:24], "type": "message", "role": "assistant",
                   "model": "claude-sonnet-4-5-20250929", "stop_reason": None,
                   "usage": {"input_tokens": source.random.randrange(3, 900),
                             "cache_creation_input_tokens": source.random.randrange(5_000),
                             "cache_read_input_tokens": source.random.randrange(90_000),
                             "output_tokens": source.random.randrange(10, 1_500), "service_tier": "standard"}}
        request = "req_" + source.id().replace("-", "")[:24]
        text = {"type": "text", "text": source.words(25)}
        yield line("assistant", {**message, "content": [text]}, requestId=request)
        call, tool = "toolu_" + source.id().replace("-", "")[:24], source.random.choice(TOOLS)
        content = source.content()
        given = {"command": f"make {source.words(3)}"} if tool == "Bash" else {"file_path": "/srv/shop/src/main.rs"}
        if tool in ("Write", "Edit"):
            given["content"] = content
            content = "The file was updated."
        use = {"type": "tool_use", "id": call, "name": tool, "input": given}
        yield line("assistant", {**message, "content": [use]}, requestId=request)
        result = {"type": "tool_result", "tool_use_id": call, "content": content}
        more = {"stdout": content, "stderr": ""} if tool == "Bash" else {"file": {"filePath": "/srv/shop/src/main.rs"}}
        yield line("user", {"role": "user", "content": [result]}, toolUseResult=more)
    yield {"type": "last-prompt", "lastPrompt": source.words(5), "sessionId": session}


def codex(source, clock, session, turns):
    def line(kind, payload):
        return {"timestamp": clock.tick(source), "type": kind, "payload": payload}

    yield line("session_meta", {"id": session, "cwd": "/srv/shop", "cli_version": "0.160.0", "git": {"branch": "main"}})
    yield line("turn_context", {"turn_id": session, "model": "gpt-5-codex", "approval_policy": "never"})
    total = 0
    for _ in range(turns):
        call = "call_" + source.id().replace("-", "")[:24]
        arguments = json.dumps({"cmd": f"make {source.words(3)}"})
        yield line("response_item", {"type": "function_call", "name": "exec_command", "arguments": arguments,
                                     "call_id": call})
        output = "Wall time: 0.2 seconds\nProcess exited with code 0\nOutput:\n" + source.content()
        yield line("response_item", {"type": "function_call_output", "call_id": call, "output": output})
        used = source.random.randrange(500, 90_000)
        total += used + 200
        usage = {"input_tokens": used, "cached_input_tokens": used // 2, "output_tokens": 200,
                 "reasoning_output_tokens": 50, "total_tokens": used + 200}
        info = {"last_token_usage": usage, "total_token_usage": {**usage, "total_tokens": total}}
        yield line("event_msg", {"type": "token_count", "info": info})
        said = [{"type": "output_text", "text": source.words(25)}]
        yield line("response_item", {"type": "message", "role": "assistant", "content": said})


def gemini(source, clock, session, turns):
    yield {"sessionId": session, "projectHash": "c4c7ce93", "startTime": clock.tick(source), "kind": "main"}
    for _ in range(turns):
        own, at = source.id(), clock.tick(source)
        message = {"id": own, "timestamp": at, "type": "gemini", "content": source.words(20), "thoughts": [],
                   "tokens": {"input": 800, "output": 50, "cached": 256, "thoughts": 20, "tool": 0, "total": 870},
                   "model": "gemini-2.5-flash"}
        yield message
        call = "run_shell_command_" + source.id()[:13]
        output = {"functionResponse": {"id": call, "response": {"output": "Output: " + source.content()}}}
        done = {"id": call, "name": "run_shell_command", "args": {"command": "make"}, "result": [output],
                "status": "success", "timestamp": at}
        yield {**message, "toolCalls": [done]}
        yield {"$set": {"lastUpdated": at}}


def write(path, lines):
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as out:
        return sum(out.write(json.dumps(line, separators=(",", ":")) + "\n") for line in lines)


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    home, goal = Path(sys.argv[1]), int(sys.argv[2] if len(sys.argv) > 2 else 1000) * 1_000_000
    source, written, number = Source(1), 0, 0
    while written < goal:
        clock, session = Clock(number), source.id()
        turns = 5 + int(source.random.expovariate(1 / 120))
        kind = source.random.random()
        if kind < 0.7:
            folder = home / f".claude/projects/-srv-shop-{number % 12}"
            written += write(folder / f"{session}.jsonl", claude(source, clock, session, turns))
            for sub in range(int(source.random.random() * 3)):
                agent = f"a{source.id()[:8]}{sub}"
                path = folder / session / f"subagents/agent-{agent}.jsonl"
                written += write(path, claude(source, clock, session, turns // 4, agent))
        elif kind < 0.9:
            day = clock.now.strftime("%Y/%m/%d/rollout-%Y-%m-%dT%H-%M-%S-")
            written += write(home / f".codex/sessions/{day}{session}.jsonl", codex(source, clock, session, turns))
        else:
            path = home / f".gemini/tmp/{number % 5}/chats/session-{session[:8]}.jsonl"
            written += write(path, gemini(source, clock, session, turns))
        number += 1
    print(f"{written:,} bytes, {number} sessions below {home}")


if __name__ == "__main__":
    main()
