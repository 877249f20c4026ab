"""What the calls, the writer and the sender of one client have in common: what waits, what was counted, what is to be told.

*Invariants.* A line never changes once it has its number. Batches are sent in the order of their numbers, one at a time.
What is counted as in memory is in the queue, in a batch without a file, or being sent, and stays under its limits, together
with the inbox; on top may be one event of each thread that calls at the same time, and what the client lets calls amid a held
lock put there. An event is settled (answered for, or lost) once.

*Locks.* `disk` for whoever writes files, `lock` for the rest, held for moments only; who needs both takes `disk` first. Nothing
is sent, and no function of the caller's called, while either is held. A signal handler or a finalizer may run amid such a
moment, in the thread that holds the lock: a call from there only leaves a note (`_inbox`), and what can't be done by a note
is not done (`is_amid`). Both locks know their thread, for that question alone; nobody takes one twice.
"""

from __future__ import annotations

import dataclasses
import logging
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path

from ._inbox import Inbox, is_held
from ._item import Item, Refused
from ._options import Options
from ._receipts import Receipt, Receipts, Stats
from ._spool import Spool

#: Called from a thread of the client: what kind of trouble (`lost`, `rejected`, `unreachable`, `spool`,
#: `torn`, `settings`), and a sentence.
OnError = Callable[[str, str], None]

_UNTOLD_MAX = 1000
_log = logging.getLogger("tachograph")
_log.addHandler(logging.NullHandler())


@dataclasses.dataclass
class Batch:
    number: int
    born: float
    path: Path | None
    lines: list[bytes]  # only where there is no file
    count: int = 0
    size: int = 0
    last: int = 0


class Shared:
    """Of one client in one process: a child has another one after a fork."""

    def __init__(self, options: Options, on_error: OnError | None, inbox: Inbox[Item | Refused], is_closing: bool) -> None:
        self.options = options
        self.inbox = inbox
        self.spool = Spool(options.spool, options.spool_bytes)
        self.queue: deque[Item] = deque()
        self.ready: deque[Batch] = deque()
        self.number = 0
        self.seq = 0
        self.last_queued = 0
        self.done = 0  # the number up to which everything is settled
        self.memory_events = 0
        self.memory_bytes = 0
        self.lost_untold = 0
        self.stats = Stats()
        self.receipts = Receipts()
        self.kicks = 0
        self.is_closing = is_closing
        self.is_drained = False  # nothing comes any more
        self.lock, self.disk = threading.RLock(), threading.RLock()
        self.to_send, self.settled = threading.Condition(self.lock), threading.Condition(self.lock)
        self._on_error = on_error
        self._troubled: set[str] = set()
        self._untold: deque[tuple[str, str]] = deque(maxlen=_UNTOLD_MAX)
        self._telling = threading.local()

    def is_amid(self) -> bool:
        """Whether this is a call from amid another one of the same thread that holds a lock."""
        return is_held(self.lock) or is_held(self.disk)

    def is_full(self, size: int, more: int = 0) -> bool:
        events, held = self.memory_events + len(self.inbox), self.memory_bytes + self.inbox.bytes
        return events >= self.options.queue_events + more or held + size > self.options.queue_bytes

    def take_in(self) -> None:
        """Counts what was handed in. The caller holds `lock`."""
        for note in self.inbox.take():
            self.stats.logged += 1
            if isinstance(note, Item) and not self.is_drained:
                self.queue_up(note)
                continue
            if isinstance(note, Item):  # by a call that began before the client was closed
                note = Refused(note.event_id, "lost", "the client is closed")
            if note.status == "lost":
                self.seq += 1  # a gap that the server sees
                self.stats.lost += 1
                self.lost_untold += 1
            else:
                self.stats.rejected += 1
            if note.event_id:
                self.receipts.put(Receipt(note.event_id, note.status, reason=note.reason))

    def count(self, item: Item) -> None:
        """The caller holds `lock`."""
        self.number += 1
        item.number = self.number
        if item.seq is not None:
            self.seq += 1
            item.seq = self.seq

    def queue_up(self, item: Item) -> None:
        """The caller holds `lock`."""
        self.count(item)
        self.last_queued = item.number
        self.memory_events += 1
        self.memory_bytes += item.size
        self.stats.waiting += 1
        self.receipts.put(Receipt(item.event_id, "waiting"))
        self.queue.append(item)

    def trouble(self, kind: str, message: str, once: bool = False) -> None:
        """Tells the caller's function, or the log; `once`: not again until `is_well`. What that function records may have
        trouble of its own: told, too, it would never end."""
        if self._is_telling or (once and kind in self._troubled):
            return
        self._troubled.add(kind)
        self._untold.append((kind, message))
        self.tell_troubles()

    def is_well(self, kind: str) -> None:
        self._troubled.discard(kind)

    def tell_troubles(self) -> None:
        """While no lock is held: what is told may call this client, or wait for another thread that does."""
        while self._untold and not self.is_amid() and not self._is_telling:
            self._telling.now = True
            try:
                kind, message = self._untold.popleft()
                if callable(self._on_error):
                    self._on_error(kind, message)
                else:
                    _log.warning("%s: %s", kind, message)
            except Exception:  # the caller's own function; or another thread was first
                pass
            finally:
                self._telling.now = False

    @property
    def _is_telling(self) -> bool:
        """Whether this is a call from the function that this thread tells of trouble."""
        return getattr(self._telling, "now", False)
