"""Reads what strace wrote of one process: file-system calls in order, with their bytes."""

import re

CALLS = (
    "openat,close,write,writev,pwrite64,ftruncate,lseek,fcntl,dup,rename,renameat,renameat2,unlink,unlinkat,"
    "mkdir,mkdirat,rmdir,fsync,fdatasync,syncfs,sendto"
)
LINE = re.compile(r"^(\d+) +(.*)$")
RESUMED = re.compile(r"^<\.\.\. (\w+) resumed>(.*)$", re.S)
CALL = re.compile(r"^(\w+)\((.*)\) += (-?\d+)", re.S)
BYTES = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')


class Call:
    """One call. `begun` and `ended` are lines of the trace: a sync covers only what ended before it had begun."""

    def __init__(self, name, arguments, result, begun, ended):
        self.name, self.arguments, self.result = name, arguments, result
        self.begun, self.ended = begun, ended

    def fd(self):
        return int(self.arguments.split(",", 1)[0])

    def data(self):
        """The bytes that were taken: all buffers, cut to the result."""
        found = b"".join(bytes.fromhex(hexes.replace("\\x", "")) for hexes in BYTES.findall(self.arguments))
        return found[: self.result]

    def paths(self):
        return [bytes.fromhex(hexes.replace("\\x", "")).decode() for hexes in BYTES.findall(self.arguments)]

    def last_number(self):
        return int(self.arguments.rsplit(",", 1)[1])


def calls(path):
    """Every call that succeeded, in the order in which they ended."""
    begun = {}
    with open(path, encoding="ascii") as lines:
        for number, line in enumerate(lines):
            match = LINE.match(line.rstrip("\n"))
            if not match:
                raise ValueError(f"{path}:{number + 1}: {line[:80]!r} is no line of strace -f")
            thread, text = match.groups()
            if text.endswith("<unfinished ...>"):
                begun[thread] = (number, text.removesuffix("<unfinished ...>").rstrip())
                continue
            start = number
            resumed = RESUMED.match(text)
            if resumed:
                start, head = begun.pop(thread)
                text = head + resumed[2].lstrip()
            call = CALL.match(text)
            if call and int(call[3]) >= 0:
                yield Call(call[1], call[2], int(call[3]), start, number)
