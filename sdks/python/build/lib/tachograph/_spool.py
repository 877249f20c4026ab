"""The files in which events wait: docs/formats/client-spool.md.

One folder for each client in each process, one file for each batch. Only the owner writes, so there are no locks between
processes; who finds a folder whose owner has ended takes it over by renaming it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import socket
import time
from pathlib import Path

_VERSION = "v1"
_SUFFIX = ".ndjson"
_LEFT_S = 3600.0  # a folder of another host counts as left when nothing has changed for so long
_FOLDERS_MAX = 1000
# What changed before then is not of this process; less some time, as the disk's clock goes by ticks.
_BEGAN = time.time() - 1.0
_SPARE_BYTES = 4096  # beside the limit: room to say what found none


class Spool:
    """The folder of one client. Errors of the disk are OSError; the caller goes on in memory."""

    def __init__(self, root: Path, bytes_max: int) -> None:
        self._root = root
        self._bytes_max = bytes_max
        self._host = _host()
        self.folder = self._own_name()
        self.bytes = 0
        self._fd = -1
        self._path = self.folder
        self._size = 0

    def _own_name(self) -> Path:
        return self._root / f"{_VERSION}-{self._host}-{os.getpid()}-{secrets.token_hex(8)}"

    def start(self, number: int) -> Path:
        """Begins the file of a batch. Raises OSError."""
        self.finish()
        os.makedirs(self.folder, mode=0o700, exist_ok=True)
        path = self.folder / f"{number:016d}{_SUFFIX}"
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._path, self._size = path, 0
        return path

    def write(self, lines: bytes, *, spare: bool = False) -> None:
        """Appends whole lines to the file that was begun, all or none; `spare`: into the room kept for what must be
        said at the end. Raises OSError."""
        if self.bytes + len(lines) > self._bytes_max + (_SPARE_BYTES if spare else 0):
            raise OSError(f"the spool holds {self.bytes} bytes, at most {self._bytes_max}")
        written = 0
        try:
            while written < len(lines):
                written += os.write(self._fd, lines[written:] if written else lines)
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self._fd, self._size)
            raise
        self._size += written
        self.bytes += written

    def finish(self) -> None:
        """No more is written to the file that was begun."""
        if self._fd >= 0:
            with contextlib.suppress(OSError):
                os.close(self._fd)
        self._fd = -1

    def delete(self, path: Path, size: int) -> None:
        self.bytes -= size
        with contextlib.suppress(OSError):
            path.unlink()

    def remove_if_empty(self) -> None:
        self.finish()
        for folder in (self.folder, self._root):
            with contextlib.suppress(OSError):
                folder.rmdir()

    def adopt(self) -> list[Path]:
        """Takes over the folders whose owners have ended, oldest first."""
        taken = []
        for folder in self._left():
            mine = self._own_name()
            with contextlib.suppress(OSError):  # another was first
                os.utime(folder)  # seen to be in use, also by other clients of this process
                folder.rename(mine)
                taken.append(mine)
        return taken

    def _left(self) -> list[Path]:
        found = []
        with contextlib.suppress(OSError):
            for entry in list(os.scandir(self._root))[:_FOLDERS_MAX]:
                parts = entry.name.split("-")
                if len(parts) == 4 and parts[0] == _VERSION and self._is_left(entry, parts[1], parts[2]):
                    found.append((entry.stat().st_mtime, Path(entry.path)))
        return [path for _, path in sorted(found)]

    def _is_left(self, entry: os.DirEntry[str], host: str, pid: str) -> bool:
        if entry.name == self.folder.name or not pid.isdigit():
            return False
        if host != self._host:
            return time.time() - entry.stat().st_mtime > _LEFT_S
        if int(pid) == os.getpid():
            # A container that was started again has the name of the process before it.
            return entry.stat().st_mtime < _BEGAN
        return not _lives(int(pid))


def batches(folder: Path) -> list[Path]:
    """The files of a folder in the order in which they are sent."""
    try:
        return sorted(path for path in folder.iterdir() if path.suffix == _SUFFIX)
    except OSError:
        return []


def read(path: Path) -> tuple[list[bytes], int]:
    """The lines of a batch, and how many could not be read: a crash may have cut off the last one. Raises OSError."""
    whole = path.read_bytes().split(b"\n")
    torn = 1 if whole.pop() else 0
    lines = []
    for line in whole:
        if _is_event(line):
            lines.append(line)
        else:
            torn += 1
    return lines, torn


def _is_event(line: bytes) -> bool:
    # A machine that goes down may leave zeros; what is no JSON would be refused for ever.
    if not (line.startswith(b"{") and line.endswith(b"}")):
        return False
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return not _is_zombie(pid)


def _is_zombie(pid: int) -> bool:
    """Ended, but its parent has not asked for it yet."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] in "ZX"


def _host() -> str:
    return hashlib.sha256(socket.gethostname().encode()).hexdigest()[:8]
