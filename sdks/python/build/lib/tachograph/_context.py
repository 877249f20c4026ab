"""What a process knows of itself: host, user, commit. Read once, from files, without running anything."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

try:
    import pwd
except ImportError:  # not on Windows
    pwd = None  # type: ignore[assignment]

_DEPTH_MAX = 32


def captured(environment: str | None) -> dict[str, Any]:
    """The members that every event of this process carries."""
    context: dict[str, Any] = {"host": _host(), "user": _user()}
    commit, branch = _git(Path(os.getcwd())) if _has_cwd() else (None, None)
    metadata = {"environment": environment, "git_commit": commit, "branch": branch}
    context["metadata"] = {name: value for name, value in metadata.items() if value}
    return {name: value for name, value in context.items() if value}


def _has_cwd() -> bool:
    try:
        os.getcwd()
    except OSError:
        return False
    return True


def _host() -> str | None:
    try:
        return socket.gethostname()
    except OSError:
        return None


def _user() -> str | None:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except (AttributeError, KeyError):
        return os.environ.get("USER") or os.environ.get("USERNAME")


def _git(folder: Path) -> tuple[str | None, str | None]:
    """The commit and branch of the work tree around a folder."""
    for _ in range(_DEPTH_MAX):
        try:
            git = folder / ".git"
            if git.is_file():  # a work tree of its own, or a submodule: the file names the folder
                git = (folder / git.read_text().partition("gitdir:")[2].strip()).resolve()
            if git.is_dir():
                return _head(git)
        except (OSError, ValueError):
            return None, None
        if folder.parent == folder:
            break
        folder = folder.parent
    return None, None


def _head(git: Path) -> tuple[str | None, str | None]:
    head = (git / "HEAD").read_text().strip()
    if not head.startswith("ref: "):
        return head or None, None
    ref = head[5:]
    branch = ref.removeprefix("refs/heads/")
    common = git / "commondir"
    shared = (git / common.read_text().strip()).resolve() if common.is_file() else git
    for folder in (git, shared):
        if (folder / ref).is_file():
            return (folder / ref).read_text().strip() or None, branch
    packed = shared / "packed-refs"
    if packed.is_file():
        for line in packed.read_text().splitlines():
            commit, _, name = line.partition(" ")
            if name == ref:
                return commit, branch
    return None, branch
