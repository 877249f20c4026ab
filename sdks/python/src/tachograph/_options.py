"""Settings: what the caller says, else the environment, else the default. Nothing here raises."""

from __future__ import annotations

import hashlib
import os
import uuid
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

DEFAULT_URL = "http://127.0.0.1:7420"
EVENTS_PATH = "/v1/events"

# An event of the server's size would leave no room for the number that is put in last.
EVENT_BYTES_MAX = (1 << 20) - (1 << 16)


def _env(name: str) -> str | None:
    return os.environ.get(name) or None


def _spool_root() -> Path:
    named = _env("AUDIT_LOG_SPOOL")
    if named:
        return Path(named)
    state = _env("XDG_STATE_HOME")
    return (Path(state) if state else _state()) / "tachograph"


def _state() -> Path:
    """The user's folder for what outlives a program. Who has no home, as a container's bare number has none, is `~` to Python: a
    folder wherever the program happens to stand, which the next one would not find."""
    home = os.path.expanduser("~")
    return Path(home) / ".local" / "state" if os.path.isabs(home) else Path(_env("TMPDIR") or "/tmp")


@dataclass
class Options:
    """The settings of one client. The same names and defaults in every language."""

    url: str = field(default_factory=lambda: _env("AUDIT_LOG_URL") or DEFAULT_URL)
    key: str | None = field(default_factory=lambda: _env("AUDIT_LOG_KEY"))
    ca_file: str | None = field(default_factory=lambda: _env("AUDIT_LOG_CA_FILE"))
    agent_id: str | None = field(default_factory=lambda: _env("AGENT_ID"))
    session_id: str = field(default_factory=lambda: _env("SESSION_ID") or str(uuid.uuid4()))
    environment: str | None = field(default_factory=lambda: _env("AUDIT_LOG_ENVIRONMENT"))
    spool_dir: str | os.PathLike[str] = field(default_factory=_spool_root)
    spool_bytes: int = 64 << 20
    batch_events: int = 100
    batch_bytes: int = 1 << 20
    batch_ms: int = 5000
    queue_events: int = 10_000
    queue_bytes: int = 16 << 20
    timeout_ms: int = 10_000
    retry_min_ms: int = 500
    retry_max_ms: int = 60_000
    close_ms: int = 5000

    @property
    def events_url(self) -> str:
        """Where events are posted to: an address with a path is taken as it stands."""
        url = _whole(self.url)
        try:
            has_path = urlsplit(url).path not in ("", "/")
        except ValueError:
            has_path = False
        return url if has_path else url + EVENTS_PATH

    @property
    def base_url(self) -> str:
        """The server without a path, for questions."""
        parts = urlsplit(_whole(self.url))
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def spool(self) -> Path:
        """Each address has a folder of its own: what was meant for one server never reaches another."""
        server = hashlib.sha256(self.events_url.encode("utf-8", "replace")).hexdigest()[:16]
        return Path(self.spool_dir) / "client" / server


def meant(options: Any, given: dict[str, Any]) -> tuple[Options, list[str]]:
    """The options with what is given on top. What can't be meant is the default, and is told in a sentence."""
    wrong = []
    if not isinstance(options, Options):
        if options is not None:
            wrong.append(f"options: expected Options, found {type(options).__name__}")
        options = Options()
    otherwise = Options()
    kept: dict[str, Any] = {}
    for member in fields(Options):
        value = given.get(member.name, getattr(options, member.name))
        expected = _expected(member.name, value, getattr(otherwise, member.name))
        if expected:
            wrong.append(f"{member.name}: expected {expected}, found {type(value).__name__}; the default is used")
            value = getattr(otherwise, member.name)
        kept[member.name] = value
    if not _is_address(kept["url"]):
        found = kept["url"].rpartition("@")[2].partition("?")[0][:100]  # a password may be in the rest
        wrong.append(f'url: expected an address such as {DEFAULT_URL}, found "{found}"; the default is used')
        kept["url"] = otherwise.url if _is_address(otherwise.url) else DEFAULT_URL
    kept["url"] = _whole(kept["url"])
    return replace(options, **kept), wrong


def _whole(url: str) -> str:
    """The address as it is meant: without blanks around it or a slash behind it, `http` where it names no scheme."""
    scheme, separator, rest = url.strip().partition("://")
    if not separator:
        scheme, rest = "http", scheme
    return f"{scheme}://{rest.rstrip('/')}"


def _is_address(url: str) -> bool:
    """Whether a request could be sent there."""
    whole = _whole(url)
    try:
        parts = urlsplit(whole)
        host = (parts.hostname or "").encode("idna")
        f"{parts.path}?{parts.query}".encode("ascii")
        parts.port  # noqa: B018  raises where it is none
    except ValueError:
        return False
    return bool(host) and parts.scheme in ("http", "https") and not any(sign.isspace() or sign < " " for sign in whole)


_OPTIONAL = ("key", "ca_file", "agent_id", "environment")


def _expected(name: str, value: Any, otherwise: Any) -> str:
    """What was expected in place of the value; nothing when it is good."""
    if name == "spool_dir":
        return "" if isinstance(value, (str, os.PathLike)) else "a path"
    if isinstance(otherwise, int):
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 1 << 62
        return "" if is_number else "a number from 0 up"
    return "" if isinstance(value, str) or value is None and name in _OPTIONAL else "a text"
