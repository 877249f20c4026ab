"""From the queue in memory to batches on disk, or in memory where the disk refuses."""

from __future__ import annotations

import secrets
import time
from collections import deque
from pathlib import Path

from ._item import Item, id_of, lost_event, wire
from ._receipts import Receipt
from ._shared import Batch, Shared

_PORTION_BYTES = 128 << 10
_GROUP_S = 0.005  # the writer lets so much come together in one write


class Writer:
    """Its thread moves what waits; so does a call that finds memory full. One at a time, by `disk`."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._producer = secrets.token_hex(8).encode()
        self.open: Batch | None = None
        self.moving = 0  # taken from the queue, not yet in a batch
        self.spool_works = True

    def run(self) -> None:
        shared = self._shared
        while not shared.is_closing:
            if shared.inbox or shared.queue:
                time.sleep(_GROUP_S)
            self.drain()
            shared.inbox.wait(self._due_in())

    def _due_in(self) -> float | None:
        batch = self.open
        return None if batch is None else max(0.0, batch.born + self._shared.options.batch_ms / 1000 - time.monotonic())

    def drain(self, close: bool = False) -> None:
        """Moves the queue to the open batch; closes that when it is full, old enough, or told to."""
        is_moved = False
        while not is_moved:
            while self.drain_portion():
                pass
            with self._shared.disk:
                if self.open is not None and (close or self._due_in() == 0.0):
                    self._close_batch(self.open)
            is_moved = not self._shared.inbox  # a signal handler may have logged since

    def drain_portion(self, bytes_max: int = _PORTION_BYTES) -> bool:
        """Moves the oldest of the queue; false when there was nothing to move. A caller that finds the queue full waits
        for no more than a portion or two."""
        shared = self._shared
        self._clean_portion(bytes_max)
        with shared.disk:
            items: deque[Item] = deque()
            size = 0
            with shared.lock:
                shared.take_in()
                while shared.queue and len(items) < shared.options.batch_events and size < bytes_max:
                    items.append(shared.queue.popleft())
                    size += items[-1].size
                moved = self.moving = len(items)
            while items:
                self._place(items)
            with shared.lock:
                self.moving = 0
        shared.tell_troubles()
        return moved > 0

    def _clean_portion(self, bytes_max: int) -> None:
        """Redacts what is moved next, while nobody has to wait for it."""
        due: list[Item] = []
        size = 0
        with self._shared.lock:
            self._shared.take_in()
            for item in self._shared.queue:
                if size >= bytes_max or len(due) >= self._shared.options.batch_events:
                    break
                due.append(item)
                size += item.size
        for item in due:
            item.clean()

    def _place(self, items: deque[Item]) -> None:
        """Puts as many events into the open batch as it holds."""
        options = self._shared.options
        batch = self.open or self._new_batch(items[0].number, items[0].born)
        lines: list[bytes] = []
        added, held, last = 0, 0, 0
        while items and batch.count + len(lines) < options.batch_events:
            item = items[0]
            line = item.line(self._producer)
            if batch.count + len(lines) and batch.size + added + len(line) + 1 > options.batch_bytes:
                break
            items.popleft()
            lines.append(line)
            added, held, last = added + len(line) + 1, held + item.size, item.number
        if lines:
            batch = self._write(batch, lines, held)
            batch.count, batch.size, batch.last = batch.count + len(lines), batch.size + added, last
        if items or batch.count >= options.batch_events:
            self._close_batch(batch)

    def _new_batch(self, number: int, born: float) -> Batch:
        shared = self._shared
        try:
            path: Path | None = shared.spool.start(number)
            self.spool_works = True
            shared.is_well("spool")
        except OSError as error:
            path = None
            self._spool_fails(error)
        with shared.lock:
            self.open = Batch(number, born, path, [])
            return self.open

    def _spool_fails(self, error: OSError) -> None:
        self.spool_works = False
        self._shared.trouble("spool", f"events wait in memory only: {error}", once=True)

    def _write(self, batch: Batch, lines: list[bytes], held: int) -> Batch:
        """Writes lines to the batch's file, else keeps them in memory, in a batch of their own if it has lines on disk."""
        shared, path = self._shared, batch.path
        if path is not None:
            try:
                shared.spool.write(b"".join(line + b"\n" for line in lines))
                with shared.lock:
                    shared.memory_events -= len(lines)
                    shared.memory_bytes -= held
                return batch
            except OSError as error:
                self._spool_fails(error)
            if batch.count:
                self._close_batch(batch)
                number = batch.last + 1
                with shared.lock:
                    batch = self.open = Batch(number, batch.born, None, [])
            else:
                batch.path = None
                shared.spool.finish()
                shared.spool.delete(path, 0)
        batch.lines += lines
        with shared.lock:
            shared.memory_bytes += sum(map(len, lines)) - held
        return batch

    def _close_batch(self, batch: Batch) -> None:
        self._shared.spool.finish()
        with self._shared.lock:
            self.open = None
            if batch.count:
                self._shared.ready.append(batch)
                self._shared.to_send.notify()

    # --- the end of a client

    def tell_lost(self) -> None:
        """Lets the sender tell, while it is still there, how many events found no room."""
        with self._shared.disk:
            self._leave_lost(last=False)

    def save_rest(self) -> None:
        """Gives what is in memory only a last chance on the disk."""
        shared = self._shared
        with shared.disk:
            for batch in [batch for batch in shared.ready if not batch.path and batch.lines]:
                try:
                    batch.path = shared.spool.start(batch.number)
                    shared.spool.write(b"".join(line + b"\n" for line in batch.lines))
                except OSError as error:
                    batch.path = None
                    self._lose(batch, error)
            self._leave_lost(last=True)
            shared.spool.remove_if_empty()

    def _lose(self, batch: Batch, error: OSError) -> None:
        shared, reason = self._shared, f"neither sent nor kept when the client closed: {error}"
        with shared.lock:
            shared.stats.lost += batch.count
            shared.stats.waiting -= batch.count
            shared.lost_untold += batch.count
            for line in batch.lines:
                shared.receipts.settle(Receipt(id_of(line), "lost", reason=reason))
            shared.settled.notify_all()
        shared.trouble("lost", f"{batch.count} events could be neither sent nor kept: {error}")

    def _leave_lost(self, last: bool) -> None:
        """Puts on disk how many events found no room, in room that is kept for this: the sender may still send it, else
        whoever takes the folder over. The caller holds `disk`."""
        shared = self._shared
        with shared.lock:
            shared.take_in()
            count = shared.lost_untold
            if not count or shared.queue or self.open is not None:  # what has a lower number goes first
                return
            shared.lost_untold = 0
            event = Item(0, 0, 0.0, wire(lost_event(count, shared.options)), None, 0, "")
            shared.count(event)
        number = event.number
        line = event.line(self._producer) + b"\n"
        try:
            path = shared.spool.start(number)
            shared.spool.write(line, spare=True)
        except OSError as error:
            with shared.lock:
                shared.lost_untold += count
            if last:
                shared.trouble("lost", f"that {count} events were lost could not be kept: {error}")
            return
        finally:
            shared.spool.finish()
        with shared.lock:
            shared.ready.append(Batch(number, 0.0, path, [], 1, len(line), number))
            shared.last_queued = number
            shared.stats.waiting += 1
