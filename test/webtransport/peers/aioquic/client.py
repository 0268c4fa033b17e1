"""A WebTransport client on aioquic: opens sessions, carries out scenarios, and prints the results of each as a line of JSON."""

from __future__ import annotations

import asyncio
import hashlib
import json
from typing import Any
from urllib.parse import SplitResult, urlsplit

from aioquic.h3.events import HeadersReceived

from endpoint import Endpoint, Session, is_bidirectional, pattern
from program import argument_parser, connect_to, send_headers

WINDOW_BYTES = 4 * 1024 * 1024
# A datagram that was not answered in this time is sent again.
DATAGRAM_PATIENCE_S = 0.5


class IncomingStream:
    """What a stream brings, and how each direction of it ends."""

    def __init__(self, stream_id: int) -> None:
        loop = asyncio.get_running_loop()
        self.stream_id = stream_id
        self.begun: asyncio.Future[None] = loop.create_future()
        # Code of a reset; None for a stream that ends properly.
        self.ended: asyncio.Future[int | None] = loop.create_future()
        self.stopped: asyncio.Future[int | None] = loop.create_future()
        self._hash = hashlib.sha256()
        self._bytes = 0

    def feed(self, data: bytes, ended: bool) -> None:
        if data and not self.begun.done():
            self.begun.set_result(None)
        self._hash.update(data)
        self._bytes += len(data)
        if ended:
            self.ended.set_result(None)

    async def digest(self) -> dict[str, Any]:
        code = await self.ended
        if code is not None:
            raise RuntimeError(f"stream {self.stream_id} was reset with code {code}")
        return {"bytes": self._bytes, "sha256": self._hash.hexdigest()}


class ClientSession(Session):
    def __init__(self, endpoint: Endpoint, session_id: int) -> None:
        super().__init__(endpoint, session_id)
        self.streams: dict[int, IncomingStream] = {}
        self.arrived: dict[bool, asyncio.Queue[IncomingStream]] = {True: asyncio.Queue(), False: asyncio.Queue()}
        self.datagrams: asyncio.Queue[bytes] = asyncio.Queue()
        self.closed: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()

    def open(self, is_unidirectional: bool) -> IncomingStream:
        stream = IncomingStream(self.open_stream(is_unidirectional))
        self.streams[stream.stream_id] = stream
        return stream

    def on_stream_data(self, stream_id: int, data: bytes, ended: bool) -> None:
        self._stream(stream_id).feed(data, ended)

    def on_reset(self, stream_id: int, code: int | None) -> None:
        self._stream(stream_id).ended.set_result(code)

    def on_stop(self, stream_id: int, code: int | None) -> None:
        self._stream(stream_id).stopped.set_result(code)

    def on_datagram(self, data: bytes) -> None:
        self.datagrams.put_nowait(data)

    def on_closed(self, code: int | None, reason: str) -> None:
        self.closed.set_result({"code": code, "reason": reason, "remote": True})

    def _stream(self, stream_id: int) -> IncomingStream:
        if stream_id not in self.streams:
            self.streams[stream_id] = IncomingStream(stream_id)
            self.arrived[is_bidirectional(stream_id)].put_nowait(self.streams[stream_id])
        return self.streams[stream_id]


class Client(Endpoint):
    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.status: asyncio.Future[dict[str, str]] = self._loop.create_future()

    def open_session(self, authority: str, path: str) -> ClientSession:
        session = ClientSession(self, self._quic.get_next_available_stream_id())
        self.sessions[session.session_id] = session
        headers = {
            ":method": "CONNECT",
            ":scheme": "https",
            ":authority": authority,
            ":path": path,
            ":protocol": "webtransport",
            "sec-webtransport-http3-draft02": "1",
        }
        send_headers(self, session.session_id, headers)
        return session

    def on_headers(self, event: HeadersReceived) -> None:
        if event.stream_id in self.sessions and not self.status.done():
            self.status.set_result({name.decode(): value.decode() for name, value in event.headers})


