"""The way of an event: a queue in memory, a file on disk, the server.

`record` hands an event in and returns; who holds the lock next puts it on the queue. The writer moves the queue to the file
of the open batch; a batch that is full or old enough is ready; the sender carries ready batches to the server one after the
other and deletes their files. Where the disk refuses, a batch stays in memory.

*Invariants.* A line never changes once it has its number. Batches are sent in the order of their numbers, one at a time.
What is counted as in memory is in the queue, in a batch without a file, or being sent, and stays under its limits, together
with the inbox; on top may be one event of each thread that calls at the same time, and what `_AMID_EVENTS` says. An event
is settled (answered for, or lost) once.

*Locks.* `_disk` for whoever writes files, `_lock` for the rest, held for moments only; who needs both takes `_disk`
first. Nothing is sent, and no function of the caller's called, while either is held. A signal handler or a finalizer may run
amid such a moment, in the thread that holds the lock: a call from there only leaves a note (`_inbox`), and what can't be done
by a note is not done (`_is_amid`). Both locks know their thread, for that question alone; nobody takes one twice.
"""

from __future__ import annotations

import dataclasses
import json
import logging
import os
import re
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, NamedTuple

from . import _lifetime, _spool
from ._answer import Split, Taken, Wait, judge
from ._http import Connection
from ._inbox import Inbox, is_held
from ._options import EVENT_BYTES_MAX, Options
from ._plain import FULL, TIGHT, encode, event_of, fitted, plain, timestamp
from ._receipts import RECEIPTS_MAX, Receipt, Receipts, Stats
from ._redact import REDACTOR
from ._spool import Spool

#: Called from a thread of the client: what kind of trouble (`lost`, `rejected`, `unreachable`, `spool`,
#: `torn`, `settings`), and a sentence.
OnError = Callable[[str, str], None]

_LARGE_BYTES = 4096  # looking for secrets in more than this is left to the writer
_PORTION_BYTES = 128 << 10
_CALL_BYTES = 8 << 10  # a call that finds memory full moves so much to disk, or one event
_PORTIONS_MAX = 4000  # more than what may be on top of full memory
# What calls amid a held lock may put on top of full memory, since they can't wait: so much as one collection of garbage may log.
_AMID_EVENTS, _AMID_BYTES = 10_000, 16 << 20
_UNTOLD_MAX = 1000
_BARE = ("event_id", "communication_id", "timestamp", "agent_id", "session_id")
_ID_FIRST = re.compile(rb'\{"(?:event_id|communication_id)":"([A-Za-z0-9_.:/-]+)"')
_GROUP_S = 0.005  # the writer lets so much come together in one write
_ADOPT_EVERY_S = 60.0
_log = logging.getLogger("tachograph")
_log.addHandler(logging.NullHandler())


@dataclasses.dataclass(slots=True)
class _Item:
    """An event on the queue. A large one is redacted and encoded by the writer, not by the caller, but in a worker."""

    number: int
    born: float
    body: bytes
    raw: dict[str, Any] | None
    size: int
    event_id: str

    def clean(self) -> None:
        """Twice at the same time does no harm."""
        raw = self.raw
        if raw is not None:
            self.body = _wire(raw)
            self.raw = None

    def line(self, producer: bytes) -> bytes:
        self.clean()
        return b'%b,"producer":"%b","producer_seq":%d}' % (self.body[:-1], producer, self.number)


class _Refused(NamedTuple):
    """An event that was not taken in."""

    event_id: str
    status: Literal["lost", "rejected"]
    reason: str


# In place of those that find no room for a receipt of their own.
_NAMELESS = {"lost": _Refused("", "lost", ""), "rejected": _Refused("", "rejected", "")}


@dataclasses.dataclass
class _Batch:
    number: int
    born: float
    path: Path | None
    lines: list[bytes]  # only where there is no file
    count: int = 0
    size: int = 0
    last: int = 0


class _GaveUp(Exception):
    """The client closes and the server is away: what waits stays on disk."""


