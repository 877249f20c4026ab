"""The ends and forks of a process, seen once for all clients in it."""

from __future__ import annotations

import atexit
import os
import sys
import threading
import weakref
from typing import Protocol, TypeVar


class Watched(Protocol):
    def close(self, timeout: float | None = None) -> bool: ...

    def before_fork(self) -> None: ...

    def after_fork_in_parent(self) -> None: ...

    def after_fork_in_child(self) -> None: ...


class Renewed(Protocol):
    def _renew(self) -> None: ...


# Changed and copied in one step each, which a `WeakSet` is not: a signal handler may make a client while they are read.
_clients: set[weakref.ref[Watched]] = set()
_renewed: set[weakref.ref[Renewed]] = set()
_forking: list[list[Watched]] = []  # more than one where a signal handler forks amid a fork
_IMPORTED_BY = os.getpid()
_watching = threading.RLock()  # held while the sets change or are read, and across a fork
_Kind = TypeVar("_Kind")


def watch(client: Watched) -> None:
    """Closes the client when the process ends, and keeps it whole when it forks."""
    with _watching:
        _clients.add(weakref.ref(client, _clients.discard))


def renew(owner: Renewed) -> None:
    """Gives what has locks, and nothing to keep whole, new ones in a child: its own may be held by no thread there."""
    with _watching:
        _renewed.add(weakref.ref(owner, _renewed.discard))


def _alive(refs: set[weakref.ref[_Kind]]) -> list[_Kind]:
    return [found for ref in list(refs) if (found := ref()) is not None]


def is_worker() -> bool:
    """Whether this process was forked, or is a child of `multiprocessing` or `billiard`, which may start them otherwise. Such a one is
    ended as a matter of course and nothing of ours runs after it: a `Pool` ends its workers with SIGTERM, and those of Celery end
    by `os._exit`, as most do that a program forks by itself."""
    if os.getpid() != _IMPORTED_BY:
        return True
    parent_process = getattr(sys.modules.get("multiprocessing.process"), "parent_process", None)
    if parent_process is not None and parent_process() is not None:
        return True
    current_process = getattr(sys.modules.get("billiard.process"), "current_process", None)
    return current_process is not None and getattr(current_process(), "_parent_pid", None) is not None


def _close_all() -> None:
    with _watching:
        clients = _alive(_clients)
    for client in clients:
        client.close()


def _before_fork() -> None:
    _watching.acquire()
    clients = sorted(_alive(_clients), key=id)
    _forking.append(clients)
    for client in clients:
        client.before_fork()
    _watch_multiprocessing()


def _after_fork_in_parent() -> None:
    for client in _forking.pop():
        client.after_fork_in_parent()
    _watching.release()


def _after_fork_in_child() -> None:
    for client in _forking.pop():
        client.after_fork_in_child()
    for owner in _alive(_renewed):
        owner._renew()
    _watching.release()


def _watch_multiprocessing() -> None:
    """A child of `multiprocessing` ends without `atexit`, by finalizers of its own that it clears when it starts; so does one of
    `billiard`, which has the same ones, but for those of its pool."""
    register = getattr(sys.modules.get("multiprocessing.util"), "register_after_fork", None)
    if register is None or _MULTIPROCESSING.is_registered:  # not there, or not imported to its end
        return
    register(_MULTIPROCESSING, _MultiprocessingEnd.install)
    _MULTIPROCESSING.is_registered = True  # else each of many forks would add one, and each child run them all


class _MultiprocessingEnd:
    is_registered = False

    def install(self) -> None:
        util = sys.modules["multiprocessing.util"]
        util.Finalize(None, _close_all, exitpriority=0)


_MULTIPROCESSING = _MultiprocessingEnd()

# Once, when the client is imported: a fork between a first client and its registration would see neither.
atexit.register(_close_all)
_watch_multiprocessing()  # a child that was not forked from here imports the client before it clears them
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork_in_child
    )