class Scenario:
    """The steps that a client can be told to do."""

    def __init__(self, client: Client, session: ClientSession) -> None:
        self._client = client
        self._session = session

    async def carry_out(self, step: dict[str, Any]) -> dict[str, Any]:
        return await getattr(self, "do_" + step["do"])(step)

    async def do_bidi(self, step: dict[str, Any]) -> dict[str, Any]:
        return await self._send_pattern(False, step["bytes"]).digest()

    async def do_uni(self, step: dict[str, Any]) -> dict[str, Any]:
        self._send_pattern(True, step["bytes"])
        return await (await self._session.arrived[False].get()).digest()

    async def do_datagrams(self, step: dict[str, Any]) -> dict[str, Any]:
        for index in range(step["count"]):
            data = pattern(index % 251 + step["bytes"])[index % 251 :]
            answer = None
            while answer != data:
                self._session.send_datagram(data)
                self._client.transmit()
                try:
                    answer = await asyncio.wait_for(self._session.datagrams.get(), DATAGRAM_PATIENCE_S)
                except TimeoutError:
                    answer = None
        return {"echoed": step["count"]}

    async def do_refused(self, step: dict[str, Any]) -> dict[str, Any]:
        stream = self._session.open(False)
        self._session.send(stream.stream_id, b"begun")
        self._client.transmit()
        return {"stop": await stream.stopped, "reset": await stream.ended}

    async def do_refuse(self, step: dict[str, Any]) -> dict[str, Any]:
        stream = self._session.open(False)
        self._session.send(stream.stream_id, b"begun")
        self._client.transmit()
        await stream.begun
        self._session.reset(stream.stream_id, step["code"])
        self._session.stop(stream.stream_id, step["code"])
        self._client.transmit()
        return await (await self._session.arrived[False].get()).digest()

    async def do_pushed(self, step: dict[str, Any]) -> dict[str, Any]:
        stream = await self._session.arrived[True].get()
        bidirectional = await stream.digest()
        self._session.send(stream.stream_id, pattern(bidirectional["bytes"]), True)
        self._client.transmit()
        unidirectional = await (await self._session.arrived[False].get()).digest()
        first = last = await self._session.datagrams.get()
        # The late ones show that the server has had the answer.
        while last != b"late":
            last = await self._session.datagrams.get()
        return {"bidi": bidirectional, "uni": unidirectional, "datagram": first.decode()}

    async def do_opened(self, step: dict[str, Any]) -> dict[str, Any]:
        kinds: set[tuple[int, str]] = set()
        for _ in range(step["count"]):
            for bidirectional in (True, False):
                stream = await self._session.arrived[bidirectional].get()
                digest = await stream.digest()
                kinds.add((digest["bytes"], digest["sha256"]))
                if bidirectional:
                    self._session.send(stream.stream_id, pattern(digest["bytes"]), True)
                    self._client.transmit()
        return {"streams": 2 * step["count"], "kinds": [{"bytes": count, "sha256": sha256} for count, sha256 in sorted(kinds)]}

    async def do_close(self, step: dict[str, Any]) -> dict[str, Any]:
        self._session.close(step["code"], step["reason"])
        await self._client.ping()
        return {}

    async def do_closed(self, step: dict[str, Any]) -> dict[str, Any]:
        return await self._session.closed

    def _send_pattern(self, is_unidirectional: bool, length: int) -> IncomingStream:
        stream = self._session.open(is_unidirectional)
        self._session.send(stream.stream_id, pattern(length), True)
        self._client.transmit()
        return stream


async def run_session(target: SplitResult, ca: str, steps: list[dict[str, Any]]) -> dict[str, Any]:
    """Carries out a scenario on a connection of its own."""
    results = []
    async with connect_to(target, ca, Client, max_data=WINDOW_BYTES, max_stream_data=WINDOW_BYTES) as client:
        path = f"{target.path}?{target.query}" if target.query else target.path
        session = client.open_session(target.netloc, path)
        client.transmit()
        headers = await client.status
        status = int(headers[":status"])
        if 200 <= status < 300:
            scenario = Scenario(client, session)
            for step in steps:
                results.append(await scenario.carry_out(step))
            await client.ping()
        settings = {hex(name): value for name, value in client.http.received_settings.items()}
    return {"status": status, "headers": headers, "settings": settings, "results": results}


async def main() -> None:
    parser = argument_parser(__doc__)
    parser.add_argument("--scenario", default="[]", help="steps in JSON")
    parser.add_argument(
        "--next", nargs=2, action="append", default=[], metavar=("URL", "SCENARIO"), help="another session when the last has ended"
    )
    arguments = parser.parse_args()
    print(json.dumps(await run_session(arguments.url, arguments.ca, json.loads(arguments.scenario))))
    for url, scenario in arguments.next:
        print(json.dumps(await run_session(urlsplit(url), arguments.ca, json.loads(scenario))))


if __name__ == "__main__":
    asyncio.run(main())
