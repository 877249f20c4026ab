"""One connection to the server, kept open between batches. Nothing here raises but what `ask` says."""

from __future__ import annotations

import contextlib
import encodings.idna  # noqa: F401  a name's address is asked for with it: see `_redact.REDACTOR`
import gzip
import http.client
import json
import ssl
from typing import Any
from urllib.parse import urlencode, urlsplit

from ._answer import Answer
from ._options import Options

_GZIP_FROM = 4096
_ANSWER_BYTES_MAX = 64 << 20
_USER_AGENT = "tachograph-python/0.1.0"


class QueryError(Exception):
    """A question that could not be answered: no server, or its answer says why."""


class Connection:
    """For one thread. After a fork the child must call `forget`."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._open: http.client.HTTPConnection | None = None
        self._used = False

    def post(self, lines: list[bytes]) -> Answer:
        """Sends lines; an answer with status 0 says why none came."""
        body = b"\n".join(lines) + b"\n"
        headers = self._headers() | {"content-type": "application/x-ndjson"}
        if len(body) >= _GZIP_FROM:
            body = gzip.compress(body, compresslevel=1, mtime=0)
            headers["content-encoding"] = "gzip"
        url = self._options.events_url
        try:
            return self._ask("POST", url, body, headers)
        except Exception as error:  # an address may be any text
            self.close()
            return Answer(0, f"{url}: {type(error).__name__}: {error}".encode())

    def ask(self, path: str, parameters: dict[str, Any]) -> Any:
        """Asks with GET for JSON. Raises QueryError."""
        url = f"{self._options.base_url}{path}?{urlencode(parameters)}"
        try:
            answer = self._ask("GET", url, None, self._headers() | {"accept": "application/json"})
            found = json.loads(answer.body)
        except Exception as error:
            self.close()
            raise QueryError(f"{url}: {type(error).__name__}: {error}") from error
        if answer.status != 200:
            told = found.get("detail") or found.get("title") if isinstance(found, dict) else None
            raise QueryError(f"{url}: the server answered {answer.status}: {told}")
        return found

    def close(self) -> None:
        if self._open is not None:
            with contextlib.suppress(Exception):
                self._open.close()
        self._open = None

    def _headers(self) -> dict[str, str]:
        headers = {"user-agent": _USER_AGENT}
        if self._options.key:
            headers["authorization"] = f"Bearer {self._options.key}"
        return headers

    def _ask(self, method: str, url: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        parts = urlsplit(url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        reused = self._open is not None
        try:
            return self._once(method, target, body, headers)
        except (http.client.RemoteDisconnected, ConnectionError):
            self.close()
            if not reused:
                raise
        # The server had closed an idle connection; events keep their ids, so asking again is safe.
        return self._once(method, target, body, headers)

    def _once(self, method: str, target: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        if self._open is None:
            self._open = self._connect()
        self._open.request(method, target, body=body, headers=headers)
        response = self._open.getresponse()
        read = response.read(_ANSWER_BYTES_MAX)
        if not response.isclosed():  # longer than is read: what follows would be taken for the next answer
            self.close()
        return Answer(response.status, read, response.headers.get("retry-after"))

    def _connect(self) -> http.client.HTTPConnection:
        parts = urlsplit(self._options.base_url)
        if not parts.hostname or parts.scheme not in ("http", "https"):
            raise ValueError("an address looks like http://host:7420")
        timeout = self._options.timeout_ms / 1000
        if parts.scheme == "http":
            return http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout)
        context = ssl.create_default_context(cafile=self._options.ca_file)
        return http.client.HTTPSConnection(parts.hostname, parts.port, timeout=timeout, context=context)
