"""Opens a WebTransport session and prints, as JSON, what comes back: of a datagram and of a stream of either kind."""

from __future__ import annotations

import argparse
import asyncio
import json
import ssl
from typing import Any

from aioquic.asyncio.client import connect
from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import DatagramReceived, HeadersReceived, WebTransportStreamDataReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import QuicEvent, StreamDataReceived


class Client(QuicConnectionProtocol):
    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.http = H3Connection(self._quic, enable_webtransport=True)
        self.bidirectional_id: int | None = None
        self.status: asyncio.Future[str] = self._loop.create_future()
        self.echoes: dict[str, asyncio.Future[str]] = {
            kind: self._loop.create_future() for kind in ("datagram", "bidirectional", "unidirectional")
        }

    def quic_event_received(self, event: QuicEvent) -> None:
        if isinstance(event, StreamDataReceived) and event.stream_id == self.bidirectional_id:
            # aioquic takes the answer on a bidirectional stream of its own for HTTP/3 frames.
            if event.data:
                self.echoes["bidirectional"].set_result(event.data.decode())
            return
        for http_event in self.http.handle_event(event):
            if isinstance(http_event, HeadersReceived):
                self.status.set_result(dict(http_event.headers)[b":status"].decode())
            elif isinstance(http_event, DatagramReceived):
                self.echoes["datagram"].set_result(http_event.data.decode())
            elif isinstance(http_event, WebTransportStreamDataReceived) and http_event.data:
                self.echoes["unidirectional"].set_result(http_event.data.decode())


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args()
    configuration = QuicConfiguration(alpn_protocols=H3_ALPN, max_datagram_frame_size=65536, verify_mode=ssl.CERT_NONE)
    async with connect("127.0.0.1", arguments.port, configuration=configuration, create_protocol=Client) as client:
        session_id = client._quic.get_next_available_stream_id()
        client.http.send_headers(
            session_id,
            [
                (b":method", b"CONNECT"),
                (b":scheme", b"https"),
                (b":authority", b"localhost"),
                (b":path", b"/session"),
                (b":protocol", b"webtransport"),
            ],
        )
        client.transmit()
        status = await client.status
        client.http.send_datagram(session_id, b"datagram")
        for is_one_way in (False, True):
            stream_id = client.http.create_webtransport_stream(session_id, is_unidirectional=is_one_way)
            if not is_one_way:
                client.bidirectional_id = stream_id
            client._quic.send_stream_data(stream_id, b"stream", end_stream=True)
        client.transmit()
        echoes = {kind: await echo for kind, echo in client.echoes.items()}
    print(json.dumps({"status": status, **echoes}))


asyncio.run(main())
