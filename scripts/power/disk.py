"""A disk that keeps only what was synced: what a file system promises, and no more.

- Bytes of a file are durable when the file was synced after they were written. Before that any page of them may be
  on the disk or not, and one sector of a page without the others.
- A name is durable when its folder was synced after it was given, changed or taken away. Before that the changes of
  one folder reach the disk in their order, but nobody knows how many.
- A rename is one change: never half of it.
"""

import os

PAGE, SECTOR = 4096, 512


class File:
    def __init__(self):
        self.durable = bytearray()
        self.size = 0
        # (line, offset or None for a change of the size alone, bytes or size)
        self.pending = []

    def write(self, line, offset, data):
        self.pending.append((line, offset, data))
        self.size = max(self.size, offset + len(data))

    def resize(self, line, size):
        self.pending.append((line, None, size))
        self.size = size

    def sync(self, before):
        """What ended before the line is durable."""
        kept = [change for change in self.pending if change[0] >= before]
        for change in self.pending:
            if change[0] < before:
                apply(self.durable, change)
        self.pending = kept

    def after_crash(self, chance):
        """Bytes that may be there: `chance` is a random.Random."""
        content = bytearray(self.durable)
        for change in self.pending[: chance.randint(0, len(self.pending))]:
            line, offset, data = change
            if offset is None:
                apply(content, change)
                continue
            # The size came first, the pages come or do not.
            if len(content) < offset + len(data):
                content.extend(bytes(offset + len(data) - len(content)))
            share = chance.choice((0.0, 0.5, 1.0))
            for start, end in pages(offset, offset + len(data), PAGE):
                if chance.random() < share:
                    content[start:end] = data[start - offset : end - offset]
                elif chance.random() < 0.1:
                    for low, high in pages(start, end, SECTOR):
                        if chance.random() < 0.5:
                            content[low:high] = data[low - offset : high - offset]
        return bytes(content)


def apply(content, change):
    _, offset, data = change
    if offset is None:
        del content[data:]
        content.extend(bytes(data - len(content)))
        return
    if len(content) < offset:
        content.extend(bytes(offset - len(content)))
    content[offset : offset + len(data)] = data


def pages(start, end, size):
    while start < end:
        stop = min(end, (start // size + 1) * size)
        yield start, stop
        start = stop


class Folder:
    def __init__(self):
        self.names, self.durable = {}, {}
        # (line, {name: file, folder, or None where it is gone})
        self.pending = []

    def change(self, line, changes):
        self.pending.append((line, changes))
        put(self.names, changes)

    def sync(self, before):
        for line, changes in self.pending:
            if line < before:
                put(self.durable, changes)
        self.pending = [change for change in self.pending if change[0] >= before]

    def write_to(self, path, chance):
        """Makes the folder as it may be after a crash."""
        os.mkdir(path)
        names = dict(self.durable)
        for _, changes in self.pending[: chance.randint(0, len(self.pending))]:
            put(names, changes)
        for name, node in names.items():
            below = os.path.join(path, name)
            if isinstance(node, Folder):
                node.write_to(below, chance)
            else:
                with open(below, "wb") as file:
                    file.write(node.after_crash(chance))


def put(names, changes):
    for name, node in changes.items():
        if node is None:
            names.pop(name, None)
        else:
            names[name] = node


class Disk:
    """What the calls of one process make of the folder `root`, which was empty before."""

    def __init__(self, root):
        self.prefix, self.root, self.open = root.rstrip("/") + "/", Folder(), {}

    def place(self, path):
        """The folder and the name of a path; `None` where it is not below the root."""
        if not path.startswith(self.prefix):
            return None
        folder, names = self.root, path[len(self.prefix) :].rstrip("/").split("/")
        for name in names[:-1]:
            folder = folder.names[name]
        return folder, names[-1]

    def take(self, call):
        """Takes one call; others than those of files below the root change nothing."""
        name = call.name
        if name == "openat":
            self.opened(call)
        elif name == "close":
            # The number may be in use again when the trace tells of the end: another thread was told of first.
            if call.fd() in self.open and self.open[call.fd()].since < call.begun:
                del self.open[call.fd()]
        elif name in ("dup", "fcntl"):
            # One open file under two numbers: they share the place where the next bytes go.
            if call.fd() in self.open and (name == "dup" or "F_DUPFD" in call.arguments):
                self.open[call.result] = self.open[call.fd()]
        elif name in ("write", "writev", "pwrite64", "ftruncate", "lseek", "fsync", "fdatasync", "syncfs"):
            if call.fd() in self.open:
                self.changed(call, self.open[call.fd()])
        elif name in ("rename", "renameat", "renameat2"):
            self.renamed(call)
        elif name in ("unlink", "unlinkat", "rmdir", "mkdir", "mkdirat"):
            place = self.place(call.paths()[0])
            if place:
                folder, last = place
                folder.change(call.ended, {last: Folder() if name.startswith("mkdir") else None})

    def opened(self, call):
        path = call.paths()[0]
        if path.rstrip("/") + "/" == self.prefix:
            self.open[call.result] = Opened(self.root, False, call.ended)
            return
        place = self.place(path)
        if not place:
            self.open.pop(call.result, None)
            return
        folder, name = place
        node = folder.names.get(name)
        if node is None:
            node = File()
            folder.change(call.ended, {name: node})
        elif "O_TRUNC" in call.arguments and node.size:
            node.resize(call.ended, 0)
        self.open[call.result] = Opened(node, "O_APPEND" in call.arguments, call.ended)

    def changed(self, call, opened):
        node, name = opened.node, call.name
        if name == "syncfs":
            self.sync_all(self.root, call.begun)
        elif name in ("fsync", "fdatasync"):
            node.sync(call.begun)
        elif name == "lseek":
            opened.at = call.result
        elif name == "ftruncate":
            node.resize(call.ended, call.last_number())
        elif name == "pwrite64":
            node.write(call.ended, call.last_number(), call.data())
        else:
            at = node.size if opened.appends else opened.at
            node.write(call.ended, at, call.data())
            opened.at = at + call.result

    def renamed(self, call):
        old, new = (self.place(path) for path in call.paths())
        if not old or not new:
            raise ValueError(f"a rename across the edge of the folder: {call.arguments}")
        node = old[0].names[old[1]]
        if old[0] is new[0]:
            old[0].change(call.ended, {old[1]: None, new[1]: node})
        else:
            new[0].change(call.ended, {new[1]: node})
            old[0].change(call.ended, {old[1]: None})

    def sync_all(self, node, before):
        node.sync(before)
        if isinstance(node, Folder):
            for below in node.names.values():
                self.sync_all(below, before)


class Opened:
    def __init__(self, node, appends, since):
        self.node, self.appends, self.since, self.at = node, appends, since, 0
