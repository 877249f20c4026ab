"""The way of an event: a queue in memory, a file on disk, the server.

`record` hands an event in and returns; who holds the lock next puts it on the queue. The writer moves the queue to the file
of the open batch; a batch that is full or old enough is ready; the sender carries ready batches to the server one after the
other and deletes their files. Where the disk refuses, a batch stays in memory. What holds of all three, and the rules of their
locks, stand in `_shared`.
"""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable
from typing import Any, Literal

from . import _lifetime
from ._inbox import Inbox
from ._item import Item, Refused
from ._options import Options
from ._plain import FULL, TIGHT, event_of
from ._receipts import RECEIPTS_MAX, Receipt, Stats
from ._sender import Sender
from ._shared import OnError, Shared
from ._writer import Writer

_LARGE_BYTES = 4096  # looking for secrets in more than this is left to the writer
_CALL_BYTES = 8 << 10  # a call that finds memory full moves so much to disk, or one event
_PORTIONS_MAX = 4000  # more than what may be on top of full memory
# What calls amid a held lock may put on top of full memory, since they can't wait: so much as one collection of garbage may log.
_AMID_EVENTS, _AMID_BYTES = 10_000, 16 << 20

# In place of those that find no room for a receipt of their own.
_NAMELESS = {"lost": Refused("", "lost", ""), "rejected": Refused("", "rejected", "")}


