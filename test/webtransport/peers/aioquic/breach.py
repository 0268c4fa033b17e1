"""A client on aioquic that breaks the rules in one of two sessions of a connection, and prints how each session fares as JSON."""

from __future__ import annotations

import argparse
import asyncio
import json
import ssl
from typing import Any
from urllib.parse import urlsplit

from aioquic.asyncio.client import connect
from aioquic.h3.connection import H3_ALPN, encode_frame
from aioquic.h3.events import HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import QuicEvent, StopSendingReceived, StreamReset

from endpoint import Endpoint, Session, pattern

DATA_FRAME = 0x0
MAX_DATAGRAM_FRAME_BYTES = 65536
STREAM_BYTES = 1000


class Echoed(Session):
    """Counts the streams that have come back whole."""

    def __init__(self, endpoint: Endpoint, session_id: int) -> None:
        super().__init__(endpoint, session_id)
        self.echoed = 0
        self.grew = asyncio.Event()
        self._bytes: dict[int, bytes] = {}

    def on_stream_data(self, stream_id: int, data: bytes, ended: bool) -> None:
        self._bytes[stream_id] = self._bytes.get(stream_id, b"") + data
        if ended and self._bytes.pop(stream_id) == pattern(STREAM_BYTES):
            self.echoed += 1
            self.grew.set()

    async def echo(self, count: int, is_unidirectional: bool) -> int:
        """Sends `count` streams at once and waits until they are back."""
        wanted = self.echoed + count
        for _ in range(count):
            self.send(self.open_stream(is_unidirectional), pattern(STREAM_BYTES), True)
        self.endpoint.transmit()
        while self.echoed < wanted:
            self.grew.clear()
            await self.grew.wait()
        return count


class Client(Endpoint):
    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.statuses: dict[int, asyncio.Future[int]] = {}
        # RESET_STREAM and STOP_SENDING by stream, the HTTP/3 codes as they came.
        self.resets: dict[int, int] = {}
        self.stops: dict[int, int] = {}

    def open_session(self, authority: str, path: str) -> Echoed:
        session = Echoed(self, self._quic.get_next_available_stream_id())
        self.sessions[session.session_id] = session
        self.statuses[session.session_id] = self._loop.create_future()
        headers = {":method": "CONNECT", ":scheme": "https", ":authority": authority, ":path": path, ":protocol": "webtransport"}
        self.http.send_headers(session.session_id, [(name.encode(), value.encode()) for name, value in headers.items()])
        return session

    def on_headers(self, event: HeadersReceived) -> None:
        self.statuses[event.stream_id].set_result(int(dict(event.headers)[b":status"]))

    def quic_event_received(self, event: QuicEvent) -> None:
        if isinstance(event, StreamReset):
            self.resets[event.stream_id] = event.error_code
        elif isinstance(event, StopSendingReceived):
            self.stops[event.stream_id] = event.error_code
        super().quic_event_received(event)


async def break_rules(client: Client, session: Echoed, breach: dict[str, Any]) -> list[int]:
    """Returns the streams whose ends are of interest."""
    kind = breach["kind"]
    if kind == "capsules":
        # Straight to QUIC: the other end may have ended the stream already.
        client.quic.send_stream_data(session.session_id, encode_frame(DATA_FRAME, bytes.fromhex(breach["hex"])), breach["fin"])
        client.transmit()
        return [session.session_id]
    if kind == "unknown session":
        streams = [client.http.create_webtransport_stream(breach["session"]) for _ in range(breach["count"])]
        for stream_id in streams:
            client.quic.send_stream_data(stream_id, b"nobody's", True)
        for _ in range(breach["count"]):
            client.http.send_datagram(breach["session"], b"nobody's")
        client.transmit()
        return streams
    return []


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ca", required=True, help="PEM")
    parser.add_argument("--breach", required=True, help="JSON: kind and what belongs to it")
    parser.add_argument("--streams", type=int, default=1, help="that the other session has echoed, of each kind")
    parser.add_argument("url")
    arguments = parser.parse_args()
    target = urlsplit(arguments.url)
    configuration = QuicConfiguration(
        alpn_protocols=H3_ALPN, verify_mode=ssl.CERT_REQUIRED, max_datagram_frame_size=MAX_DATAGRAM_FRAME_BYTES
    )
    configuration.load_verify_locations(arguments.ca)
    async with connect(target.hostname, target.port, configuration=configuration, create_protocol=Client) as client:
        broken, other = (client.open_session(target.netloc, target.path) for _ in range(2))
        # Before the answer: streams of a session that is only asked for are early ones, not wrong ones.
        early = other.echo(1, False)
        echoed = await early
        statuses = [await client.statuses[session.session_id] for session in (broken, other)]
        streams = await break_rules(client, broken, json.loads(arguments.breach))
        for is_unidirectional in (False, True):
            echoed += await other.echo(arguments.streams, is_unidirectional)
        await client.ping()
        stops = sorted({client.stops[stream] for stream in streams if stream in client.stops})
        resets = sorted({client.resets[stream] for stream in streams if stream in client.resets})
        refused = sum(stream in client.stops for stream in streams)
        print(json.dumps({"statuses": statuses, "stops": stops, "resets": resets, "refused": refused, "echoed": echoed}))


asyncio.run(main())
