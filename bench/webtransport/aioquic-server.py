"""A lean WebTransport server on aioquic that does what service.mjs does."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from urllib.parse import urlsplit

from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.asyncio.server import serve
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import DatagramReceived, HeadersReceived, WebTransportStreamDataReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import ProtocolNegotiated, QuicEvent

WINDOW_BYTES = 16 * 1024 * 1024
MAX_DATAGRAM_FRAME_BYTES = 65536
QUIET_SECONDS = 0.2


class Server(QuicConnectionProtocol):
    """One client's connection, with one session."""

    def __init__(self, *arguments, **named) -> None:
        super().__init__(*arguments, **named)
        self._http: H3Connection | None = None
        self._path = ""
        # By stream: bytes of an upload, or the request for a download.
        self._uploaded: dict[int, int] = {}
        self._asked: dict[int, bytes] = {}
        self._datagrams = 0
        self._first = self._last = 0.0

    def quic_event_received(self, event: QuicEvent) -> None:
        if isinstance(event, ProtocolNegotiated):
            self._http = H3Connection(self._quic, enable_webtransport=True)
        if self._http is None:
            return
        for http_event in self._http.handle_event(event):
            if isinstance(http_event, WebTransportStreamDataReceived):
                self._on_stream_data(http_event.stream_id, http_event.data, http_event.stream_ended)
            elif isinstance(http_event, DatagramReceived):
                self._on_datagram(http_event.stream_id, http_event.data)
            elif isinstance(http_event, HeadersReceived):
                self._accept(http_event)

    def _accept(self, event: HeadersReceived) -> None:
        self._path = urlsplit(dict(event.headers)[b":path"].decode()).path
        self._http.send_headers(event.stream_id, [(b":status", b"200"), (b"sec-webtransport-http3-draft", b"draft02")])

    def _on_stream_data(self, stream_id: int, data: bytes, ended: bool) -> None:
        if self._path == "/echo":
            self._quic.send_stream_data(stream_id, data, ended)
        elif self._path == "/upload":
            self._uploaded[stream_id] = self._uploaded.get(stream_id, 0) + len(data)
            if ended:
                self._quic.send_stream_data(stream_id, str(self._uploaded.pop(stream_id)).encode(), True)
        elif self._path == "/download":
            self._asked[stream_id] = self._asked.get(stream_id, b"") + data
            if ended:
                self._quic.send_stream_data(stream_id, bytes(int(self._asked.pop(stream_id))), True)
        elif ended:
            asyncio.get_running_loop().create_task(self._report_datagrams(stream_id))

    def _on_datagram(self, session_id: int, data: bytes) -> None:
        if self._path == "/echo":
            self._http.send_datagram(session_id, data)
            return
        self._last = time.perf_counter()
        if self._datagrams == 0:
            self._first = self._last
        self._datagrams += 1

    async def _report_datagrams(self, stream_id: int) -> None:
        while time.perf_counter() - self._last < QUIET_SECONDS:
            await asyncio.sleep(QUIET_SECONDS)
        answer = {"received": self._datagrams, "seconds": self._last - self._first}
        self._quic.send_stream_data(stream_id, json.dumps(answer).encode(), True)
        self.transmit()


async def main() -> None:
    task = json.loads(sys.argv[1])
    configuration = QuicConfiguration(
        is_client=False,
        alpn_protocols=H3_ALPN,
        max_data=WINDOW_BYTES,
        max_stream_data=WINDOW_BYTES,
        max_datagram_frame_size=MAX_DATAGRAM_FRAME_BYTES,
    )
    configuration.load_cert_chain(task["certFile"], task["keyFile"])
    await serve(task["host"], task["port"], configuration=configuration, create_protocol=Server)
    print(f"listening at {task['port']}", flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
