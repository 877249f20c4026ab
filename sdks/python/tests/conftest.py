"""A real server for each test that asks for one, in a folder of its own. TACHOGRAPH names the program."""

from __future__ import annotations

import json
import os
import re
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tachograph import EventLogger, Options

ROOT = Path(__file__).resolve().parents[3]


class Recorder:
    """A running server."""

    def __init__(self, folder: Path) -> None:
        self.program = os.environ.get("TACHOGRAPH") or str(ROOT / "target/debug/tachograph")
        self.folder = folder
        self.port = 0
        self.process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> Recorder:
        """Starts the server, on the port that it had before."""
        (self.folder / "config.toml").write_text('[otlp]\nhttp = "off"\ngrpc = "off"\n')
        self.process = subprocess.Popen(
            [self.program, "serve", "--data", str(self.folder), "--listen", f"127.0.0.1:{self.port}"],
            stdout=subprocess.PIPE,
            stderr=(self.folder / "stderr").open("a"),
            text=True,
        )
        assert self.process.stdout
        for line in self.process.stdout:
            found = re.search(r"http://127\.0\.0\.1:(\d+)", line)
            if found:
                self.port = int(found[1])
                return self
        raise AssertionError((self.folder / "stderr").read_text())

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()
            if self.process.stdout:
                self.process.stdout.close()
            self.process = None

    def sql(self, query: str) -> list[dict[str, Any]]:
        url = f"{self.url}/v1/sql?{urllib.parse.urlencode({'query': query})}"
        with urllib.request.urlopen(url) as answer:
            rows: list[dict[str, Any]] = json.load(answer)["rows"]
        return rows


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[Recorder]:
    folder = tmp_path / "data"
    folder.mkdir()
    server = Recorder(folder)
    try:
        yield server.start()
    finally:
        server.kill()


@pytest.fixture
def options(tmp_path: Path) -> Options:
    """Quick settings, a spool of the test's own, and a server that is away."""
    return Options(
        url="http://127.0.0.1:1",
        key=None,
        agent_id="test/agent",
        session_id="s-1",
        spool_dir=tmp_path / "spool",
        batch_ms=5,
        retry_min_ms=5,
        retry_max_ms=50,
        close_ms=20_000,
    )


@pytest.fixture
def logger(recorder: Recorder, options: Options) -> Iterator[EventLogger]:
    options.url = recorder.url
    with EventLogger(options=options) as made:
        yield made


@pytest.fixture
def away(options: Options) -> Iterator[tuple[EventLogger, Any]]:
    """A logger whose server is away, and a function that reads its events from the spool."""
    options.close_ms = 1000
    logger = EventLogger(options=options)

    def events() -> list[dict[str, Any]]:
        assert logger.persist()
        files = sorted(Path(options.spool_dir).rglob("*.ndjson"))
        return [json.loads(line) for path in files for line in path.read_text().splitlines()]

    yield logger, events
    logger.close()
