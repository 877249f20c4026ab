"""The scripted server: every request waits until the scenario takes it and says what is answered.

Nothing here depends on a clock. A request is read whole, put on a queue and held; the scenario takes it with `take`
and answers it with `Request.answer`. While the server is down its port is bound but not listened on, so that clients
are refused and nobody else gets the port.
"""

from __future__ import annotations

import gzip
import json
import queue
import socket
import struct
import threading
import time
from http.server import BaseHTTPRequestHandler
from typing import Any

WAIT_S = 30.0  # how long a scenario waits for what must come; reached only when it fails


class Request:
    """One request, held until it is answered."""

    def __init__(self, method: str, path: str, headers: dict[str, str], body: bytes) -> None:
        self.method, self.path, self.headers, self.body = method, path, headers, body
        self.at = time.monotonic()
        self.answered_at = 0.0
        self._answer: dict[str, Any] | None = None
        self._ready = threading.Event()

    def lines(self) -> list[str]:
        """The events as they were sent, one JSON text each."""
        encoding = self.headers.get("content-encoding", "identity")
        if encoding not in ("identity", "gzip"):
            raise AssertionError(f"content-encoding {encoding!r}, expected gzip or none")
        body = gzip.decompress(self.body) if encoding == "gzip" else self.body
        return [line for line in body.decode("utf-8").split("\n") if line]

    def answer(self, answer: dict[str, Any]) -> None:
        self.answered_at = time.monotonic()
        self._answer = answer
        self._ready.set()

    def wait(self) -> dict[str, Any] | None:
        self._ready.wait(4 * WAIT_S)
        return self._answer


class Server:
    """Listens on a port of its own until it is closed."""

    def __init__(self) -> None:
        self.arrived: queue.Queue[Request] = queue.Queue()
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._socket = self._bind(0)
        self.port: int = self._socket.getsockname()[1]
        self._listening = False

    @staticmethod
    def _bind(port: int) -> socket.socket:
        bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(("127.0.0.1", port))
        return bound

    def up(self) -> None:
        if not self._listening:
            self._listening = True
            self._socket.listen(64)
            threading.Thread(target=self._accept, args=(self._socket,), daemon=True).start()

    def down(self) -> None:
        """Refuses from now on and breaks what is open."""
        if self._listening:
            self._listening = False
            # A blocked accept keeps the socket alive; shutdown wakes it.
            self._socket.shutdown(socket.SHUT_RDWR)
            self._socket.close()
            self._socket = self._bind(self.port)
        with self._lock:
            open_ones, self._connections = self._connections, set()
        for connection in open_ones:
            reset(connection)

    def close(self) -> None:
        self.down()
        self._socket.close()

    def take(self) -> Request:
        try:
            return self.arrived.get(timeout=WAIT_S)
        except queue.Empty:
            raise AssertionError(f"no request came within {WAIT_S:g} s") from None

    def leftover(self) -> list[Request]:
        """Requests that nobody took."""
        left = []
        while not self.arrived.empty():
            left.append(self.arrived.get())
        return left

    def _accept(self, listening: socket.socket) -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with self._lock:
                self._connections.add(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            _Handler(connection, ("127.0.0.1", 0), self)
        except (OSError, ValueError):
            pass
        finally:
            with self._lock:
                self._connections.discard(connection)
            close(connection)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server  # type: ignore[assignment]

    def do_POST(self) -> None:
        if "chunked" in self.headers.get("transfer-encoding", ""):
            body = self._chunks()
        else:
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
        self._hold(body)

    def do_GET(self) -> None:
        self._hold(b"")

    def _chunks(self) -> bytes:
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _hold(self, body: bytes) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, self.path, headers, body)
        self.server.arrived.put(request)
        answer = request.wait()
        if answer is None or answer.get("break") == "after_body":
            reset(self.connection)
            self.close_connection = True
            return
        content = answer.get("body", "")
        text = content if isinstance(content, str) else json.dumps(content)
        payload = text.encode()
        self.send_response(answer.get("status", 200))
        self.send_header("content-type", answer.get("type", "application/json"))
        self.send_header("content-length", str(len(payload)))
        for name, value in answer.get("headers", {}).items():
            self.send_header(name, value)
        self.end_headers()
        if answer.get("break") == "half_answer":
            self.wfile.write(payload[: len(payload) // 2])
            self.wfile.flush()
            self.close_connection = True
            return
        self.wfile.write(payload)

    def log_message(self, format: str, *args: Any) -> None:
        pass


def reset(connection: socket.socket) -> None:
    """Breaks a connection without an answer, as a server does that dies."""
    try:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    close(connection)


def close(connection: socket.socket) -> None:
    try:
        connection.close()
    except OSError:
        pass
