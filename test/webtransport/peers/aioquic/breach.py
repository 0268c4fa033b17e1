"""
A client on aioquic that breaks the rules in one of two sessions of a connection, while a request is under way beside them. It prints how
each of them fares as JSON.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from aioquic.h3.events import DataReceived, H3Event, HeadersReceived
from aioquic.quic.events import ConnectionTerminated, QuicEvent, StopSendingReceived, StreamReset

from breaches import commit
from endpoint import Endpoint, Session, pattern
from program import argument_parser, connect_to, send_headers

STREAM_BYTES = 1000
DEADLINE_S = 50


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


class Request:
    """An ordinary one, whose body is to come back."""

    def __init__(self, client: Client, authority: str) -> None:
        self._client = client
        self._stream_id = client.quic.get_next_available_stream_id()
        self._received = b""
        self.ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        client.requests[self._stream_id] = self
        headers = {":method": "POST", ":scheme": "https", ":authority": authority, ":path": "/"}
        send_headers(client, self._stream_id, headers)

    def send(self, ended: bool) -> None:
        """Half of the body."""
        self._client.http.send_data(self._stream_id, pattern(STREAM_BYTES), ended)
        self._client.transmit()

    def on_data(self, data: bytes, ended: bool) -> None:
        self._received += data
        if ended:
            self.ended.set_result(len(self._received) if self._received == pattern(STREAM_BYTES) * 2 else -1)


class Client(Endpoint):
    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.requests: dict[int, Request] = {}
        # Code of the connection's end.
        self.terminated: asyncio.Future[int] = self._loop.create_future()
        self.statuses: dict[int, asyncio.Future[int]] = {}
        # RESET_STREAM and STOP_SENDING by stream, the HTTP/3 codes as they came.
        self.resets: dict[int, int] = {}
        self.stops: dict[int, int] = {}

    def open_session(self, authority: str, path: str) -> Echoed:
        session = Echoed(self, self._quic.get_next_available_stream_id())
        self.sessions[session.session_id] = session
        self.statuses[session.session_id] = self._loop.create_future()
        headers = {":method": "CONNECT", ":scheme": "https", ":authority": authority, ":path": path, ":protocol": "webtransport"}
        send_headers(self, session.session_id, headers)
        return session

    def on_headers(self, event: HeadersReceived) -> None:
        if event.stream_id in self.statuses:
            self.statuses[event.stream_id].set_result(int(dict(event.headers)[b":status"]))

    def quic_event_received(self, event: QuicEvent) -> None:
        if isinstance(event, StreamReset):
            self.resets[event.stream_id] = event.error_code
        elif isinstance(event, StopSendingReceived):
            self.stops[event.stream_id] = event.error_code
        elif isinstance(event, ConnectionTerminated):
            self.terminated.set_result(event.error_code)
        super().quic_event_received(event)

    def _on_http_event(self, event: H3Event) -> None:
        if isinstance(event, DataReceived) and event.stream_id in self.requests:
            self.requests[event.stream_id].on_data(event.data, event.stream_ended)
        super()._on_http_event(event)


async def end_streams(client: Client, session: Session, codes: list[int]) -> None:
    """Opens a stream for each code, and breaks off both directions of it by that code as it is when the other end knows the stream."""
    known: dict[int, asyncio.Event] = {}
    session.on_stream_data = lambda stream_id, data, ended: known[stream_id].set() if stream_id in known else None
    for code in codes:
        stream_id = session.open_stream(False)
        known[stream_id] = asyncio.Event()
        session.send(stream_id, b"begun")
        client.transmit()
        await known[stream_id].wait()
        client.quic.reset_stream(stream_id, code)
        client.quic.stop_stream(stream_id, code)
        client.transmit()


async def main() -> None:
    parser = argument_parser(__doc__)
    parser.add_argument("--breach", required=True, help="JSON: kind and what belongs to it")
    parser.add_argument("--streams", type=int, default=1, help="that the other session has echoed, of each kind")
    parser.add_argument("--broken-path", default="/echo", help="of the session that breaks the rules")
    parser.add_argument("--fatal", action="store_true", help="the connection has to end")
    arguments = parser.parse_args()
    target = arguments.url
    async with connect_to(target, arguments.ca, Client) as client:
        broken, other = (client.open_session(target.netloc, path) for path in (arguments.broken_path, target.path))
        request = Request(client, target.netloc)
        request.send(False)
        # Before the answer: streams of a session that is only asked for are early ones, not wrong ones.
        echoed = await other.echo(1, False)
        statuses = [await client.statuses[session.session_id] for session in (broken, other)]
        breach = json.loads(arguments.breach)
        streams = commit(broken, breach)
        client.transmit()
        if "later" in breach:
            # Keeps the stream open when the other end ends it.
            broken.is_closed = True
            await client.ping()
            commit(broken, breach["later"])
            client.transmit()
        if breach["kind"] == "codes":
            await end_streams(client, broken, breach["codes"])
        if arguments.fatal:
            print(json.dumps({"statuses": statuses, "terminated": await client.terminated}))
            return
        for is_unidirectional in (False, True):
            echoed += await other.echo(arguments.streams, is_unidirectional)
        request.send(True)
        requested = await request.ended
        await client.ping()
        stops = sorted({client.stops[stream] for stream in streams if stream in client.stops})
        resets = sorted({client.resets[stream] for stream in streams if stream in client.resets})
        refused = sum(stream in client.resets or stream in client.stops for stream in streams)
        outcome = {"statuses": statuses, "stops": stops, "resets": resets, "refused": refused, "echoed": echoed, "requested": requested}
        print(json.dumps(outcome))


# The end of the connection wakes nobody.
asyncio.run(asyncio.wait_for(main(), DEADLINE_S))
