"""What calls hand in, for whoever holds the client's lock to take in.

A call may come from a signal handler or a finalizer: at any bytecode of any thread, the client's own among them, so also
amid a change of the client's state by that very thread. It can neither wait for the lock that its thread holds, nor look at
what is half changed, which a lock that lets the same thread in twice would have it do. So a call takes no lock: it leaves a
note here, and goes.

*Invariants.* Notes are taken in the order in which they were put. `put` and `wake` may interrupt themselves and every other
method, in any thread: `deque.append` and `SimpleQueue.put` are one step each. Whoever is woken finds each note that was
put before.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections import deque
from collections.abc import Iterator
from typing import Generic, TypeVar

Note = TypeVar("Note")


def is_held(lock: threading.RLock) -> bool:
    """Whether this very thread holds the lock. `threading.Condition` asks it in the same way; there is no public one."""
    return bool(lock._is_owned())  # type: ignore[attr-defined]


class Inbox(Generic[Note]):
    def __init__(self) -> None:
        self._notes: deque[Note] = deque()
        self._woken: queue.SimpleQueue[None] = queue.SimpleQueue()
        #: About so much is in the notes: two calls that add at the same time may count as one, until the next `take`.
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._notes)

    def put(self, note: Note, size: int = 0) -> None:
        self._notes.append(note)
        self.bytes += size
        self.wake()

    def take(self) -> Iterator[Note]:
        """All notes, also those that come meanwhile. For one thread at a time."""
        self.bytes = 0
        while self._notes:
            yield self._notes.popleft()

    def wake(self) -> None:
        if self._woken.empty():
            self._woken.put(None)

    def wait(self, seconds: float | None) -> None:
        """Until something was put or `wake` called since the last time, or so long. For one thread at a time."""
        with contextlib.suppress(queue.Empty):
            self._woken.get(timeout=seconds)
