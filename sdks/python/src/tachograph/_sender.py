"""From batches to the server: its own, one after the other, and those that ended processes have left."""

from __future__ import annotations

import time

from . import _spool
from ._answer import Split, Taken, Wait, judge
from ._http import Connection
from ._item import Item, id_of, lost_event, wire
from ._receipts import Receipt
from ._shared import Batch, Shared
from ._writer import Writer

_ADOPT_EVERY_S = 60.0


class _GaveUp(Exception):
    """The client closes and the server is away: what waits stays on disk."""


class Sender:
    def __init__(self, shared: Shared, writer: Writer) -> None:
        self._shared = shared
        self._writer = writer
        self._connection = Connection(shared.options)
        self._adopted_at = 0.0
        self.is_adopting = True
        self.failures = 0  # in a row

    def run(self) -> None:
        shared = self._shared
        try:
            while True:
                if self.is_adopting or self._adopts_in() == 0.0:
                    self._send_adopted()
                with shared.lock:
                    while not shared.ready and not shared.is_drained and (wait := self._adopts_in()) != 0.0:
                        shared.to_send.wait(wait)
                    if not shared.ready and shared.is_drained:
                        break
                    batch = shared.ready[0] if shared.ready else None
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
        shared = self._shared
        self._adopted_at = time.monotonic()
        for folder in shared.spool.adopt():
            for path in _spool.batches(folder):
                try:
                    lines, torn = _spool.read(path)
                except OSError:
                    continue
                if torn:
                    shared.stats.torn += torn
                    shared.trouble("torn", f"{path.name}: {torn} lines were cut off by a crash")
                for start in range(0, len(lines), shared.options.batch_events):
                    self._deliver(lines[start : start + shared.options.batch_events], own=False)
                path.unlink(missing_ok=True)
            try:
                folder.rmdir()
            except OSError:
                pass
        with shared.lock:
            self.is_adopting = False
            shared.settled.notify_all()

    def _send(self, batch: Batch) -> None:
        shared = self._shared
        if batch.path is not None:
            with shared.lock:
                is_full = shared.memory_events + batch.count > shared.options.queue_events
            if is_full:
                self._writer.drain()
            try:
                batch.lines = batch.path.read_bytes().split(b"\n")[:-1]
            except OSError as error:
                shared.trouble("spool", f"a batch could not be read and is left to others: {error}")
                with shared.lock:
                    shared.stats.waiting -= batch.count
            with shared.lock:
                shared.memory_events += len(batch.lines)
                shared.memory_bytes += batch.size
        try:
            if batch.lines:
                self._deliver(batch.lines, own=True)
        except _GaveUp:
            if batch.path is not None:
                batch.lines = []
            raise
        with shared.disk:
            if batch.path is not None:
                shared.spool.delete(batch.path, batch.size)
        with shared.lock:
            shared.ready.popleft()
            shared.memory_events -= len(batch.lines)
            shared.memory_bytes -= batch.size if batch.path is not None else sum(map(len, batch.lines))
            shared.done = batch.last
            shared.settled.notify_all()
        self._tell_lost()

    def _deliver(self, lines: list[bytes], own: bool) -> None:
        """Sends lines until they are answered for. Raises _GaveUp."""
        shared = self._shared
        limits = shared.options.retry_min_ms / 1000, shared.options.retry_max_ms / 1000
        while True:
            kicks = shared.kicks
            verdict = judge(self._connection.post(lines), len(lines), self.failures, *limits)
            if isinstance(verdict, Wait):
                self._await(verdict, kicks)
                continue
            self.failures = 0
            shared.is_well("unreachable")
            shared.stats.last_error = None
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
        shared = self._shared
        self.failures += 1
        shared.stats.last_error = verdict.reason
        shared.trouble("unreachable", f"events wait: {verdict.reason}", once=True)
        with shared.lock:
            if shared.is_closing:
                raise _GaveUp
            # A flush asks again at once, unless the server has named a time.
            shared.to_send.wait_for(
                lambda: shared.is_closing or not verdict.asked and shared.kicks > kicks, verdict.seconds
            )
            if shared.is_closing and verdict.asked:
                raise _GaveUp

    def _settle(self, lines: list[bytes], taken: Taken, own: bool) -> None:
        shared, stats = self._shared, self._shared.stats
        good = len(lines) - len(taken.refused)
        duplicates = min(taken.duplicates, good)
        index = taken.first_index if not duplicates and taken.accepted == good else None
        if index is not None and taken.last_index != index + good - 1:
            index = None  # others came in between
        with shared.lock:
            for at, line in enumerate(lines):
                event_id = id_of(line)
                if at in taken.refused:
                    shared.receipts.settle(Receipt(event_id, "rejected", reason=taken.refused[at]))
                    continue
                status = "duplicate" if duplicates == good else "recorded"
                shared.receipts.settle(Receipt(event_id, status, index))  # type: ignore[arg-type]
                index = None if index is None else index + 1
            if own:
                stats.recorded += good - duplicates
                stats.duplicates += duplicates
                stats.rejected += len(taken.refused)
                stats.waiting -= len(lines)
            else:
                stats.adopted += good
            shared.settled.notify_all()
        for reason in list(taken.refused.values())[:1]:
            shared.trouble("rejected", f"the server refused {len(taken.refused)} events: {reason}")

    def _tell_lost(self) -> None:
        """Records how many events found no room, now that there is some."""
        shared = self._shared
        with shared.lock:
            count = shared.lost_untold
            if not count or shared.is_closing:
                return
            shared.lost_untold = 0
        event = lost_event(count, shared.options)
        body = wire(event)
        with shared.lock:
            shared.take_in()
            if shared.is_closing or shared.is_full(len(body)):
                shared.lost_untold += count  # the next answer makes room
            else:
                shared.queue_up(Item(0, 0, time.monotonic(), body, None, len(body), event["event_id"]))
        self._writer.drain(close=True)
