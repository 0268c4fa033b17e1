"""Either end of a connection with WebTransport sessions: aioquic's events in, those of sessions out."""

from __future__ import annotations

import struct
from typing import Any

from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import DatagramReceived, DataReceived, H3Event, HeadersReceived, WebTransportStreamDataReceived
from aioquic.quic.connection import stream_is_unidirectional
from aioquic.quic.events import ProtocolNegotiated, QuicEvent, StopSendingReceived, StreamDataReceived, StreamReset

from wire import CLOSE_SESSION, CapsuleReader, encode_close, to_application_code, to_http_code

class Session:
    """A session with its streams. What comes calls the methods that begin with `on_`, which subclasses override."""

    def __init__(self, endpoint: Endpoint, session_id: int) -> None:
        self.endpoint = endpoint
        self.session_id = session_id
        self.is_closed = False
        self._capsules = CapsuleReader()
        # Sending sides that have been ended or reset, by either end: aioquic does not allow to write to them.
        self._ended: set[int] = set()

    def on_stream_data(self, stream_id: int, data: bytes, ended: bool) -> None:
        """A piece of a stream, which may be empty."""

    def on_reset(self, stream_id: int, code: int | None) -> None:
        """RESET_STREAM; the code is None if it is not an application's."""

    def on_stop(self, stream_id: int, code: int | None) -> None:
        """STOP_SENDING."""

    def on_datagram(self, data: bytes) -> None:
        """A datagram."""

    def on_closed(self, code: int | None, reason: str) -> None:
        """The other end has closed the session; without a capsule the code is None."""

    def open_stream(self, is_unidirectional: bool) -> int:
        stream_id = self.endpoint.http.create_webtransport_stream(self.session_id, is_unidirectional)
        self.endpoint.own_streams[stream_id] = self
        return stream_id

    def send(self, stream_id: int, data: bytes, ended: bool = False) -> None:
        if stream_id in self._ended:
            return
        self.endpoint.quic.send_stream_data(stream_id, data, ended)
        if ended:
            self._ended.add(stream_id)

    def reset(self, stream_id: int, code: int) -> None:
        if stream_id not in self._ended:
            self._ended.add(stream_id)
            self.endpoint.quic.reset_stream(stream_id, to_http_code(code))

    def stop(self, stream_id: int, code: int) -> None:
        self.endpoint.quic.stop_stream(stream_id, to_http_code(code))

    def stopped(self, stream_id: int, code: int | None) -> None:
        self._ended.add(stream_id)
        self.on_stop(stream_id, code)

    def send_datagram(self, data: bytes) -> None:
        self.endpoint.http.send_datagram(self.session_id, data)

    def close(self, code: int, reason: str) -> None:
        self.is_closed = True
        self.endpoint.http.send_data(self.session_id, encode_close(code, reason), end_stream=True)

    def connect_stream_data(self, data: bytes, ended: bool) -> None:
        for kind, value in self._capsules.feed(data):
            if kind == CLOSE_SESSION:
                self._closed(struct.unpack("!I", value[:4])[0], value[4:].decode())
        if ended:
            self._closed(None, "")

    def connect_stream_stopped(self) -> None:
        self._ended.add(self.session_id)

    def connect_stream_reset(self) -> None:
        self._closed(None, "")

    def _closed(self, code: int | None, reason: str) -> None:
        if self.is_closed:
            return
        self.is_closed = True
        if self.session_id not in self._ended:
            self.endpoint.http.send_data(self.session_id, b"", end_stream=True)
        self.on_closed(code, reason)


class Endpoint(QuicConnectionProtocol):
    """A connection. Subclasses say what becomes of a request or response."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.quic = self._quic
        self.http: H3Connection
        self.sessions: dict[int, Session] = {}
        self.own_streams: dict[int, Session] = {}
        self._streams: dict[int, Session] = {}

    def on_headers(self, event: HeadersReceived) -> None:
        """The headers of a request or response."""

    def quic_event_received(self, event: QuicEvent) -> None:
        if isinstance(event, ProtocolNegotiated) and event.alpn_protocol in H3_ALPN:
            self.http = H3Connection(self._quic, enable_webtransport=True)
        elif isinstance(event, StreamDataReceived) and event.stream_id in self.own_streams:
            # aioquic takes the answer on a bidirectional stream of its own for HTTP/3 frames.
            self.own_streams[event.stream_id].on_stream_data(event.stream_id, event.data, event.end_stream)
            return
        elif isinstance(event, StreamReset):
            self._on_reset(event)
        elif isinstance(event, StopSendingReceived):
            self._on_stop_sending(event)
        if hasattr(self, "http"):
            for http_event in self.http.handle_event(event):
                self._on_http_event(http_event)

    def _session_of(self, stream_id: int) -> Session | None:
        return self._streams.get(stream_id) or self.own_streams.get(stream_id)

    def _on_reset(self, event: StreamReset) -> None:
        if event.stream_id in self.sessions:
            self.sessions[event.stream_id].connect_stream_reset()
            return
        session = self._session_of(event.stream_id)
        if session is not None:
            session.on_reset(event.stream_id, to_application_code(event.error_code))

    def _on_stop_sending(self, event: StopSendingReceived) -> None:
        if event.stream_id in self.sessions:
            self.sessions[event.stream_id].connect_stream_stopped()
            return
        session = self._session_of(event.stream_id)
        if session is not None:
            session.stopped(event.stream_id, to_application_code(event.error_code))

    def _on_http_event(self, event: H3Event) -> None:
        if isinstance(event, HeadersReceived):
            self.on_headers(event)
        elif isinstance(event, DataReceived) and event.stream_id in self.sessions:
            self.sessions[event.stream_id].connect_stream_data(event.data or b"", event.stream_ended)
        elif isinstance(event, DatagramReceived) and event.stream_id in self.sessions:
            self.sessions[event.stream_id].on_datagram(event.data)
        elif isinstance(event, WebTransportStreamDataReceived) and event.session_id in self.sessions:
            session = self.sessions[event.session_id]
            self._streams[event.stream_id] = session
            session.on_stream_data(event.stream_id, event.data, event.stream_ended)


def pattern(length: int) -> bytes:
    """Bytes that repeat 0 to 250: 251 is prime, so that a shifted block shows."""
    period = bytes(range(251))
    return (period * (length // len(period) + 1))[:length]


def is_bidirectional(stream_id: int) -> bool:
    return not stream_is_unidirectional(stream_id)
