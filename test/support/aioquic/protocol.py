"""One client's connection: QUIC events in, exchanges and reports out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.h3.connection import H3_ALPN
from aioquic.h3.events import DatagramReceived, DataReceived, H3Event, HeadersReceived, WebTransportStreamDataReceived
from aioquic.quic.events import (
    ConnectionTerminated,
    HandshakeCompleted,
    ProtocolNegotiated,
    QuicEvent,
    StopSendingReceived,
    StreamReset,
)

from exchange import Exchange
from routes import route
from scripted_quic import ScriptedConnection
from webtransport import WebTransportEcho
from wire import ScriptedH3Connection

# A transport-level close names the frame that caused it; 0 is PADDING, "unknown" in RFC 9000 19.19.
NO_FRAME_TYPE = 0

Report = Callable[[dict[str, Any]], None]


class ScriptedProtocol(QuicConnectionProtocol):
    """Serves one connection."""

    connections: set[ScriptedProtocol] = set()

    def __init__(
        self,
        quic: ScriptedConnection,
        *,
        h3_class: type[ScriptedH3Connection],
        max_streams: int,
        report: Report,
        stream_handler: Any = None,
    ) -> None:
        super().__init__(quic, stream_handler)
        quic.limit_streams(max_streams)
        self.quic = quic
        self._h3_class = h3_class
        self.report = report
        self._http: ScriptedH3Connection | None = None
        self._exchanges: dict[int, Exchange] = {}
        self._webtransport: dict[int, WebTransportEcho] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._handshake_completed = False
        self._highest_stream = -4
        ScriptedProtocol.connections.add(self)

    @property
    def http(self) -> ScriptedH3Connection:
        if self._http is None:
            raise RuntimeError("HTTP/3 has not been negotiated yet")
        return self._http

    def run(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Runs something until it ends or the connection does."""
        task = asyncio.ensure_future(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def release(self) -> None:
        """Grants the credit that was held back."""
        self.quic.held_streams.clear()
        self.quic.hold_connection = False
        # A MAX_STREAM_DATA goes out with the next packet, and something has to cause one.
        self.quic.send_ping(0)
        self.transmit()

    def goaway(self) -> None:
        """Announces that nothing above what came so far will be processed."""
        self.http.send_goaway(self._highest_stream + 4)
        self.transmit()

    def close_with(self, error_code: int, reason: str, kind: str) -> None:
        """Closes with an HTTP/3 error (`application`) or a QUIC one (`transport`)."""
        frame_type = NO_FRAME_TYPE if kind == "transport" else None
        self.quic.close(error_code=error_code, frame_type=frame_type, reason_phrase=reason)
        self.transmit()

    def quic_event_received(self, event: QuicEvent) -> None:
        if isinstance(event, ProtocolNegotiated) and event.alpn_protocol in H3_ALPN:
            self._http = self._h3_class(self._quic, enable_webtransport=True)
            self._http.on_priority_update = self._on_priority_update
        elif isinstance(event, HandshakeCompleted):
            self._handshake_completed = True
            self.report(
                {"event": "handshake", "resumed": event.session_resumed, "earlyData": event.early_data_accepted}
            )
        elif isinstance(event, StreamReset):
            self.report({"event": "reset", "stream": event.stream_id, "code": event.error_code})
        elif isinstance(event, StopSendingReceived):
            self.report({"event": "stop-sending", "stream": event.stream_id, "code": event.error_code})
        elif isinstance(event, ConnectionTerminated):
            self._on_terminated(event)
        if self._http is not None:
            for http_event in self._http.handle_event(event):
                self._on_http_event(http_event)

    def _on_terminated(self, event: ConnectionTerminated) -> None:
        ScriptedProtocol.connections.discard(self)
        for task in self._tasks:
            task.cancel()
        self.report(
            {
                "event": "terminated",
                "code": event.error_code,
                "frameType": event.frame_type,
                "reason": event.reason_phrase,
            }
        )

    def _on_priority_update(self, stream_id: int, value: str) -> None:
        self.report({"event": "priority-update", "stream": stream_id, "value": value})

    def _on_http_event(self, event: H3Event) -> None:
        if isinstance(event, HeadersReceived):
            self._on_headers(event)
        elif isinstance(event, DataReceived):
            exchange = self._exchanges.get(event.stream_id)
            if exchange is not None:
                exchange.receive(event.data or b"", event.stream_ended)
                self._forget_ended(exchange)
        elif isinstance(event, DatagramReceived):
            session = self._webtransport.get(event.stream_id)
            if session is not None:
                session.on_datagram(event.data)
        elif isinstance(event, WebTransportStreamDataReceived):
            session = self._webtransport.get(event.session_id)
            if session is not None:
                session.on_stream_data(event.stream_id, event.data, event.stream_ended)

    def _on_headers(self, event: HeadersReceived) -> None:
        exchange = self._exchanges.get(event.stream_id)
        if exchange is not None:
            # Trailers.
            exchange.receive(b"", event.stream_ended)
            self._forget_ended(exchange)
            return
        exchange = Exchange(self, event.stream_id, event.headers, early=not self._handshake_completed)
        self._highest_stream = max(self._highest_stream, event.stream_id)
        self.report(
            {
                "event": "request",
                "stream": exchange.stream_id,
                "method": exchange.method,
                "path": exchange.path,
                "early": exchange.early,
            }
        )
        if (b":protocol", b"webtransport") in event.headers:
            self._webtransport[event.stream_id] = WebTransportEcho(self.http, event.stream_id)
            exchange.send_headers(200, [(b"sec-webtransport-http3-draft", b"draft02")])
            return
        self._exchanges[event.stream_id] = exchange
        exchange.ended = event.stream_ended
        route(exchange)
        self._forget_ended(exchange)

    def _forget_ended(self, exchange: Exchange) -> None:
        if exchange.ended:
            self._exchanges.pop(exchange.stream_id, None)
