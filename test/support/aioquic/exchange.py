"""One request and the response to it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from wire import Headers, ScriptedH3Connection

if TYPE_CHECKING:
    from protocol import ScriptedProtocol


class Exchange:
    """A request whose body may still be coming, and the means to answer it.

    `early` is true if the request came in 0-RTT.
    """

    def __init__(self, protocol: ScriptedProtocol, stream_id: int, headers: Headers, early: bool) -> None:
        self.protocol = protocol
        self.stream_id = stream_id
        self.request_headers = headers
        self.early = early
        fields = dict(headers)
        self.method = fields[b":method"].decode()
        url = urlsplit(fields.get(b":path", b"/").decode())
        self.path = url.path
        self.parameters = {name: values[-1] for name, values in parse_qs(url.query, keep_blank_values=True).items()}
        self.body_bytes = 0
        self.body_hash = hashlib.sha256()
        self.ended = False
        self.on_data: Callable[[bytes], None] = lambda data: None
        self.on_end: Callable[[], None] = lambda: None

    @property
    def http(self) -> ScriptedH3Connection:
        return self.protocol.http

    def integer(self, name: str, default: int) -> int:
        """A query parameter as a number; `0x` is understood."""
        return int(self.parameters.get(name, str(default)), 0)

    def receive(self, data: bytes, ended: bool) -> None:
        """Takes a piece of the request's body."""
        self.body_bytes += len(data)
        self.body_hash.update(data)
        if data:
            self.on_data(data)
        if ended and not self.ended:
            self.ended = True
            self.on_end()

    def when_ended(self, action: Callable[[], None]) -> None:
        """Acts when the whole request has arrived, which may be now."""
        if self.ended:
            action()
        else:
            self.on_end = action

    def send_headers(self, status: int = 200, headers: Headers | None = None, end: bool = False) -> None:
        self.http.send_headers(self.stream_id, [(b":status", str(status).encode()), *(headers or [])], end)

    def send_data(self, data: bytes, end: bool = False) -> None:
        self.http.send_data(self.stream_id, data, end)

    def respond(self, body: bytes, status: int = 200, headers: Headers | None = None) -> None:
        """Sends a whole response, with its length."""
        self.send_headers(status, [(b"content-length", str(len(body)).encode()), *(headers or [])])
        self.send_data(body, True)

    def reset(self, error_code: int) -> None:
        self.protocol.quic.reset_stream(self.stream_id, error_code)