class Client:
    """Carries events to the server. Every public method may be called from any thread, and none raises."""

    def __init__(self, options: Options, on_error: OnError | None = None) -> None:
        self.options = options
        self._on_error = on_error
        self._reset()
        _lifetime.watch(self)
        self._start()

    def warn(self, wrong: list[str]) -> None:
        """Tells of settings that can't be meant."""
        for sentence in wrong:
            self._trouble("settings", sentence)

    def _reset(self) -> None:
        """The state of a new client, and of the child after a fork."""
        self._inbox: Inbox[_Item | _Refused] = Inbox()
        self._spool = Spool(self.options.spool, self.options.spool_bytes)
        self._connection = Connection(self.options)
        self._producer = secrets.token_hex(8).encode()
        self._queue: deque[_Item] = deque()
        self._open: _Batch | None = None
        self._ready: deque[_Batch] = deque()
        self._seq = 0
        self._last_queued = 0
        self._moving = 0  # taken from the queue, not yet in a batch
        self._spool_works = True
        self._done = 0  # the number up to which everything is settled
        self._memory_events = 0
        self._memory_bytes = 0
        self._lost_untold = 0
        self._stats = Stats()
        self._receipts = Receipts()
        self._adopting = True
        self._adopted_at = 0.0
        self._failures = 0
        self._kicks = 0
        self._troubled: set[str] = set()
        self._untold: deque[tuple[str, str]] = deque(maxlen=_UNTOLD_MAX)  # troubles
        self._closing = False
        self._drained = False  # nothing comes any more
        self._threads: list[threading.Thread] = []
        # At last: in a child this thread holds those of the parent, so until now a call is one amid a held lock.
        lock = threading.RLock()
        self._to_send, self._settled = threading.Condition(lock), threading.Condition(lock)
        self._lock, self._disk = lock, threading.RLock()

    def _is_amid(self) -> bool:
        """Whether this is a call from amid another one of the same thread that holds a lock."""
        return is_held(self._lock) or is_held(self._disk)

    def _start(self) -> None:
        if self._is_amid():
            return
        with self._lock:
            if self._threads or self._closing:
                return
            self._threads = [
                threading.Thread(target=target, name=f"tachograph-{name}", daemon=True)
                for name, target in (("writer", self._write_loop), ("sender", self._send_loop))
            ]
        for thread in self._threads:
            thread.start()

    # --- the caller's side

    def record(self, event: dict[str, Any], event_id: str) -> None:
        """Takes an event in. Neither waits for the network nor raises, and looks at no more than `_plain.Size` says."""
        try:
            is_tight = (self._memory_bytes + self._inbox.bytes) * 2 > self.options.queue_bytes
            made, size = event_of(event, TIGHT if is_tight else FULL)
            is_worker = _lifetime.is_worker()
            body, raw = b"", made if size > _LARGE_BYTES and not is_worker else None
            if raw is None:
                body = _wire(made)
                size = len(body)
            if not self._threads:
                self._start()
            item = _Item(0, time.monotonic(), body, raw, size, event_id)
            for _ in range(_PORTIONS_MAX):
                found = self._put(item)
                if found == "taken":
                    if is_worker and not self._is_amid():
                        self._drain()  # a signal takes what is in memory
                    return
                if found == "no room":
                    break
                self._drain_portion(_CALL_BYTES)
            self.lose(event_id, "neither memory nor the spool has room")
        except Exception as error:
            self.lose(event_id, f"{type(error).__name__}: {error}")

    def _put(self, item: _Item) -> Literal["taken", "wait", "no room"]:
        """Hands an event in. `wait`: memory is full, and can be moved to disk or is being moved."""
        if self._closing or item.size > self.options.queue_bytes:
            return "no room"
        if self._is_full(item.size):
            movable = self._moving > 0 or bool(self._queue) or len(self._inbox) > 0
            if not movable and not self._spool_works:
                return "no room"
            if movable and not self._is_amid():
                return "wait"
            if movable and self._is_full(item.size - _AMID_BYTES, _AMID_EVENTS):
                return "no room"
        self._inbox.put(item, item.size)
        return "taken"

    def _is_full(self, size: int, more: int = 0) -> bool:
        events, held = self._memory_events + len(self._inbox), self._memory_bytes + self._inbox.bytes
        return events >= self.options.queue_events + more or held + size > self.options.queue_bytes

    def lose(self, event_id: str, reason: str) -> None:
        """Counts an event that could not be taken in."""
        reason = "the client is closed" if self._closing else reason
        self._refuse(_Refused(event_id, "lost", reason))
        self._trouble("lost", f"an event was lost: {reason}")

    def refuse(self, event_id: str, reason: str) -> None:
        """Counts what can be no event."""
        self._refuse(_Refused(event_id, "rejected", reason))
        self._trouble("rejected", f"an event was rejected: {reason}")

    def _refuse(self, note: _Refused) -> None:
        self._inbox.put(note if len(self._inbox) < RECEIPTS_MAX else _NAMELESS[note.status])
        if self._closing and not self._is_amid():  # the writer has ended, or is about to
            with self._lock:
                self._take_in()

    def _take_in(self) -> None:
        """Counts what was handed in. The caller holds `_lock`."""
        for note in self._inbox.take():
            self._stats.logged += 1
            if isinstance(note, _Item) and not self._drained:
                self._queue_up(note)
                continue
            if isinstance(note, _Item):  # by a call that began before the client was closed
                note = _Refused(note.event_id, "lost", "the client is closed")
            if note.status == "lost":
                self._seq += 1  # a gap that the server sees
                self._stats.lost += 1
                self._lost_untold += 1
            else:
                self._stats.rejected += 1
            if note.event_id:
                self._receipts.put(Receipt(note.event_id, note.status, reason=note.reason))

    def _queue_up(self, item: _Item) -> None:
        """The caller holds `_lock`."""
        self._seq += 1
        item.number = self._last_queued = self._seq
        self._memory_events += 1
        self._memory_bytes += item.size
        self._stats.waiting += 1
        self._receipts.put(Receipt(item.event_id, "waiting"))
        self._queue.append(item)

    def flush(self, timeout: float | None = None) -> bool:
        """Sends what waits; whether everything logged so far was answered for in time."""
        timeout = self.options.close_ms / 1000 if timeout is None else timeout
        if self._is_amid():
            return False
        self._start()
        self._drain(close=True)
        with self._lock:
            target = self._last_queued
            self._kicks += 1
            self._to_send.notify()
            return self._settled.wait_for(lambda: self._done >= target and not self._adopting, timeout)

    def persist(self) -> bool:
        """Writes what is in memory to disk; whether all that waits is there."""
        if self._is_amid():
            return False
        self._drain()
        with self._lock:
            batches = [*self._ready, *([self._open] if self._open else [])]
            return not self._inbox and not self._queue and all(batch.path for batch in batches)

    def receipt(self, event_id: str, timeout: float = 0.0) -> Receipt | None:
        """What became of an event; waits so long for it to be final. None: it is not known (any more)."""

        def is_final() -> bool:
            known = self._receipts.get(event_id)
            return known is None or known.is_final

        if self._is_amid():
            return self._receipts.get(event_id)
        with self._lock:
            self._take_in()
            self._settled.wait_for(is_final, timeout)
            return self._receipts.get(event_id)

    def stats(self) -> Stats:
        if self._is_amid():
            return self._counted()
        with self._lock:
            self._take_in()
            return self._counted()

    def _counted(self) -> Stats:
        return dataclasses.replace(self._stats, in_memory=self._memory_events)

    def close(self, timeout: float | None = None) -> bool:
        """Sends what waits or leaves it on disk, and ends; whether everything was answered for."""
        timeout = self.options.close_ms / 1000 if timeout is None else timeout
        if self._is_amid():
            return False
        with self._lock:
            first, self._closing = not self._closing, True
        self._inbox.wake()
        if first:
            while not self._drained:
                self._drain(close=True)
                if not self._failures:  # a server that is there is told now, else all of it is left once, at the end
                    with self._disk:
                        self._leave_lost(last=False)
                with self._lock:
                    self._drained = not self._inbox and not self._queue and self._open is None
                    self._to_send.notify()
            for thread in reversed(self._threads):
                if thread is not threading.current_thread():
                    thread.join(timeout)
            self._save_rest()
            self._tell_troubles()
        with self._lock:
            self._take_in()
            return self._done >= self._last_queued

    def _save_rest(self) -> None:
        """Gives what is in memory only a last chance on the disk."""
        with self._disk:
            for batch in [batch for batch in self._ready if not batch.path and batch.lines]:
                try:
                    batch.path = self._spool.start(batch.number)
                    self._spool.write(b"".join(line + b"\n" for line in batch.lines))
                except OSError as error:
                    batch.path = None
                    with self._lock:
                        self._stats.lost += batch.count
                        self._stats.waiting -= batch.count
                        self._lost_untold += batch.count
                        for line in batch.lines:
                            reason = f"neither sent nor kept when the client closed: {error}"
                            self._receipts.settle(Receipt(_id_of(line), "lost", reason=reason))
                        self._settled.notify_all()
                    self._trouble("lost", f"{batch.count} events could be neither sent nor kept: {error}")
            self._leave_lost(last=True)
            self._spool.remove_if_empty()

    def _leave_lost(self, last: bool) -> None:
        """Puts on disk how many events found no room, in room that is kept for this: the sender may still send it, else
        whoever takes the folder over. The caller holds `_disk`."""
        with self._lock:
            self._take_in()
            count = self._lost_untold
            if not count or self._queue or self._open is not None:  # what has a lower number goes first
                return
            self._lost_untold = 0
            self._seq += 1
            number = self._seq
        event = self._lost_event(count)
        line = _Item(number, 0.0, _wire(event), None, 0, "").line(self._producer) + b"\n"
        try:
            path = self._spool.start(number)
            self._spool.write(line, spare=True)
        except OSError as error:
            with self._lock:
                self._lost_untold += count
            if last:
                self._trouble("lost", f"that {count} events were lost could not be kept: {error}")
            return
        finally:
            self._spool.finish()
        with self._lock:
            self._ready.append(_Batch(number, 0.0, path, [], 1, len(line), number))
            self._last_queued = number
            self._stats.waiting += 1

    # --- the writer

    def _write_loop(self) -> None:
        while not self._closing:
            if self._inbox or self._queue:
                time.sleep(_GROUP_S)
            self._drain()
            self._inbox.wait(self._due_in())

    def _due_in(self) -> float | None:
        """Seconds until the open batch is old enough; None when there is none."""
        batch = self._open
        return None if batch is None else max(0.0, batch.born + self.options.batch_ms / 1000 - time.monotonic())

    def _drain(self, close: bool = False) -> None:
        """Moves the queue to the open batch; closes that when it is full, old enough, or told to."""
        is_moved = False
        while not is_moved:
            while self._drain_portion():
                pass
            with self._disk:
                if self._open is not None and (close or self._due_in() == 0.0):
                    self._close_batch(self._open)
            is_moved = not self._inbox  # a signal handler may have logged since

    def _drain_portion(self, bytes_max: int = _PORTION_BYTES) -> bool:
        """Moves the oldest of the queue; false when there was nothing to move. A caller that finds the queue full waits
        for no more than a portion or two."""
        self._clean_portion(bytes_max)
        with self._disk:
            items: deque[_Item] = deque()
            size = 0
            with self._lock:
                self._take_in()
                while self._queue and len(items) < self.options.batch_events and size < bytes_max:
                    items.append(self._queue.popleft())
                    size += items[-1].size
                moved = self._moving = len(items)
            while items:
                self._place(items)
            with self._lock:
                self._moving = 0
        self._tell_troubles()
        return moved > 0

    def _clean_portion(self, bytes_max: int) -> None:
        """Redacts what is moved next, while nobody has to wait for it."""
        due: list[_Item] = []
        size = 0
        with self._lock:
            self._take_in()
            for item in self._queue:
                if size >= bytes_max or len(due) >= self.options.batch_events:
                    break
                due.append(item)
                size += item.size
        for item in due:
            item.clean()

    def _place(self, items: deque[_Item]) -> None:
        """Puts as many events into the open batch as it holds."""
        batch = self._open or self._new_batch(items[0].number, items[0].born)
        lines: list[bytes] = []
        added, held, last = 0, 0, 0
        while items and batch.count + len(lines) < self.options.batch_events:
            item = items[0]
            line = item.line(self._producer)
            if batch.count + len(lines) and batch.size + added + len(line) + 1 > self.options.batch_bytes:
                break
            items.popleft()
            lines.append(line)
            added, held, last = added + len(line) + 1, held + item.size, item.number
        if lines:
            batch = self._write(batch, lines, held)
            batch.count, batch.size, batch.last = batch.count + len(lines), batch.size + added, last
        if items or batch.count >= self.options.batch_events:
            self._close_batch(batch)

    def _new_batch(self, number: int, born: float) -> _Batch:
        try:
            path: Path | None = self._spool.start(number)
            self._spool_works = True
            self._troubled.discard("spool")
        except OSError as error:
            path, self._spool_works = None, False
            self._trouble("spool", f"events wait in memory only: {error}", once=True)
        with self._lock:
            self._open = _Batch(number, born, path, [])
            return self._open

    def _write(self, batch: _Batch, lines: list[bytes], held: int) -> _Batch:
        """Writes lines to the batch's file, else keeps them in memory, in a batch of their own if it has lines on disk."""
        path = batch.path
        if path is not None:
            try:
                self._spool.write(b"".join(line + b"\n" for line in lines))
                with self._lock:
                    self._memory_events -= len(lines)
                    self._memory_bytes -= held
                return batch
            except OSError as error:
                self._spool_works = False
                self._trouble("spool", f"events wait in memory only: {error}", once=True)
            if batch.count:
                self._close_batch(batch)
                number = batch.last + 1
                with self._lock:
                    batch = self._open = _Batch(number, batch.born, None, [])
            else:
                batch.path = None
                self._spool.finish()
                self._spool.delete(path, 0)
        batch.lines += lines
        with self._lock:
            self._memory_bytes += sum(map(len, lines)) - held
        return batch

    def _close_batch(self, batch: _Batch) -> None:
        self._spool.finish()
        with self._lock:
            self._open = None
            if batch.count:
                self._ready.append(batch)
                self._to_send.notify()

    # --- the sender

    def _send_loop(self) -> None:
        try:
            while True:
                if self._adopting or self._adopts_in() == 0.0:
                    self._send_adopted()
                with self._lock:
                    while not self._ready and not self._drained and (wait := self._adopts_in()) != 0.0:
                        self._to_send.wait(wait)
                    if not self._ready and self._drained:
                        break
                    batch = self._ready[0] if self._ready else None
                if batch is not None:
                    self._send(batch)
            self._send_adopted()  # what workers of this process have left, who ended before it
        except _GaveUp:
            pass
        finally:
            self._connection.close()

    def _adopts_in(self) -> float:
        """Seconds until it is time to look for what others have left; also of a program that logs nothing and lives long, as one that
        only starts workers does."""
        return max(0.0, self._adopted_at + _ADOPT_EVERY_S - time.monotonic())

    def _send_adopted(self) -> None:
        """Sends what ended processes have left."""
        self._adopted_at = time.monotonic()
        for folder in self._spool.adopt():
            for path in _spool.batches(folder):
                try:
                    lines, torn = _spool.read(path)
                except OSError:
                    continue
                if torn:
                    self._stats.torn += torn
                    self._trouble("torn", f"{path.name}: {torn} lines were cut off by a crash")
                for start in range(0, len(lines), self.options.batch_events):
                    self._deliver(lines[start : start + self.options.batch_events], own=False)
                path.unlink(missing_ok=True)
            try:
                folder.rmdir()
            except OSError:
                pass
        with self._lock:
            self._adopting = False
            self._settled.notify_all()

    def _send(self, batch: _Batch) -> None:
        if batch.path is not None:
            with self._lock:
                is_full = self._memory_events + batch.count > self.options.queue_events
            if is_full:
                self._drain()
            try:
                batch.lines = batch.path.read_bytes().split(b"\n")[:-1]
            except OSError as error:
                self._trouble("spool", f"a batch could not be read and is left to others: {error}")
                with self._lock:
                    self._stats.waiting -= batch.count
            with self._lock:
                self._memory_events += len(batch.lines)
                self._memory_bytes += batch.size
        try:
            if batch.lines:
                self._deliver(batch.lines, own=True)
        except _GaveUp:
            if batch.path is not None:
                batch.lines = []
            raise
        with self._disk:
            if batch.path is not None:
                self._spool.delete(batch.path, batch.size)
        with self._lock:
            self._ready.popleft()
            self._memory_events -= len(batch.lines)
            self._memory_bytes -= batch.size if batch.path is not None else sum(map(len, batch.lines))
            self._done = batch.last
            self._settled.notify_all()
        self._tell_lost()

    def _deliver(self, lines: list[bytes], own: bool) -> None:
        """Sends lines until they are answered for. Raises _GaveUp."""
        limits = self.options.retry_min_ms / 1000, self.options.retry_max_ms / 1000
        while True:
            kicks = self._kicks
            verdict = judge(self._connection.post(lines), len(lines), self._failures, *limits)
            if isinstance(verdict, Wait):
                self._await(verdict, kicks)
                continue
            self._failures = 0
            self._troubled.discard("unreachable")
            self._stats.last_error = None
            if isinstance(verdict, Split) and len(lines) > 1:
                half = (len(lines) + 1) // 2
                self._deliver(lines[:half], own)
                self._deliver(lines[half:], own)
            elif isinstance(verdict, Split):
                self._settle(lines, Taken(0, 0, refused={0: verdict.reason}), own)
            else:
                self._settle(lines, verdict, own)
            return

    def _await(self, verdict: Wait, kicks: int) -> None:
        self._failures += 1
        self._stats.last_error = verdict.reason
        self._trouble("unreachable", f"events wait: {verdict.reason}", once=True)
        with self._lock:
            if self._closing:
                raise _GaveUp
            # A flush asks again at once, unless the server has named a time.
            self._to_send.wait_for(
                lambda: self._closing or not verdict.asked and self._kicks > kicks, verdict.seconds
            )
            if self._closing and verdict.asked:
                raise _GaveUp

    def _settle(self, lines: list[bytes], taken: Taken, own: bool) -> None:
        good = len(lines) - len(taken.refused)
        duplicates = min(taken.duplicates, good)
        index = taken.first_index if not duplicates and taken.accepted == good else None
        if index is not None and taken.last_index != index + good - 1:
            index = None  # others came in between
        with self._lock:
            for at, line in enumerate(lines):
                event_id = _id_of(line)
                if at in taken.refused:
                    self._receipts.settle(Receipt(event_id, "rejected", reason=taken.refused[at]))
                    continue
                status = "duplicate" if duplicates == good else "recorded"
                self._receipts.settle(Receipt(event_id, status, index))  # type: ignore[arg-type]
                index = None if index is None else index + 1
            if own:
                self._stats.recorded += good - duplicates
                self._stats.duplicates += duplicates
                self._stats.rejected += len(taken.refused)
                self._stats.waiting -= len(lines)
            else:
                self._stats.adopted += good
            self._settled.notify_all()
        for reason in list(taken.refused.values())[:1]:
            self._trouble("rejected", f"the server refused {len(taken.refused)} events: {reason}")

    def _tell_lost(self) -> None:
        """Records how many events found no room, now that there is some."""
        with self._lock:
            count = self._lost_untold
            if not count or self._closing:
                return
            self._lost_untold = 0
        event = self._lost_event(count)
        body = _wire(event)
        with self._lock:
            self._take_in()
            if self._closing or self._is_full(len(body)):
                self._lost_untold += count  # the next answer makes room
            else:
                self._queue_up(_Item(0, time.monotonic(), body, None, len(body), event["event_id"]))
        self._drain(close=True)

    def _lost_event(self, count: int) -> dict[str, Any]:
        agent = {"agent_id": self.options.agent_id} if self.options.agent_id else {}
        event: dict[str, Any] = plain(
            {
                "event_id": new_id(),
                "timestamp": timestamp(),
                **agent,
                "session_id": self.options.session_id,
                "action_type": "log",
                "action_name": "events_lost",
                "level": "WARNING",
                "action_details": {"count": count},
            }
        )
        return event

    def _trouble(self, kind: str, message: str, once: bool = False) -> None:
        if once and kind in self._troubled:
            return
        self._troubled.add(kind)
        self._untold.append((kind, message))
        self._tell_troubles()

    def _tell_troubles(self) -> None:
        """While no lock is held: what is told may call this client, or wait for another thread that does."""
        while self._untold and not self._is_amid():
            try:
                kind, message = self._untold.popleft()
                if callable(self._on_error):
                    self._on_error(kind, message)
                else:
                    _log.warning("%s: %s", kind, message)
            except Exception:  # the caller's own function; or another thread was first
                pass

    # --- forks

    def before_fork(self) -> None:
        """Everything is on disk, where it is the parent's, and no lock is held by another thread."""
        if not self._is_amid():
            self._drain()
        self._disk.acquire()
        self._lock.acquire()

    def after_fork_in_parent(self) -> None:
        self._lock.release()
        self._disk.release()

    def after_fork_in_child(self) -> None:
        """A client of its own; the parent keeps what it has logged."""
        was_closing, spool = self._closing, self._spool
        self._reset()
        self._closing = was_closing
        spool.finish()


def _wire(event: dict[str, Any]) -> bytes:
    try:
        return fitted(REDACTOR.event(event), EVENT_BYTES_MAX)
    except Exception as error:  # what could not be looked at is not written
        kept = {name: event[name] for name in _BARE if isinstance(event.get(name), str)}
        return encode(kept | {"action_name": "unreadable", "error": type(error).__name__})


def new_id() -> str:
    """A UUID of version 7: its beginning is the time, so ids sort as they were given."""
    now = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    value = (now & 0xFFFF_FFFF_FFFF) << 80 | random & 0xFFFF_FFFF_FFFF_FFFF_FFFF
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _id_of(line: bytes) -> str:
    found = _ID_FIRST.match(line)
    if found:
        return found[1].decode()
    event = json.loads(line)
    return str(event.get("event_id") or event.get("communication_id") or "")