class Client:
    """Carries events to the server. Every public method may be called from any thread, and none raises."""

    def __init__(self, options: Options, on_error: OnError | None = None) -> None:
        self.options = options
        self._on_error = on_error
        self._begin(Inbox(), is_closing=False)
        _lifetime.watch(self)
        self._start()

    def warn(self, wrong: list[str]) -> None:
        """Tells of settings that can't be meant."""
        for sentence in wrong:
            self._shared.trouble("settings", sentence)

    def _begin(self, inbox: Inbox[Item | Refused], is_closing: bool) -> None:
        """What a new client has, and the child after a fork."""
        shared = Shared(self.options, self._on_error, inbox, is_closing)
        self._threads: list[threading.Thread] = []
        self._writer = Writer(shared)
        self._sender = Sender(shared, self._writer)
        # At last: in a child this thread holds the parent's locks, so until now a call is one amid a held lock.
        self._shared = shared

    def _start(self) -> None:
        shared = self._shared
        if shared.is_amid():
            return
        with shared.lock:
            if self._threads or shared.is_closing:
                return
            self._threads = [
                threading.Thread(target=self._run, args=(run,), name=f"tachograph-{name}", daemon=True)
                for name, run in (("writer", self._writer.run), ("sender", self._sender.run))
            ]
        for thread in self._threads:
            thread.start()

    def _run(self, run: Callable[[], None]) -> None:
        """A running client is kept, whoever drops it: what was logged waits to be sent when the process ends."""
        run()

    # --- handing in

    def record(self, event: dict[str, Any], event_id: str, *, is_callers: bool = False) -> None:
        """Takes an event in; `is_callers`: its id is. Neither waits for the network nor raises, and looks at no more than `_plain.Size` says."""
        try:
            shared = self._shared
            is_tight = (shared.memory_bytes + shared.inbox.bytes) * 2 > self.options.queue_bytes
            made, size = event_of(event, TIGHT if is_tight else FULL)
            item = Item(0, None if is_callers else 0, time.monotonic(), b"", made, size, event_id)
            is_worker = _lifetime.is_worker()
            if size <= _LARGE_BYTES or is_worker:
                item.clean()
                item.size = len(item.body)
            if not self._threads:
                self._start()
            for _ in range(_PORTIONS_MAX):
                found = self._put(item)
                if found == "taken":
                    if is_worker and not shared.is_amid():
                        self._writer.drain()  # a signal takes what is in memory
                    return
                if found == "no room":
                    break
                self._writer.drain_portion(_CALL_BYTES)
            self.lose(event_id, "neither memory nor the spool has room")
        except Exception as error:
            self.lose(event_id, f"{type(error).__name__}: {error}")

    def _put(self, item: Item) -> Literal["taken", "wait", "no room"]:
        """Hands an event in. `wait`: memory is full, and can be moved to disk or is being moved."""
        shared, writer = self._shared, self._writer
        if shared.is_closing or item.size > self.options.queue_bytes:
            return "no room"
        if shared.is_full(item.size):
            movable = writer.moving > 0 or bool(shared.queue) or len(shared.inbox) > 0
            if not movable and not writer.spool_works:
                return "no room"
            if movable and not shared.is_amid():
                return "wait"
            if movable and shared.is_full(item.size - _AMID_BYTES, _AMID_EVENTS):
                return "no room"
        shared.inbox.put(item, item.size)
        return "taken"

    def lose(self, event_id: str, reason: str) -> None:
        """Counts an event that could not be taken in."""
        reason = "the client is closed" if self._shared.is_closing else reason
        self._refuse(Refused(event_id, "lost", reason))
        self._shared.trouble("lost", f"an event was lost: {reason}")

    def refuse(self, event_id: str, reason: str) -> None:
        """Counts what can be no event."""
        self._refuse(Refused(event_id, "rejected", reason))
        self._shared.trouble("rejected", f"an event was rejected: {reason}")

    def _refuse(self, note: Refused) -> None:
        shared = self._shared
        shared.inbox.put(note if len(shared.inbox) < RECEIPTS_MAX else _NAMELESS[note.status])
        if shared.is_closing and not shared.is_amid():  # the writer has ended, or is about to
            with shared.lock:
                shared.take_in()

    # --- asking

    def flush(self, timeout: float | None = None) -> bool:
        """Sends what waits; whether everything logged so far was answered for in time."""
        timeout = self.options.close_ms / 1000 if timeout is None else timeout
        shared, sender = self._shared, self._sender
        if shared.is_amid():
            return False
        self._start()
        self._writer.drain(close=True)
        with shared.lock:
            target = shared.last_queued
            shared.kicks += 1
            shared.to_send.notify()
            return shared.settled.wait_for(lambda: shared.done >= target and not sender.is_adopting, timeout)

    def persist(self) -> bool:
        """Writes what is in memory to disk; whether all that waits is there."""
        shared, writer = self._shared, self._writer
        if shared.is_amid():
            return False
        writer.drain()
        with shared.lock:
            batches = [*shared.ready, *([writer.open] if writer.open else [])]
            return not shared.inbox and not shared.queue and all(batch.path for batch in batches)

    def receipt(self, event_id: str, timeout: float = 0.0) -> Receipt | None:
        """What became of an event; waits so long for it to be final. None: it is not known (any more)."""
        shared = self._shared

        def is_final() -> bool:
            known = shared.receipts.get(event_id)
            return known is None or known.is_final

        if shared.is_amid():
            return shared.receipts.get(event_id)
        with shared.lock:
            shared.take_in()
            shared.settled.wait_for(is_final, timeout)
            return shared.receipts.get(event_id)

    def stats(self) -> Stats:
        shared = self._shared
        if shared.is_amid():
            return self._counted()
        with shared.lock:
            shared.take_in()
            return self._counted()

    def _counted(self) -> Stats:
        return dataclasses.replace(self._shared.stats, in_memory=self._shared.memory_events)

    # --- the end of a client, and of a process

    def close(self, timeout: float | None = None) -> bool:
        """Sends what waits or leaves it on disk, and ends; whether everything was answered for."""
        timeout = self.options.close_ms / 1000 if timeout is None else timeout
        shared, writer = self._shared, self._writer
        if shared.is_amid():
            return False
        with shared.lock:
            first, shared.is_closing = not shared.is_closing, True
        shared.inbox.wake()
        if first:
            while not shared.is_drained:
                writer.drain(close=True)
                if not self._sender.failures:  # a server that is there is told now, else all of it is left once, at the end
                    writer.tell_lost()
                with shared.lock:
                    shared.is_drained = not shared.inbox and not shared.queue and writer.open is None
                    shared.to_send.notify()
            for thread in reversed(self._threads):
                if thread is not threading.current_thread():
                    thread.join(timeout)
            writer.save_rest()
            shared.tell_troubles()
        with shared.lock:
            shared.take_in()
            return shared.done >= shared.last_queued

    def before_fork(self) -> None:
        """Everything is on disk, where it is the parent's, and no lock is held by another thread."""
        if not self._shared.is_amid():
            self._writer.drain()
        self._shared.disk.acquire()
        self._shared.lock.acquire()

    def after_fork_in_parent(self) -> None:
        self._shared.lock.release()
        self._shared.disk.release()

    def after_fork_in_child(self) -> None:
        """A client of its own; the parent keeps what it has logged."""
        parents, inbox = self._shared, Inbox[Item | Refused]()
        parents.inbox = inbox  # what a signal handler logs from here on is the child's
        self._begin(inbox, parents.is_closing)
        parents.spool.finish()
