"""A WebTransport server on aioquic that does with each session what its path says; README.md in the folder above has the paths."""

from __future__ import annotations

import argparse
import asyncio
import collections
import hashlib
import json
import sys
from typing import Any
from urllib.parse import parse_qs, urlsplit

from aioquic.asyncio.server import serve
from aioquic.h3.connection import H3_ALPN
from aioquic.h3.events import DataReceived, H3Event, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import ConnectionTerminated, QuicEvent, StopSendingReceived, StreamReset

from breaches import commit
from endpoint import Endpoint, Session, is_bidirectional, pattern
from wire import to_http_code

WINDOW_BYTES = 4 * 1024 * 1024
MAX_DATAGRAM_FRAME_BYTES = 65536


def report(event: dict[str, Any]) -> None:
    print(json.dumps(event), flush=True)


class ServedSession(Session):
    """Reports how the client ends the session; the subclasses say what a path adds."""

    def __init__(self, endpoint: Server, session_id: int, query: dict[str, str]) -> None:
        super().__init__(endpoint, session_id)
        self.query = query

    def number(self, name: str) -> int:
        return int(self.query.get(name, "0"))

    def on_accepted(self) -> None:
        """The 2xx is about to be sent, in the same packet if there is room."""

    def on_closed(self, code: int | None, reason: str) -> None:
        report({"event": "closed", "closure": {"code": code, "reason": reason, "remote": True}})


class Echo(ServedSession):
    """Answers streams on themselves or on new ones, and datagrams."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._answers: dict[int, int] = {}

    def on_stream_data(self, stream_id: int, data: bytes, ended: bool) -> None:
        if is_bidirectional(stream_id):
            self.send(stream_id, data, ended)
            return
        if stream_id not in self._answers:
            self._answers[stream_id] = self.open_stream(is_unidirectional=True)
        self.send(self._answers[stream_id], data, ended)

    def on_datagram(self, data: bytes) -> None:
        self.send_datagram(data)


class Breach(Echo):
    """Breaks the rules when a stream of the client has ended."""

    def on_stream_data(self, stream_id: int, data: bytes, ended: bool) -> None:
        super().on_stream_data(stream_id, data, ended)
        if ended:
            self.endpoint.watched.update(commit(self, json.loads(self.query["breach"])))


class Open(ServedSession):
    """Opens `count` streams of each kind with `bytes` on them."""

    def on_accepted(self) -> None:
        for index in range(2 * self.number("count")):
            self.send(self.open_stream(index % 2 == 1), pattern(self.number("bytes")), True)


class Report(ServedSession):
    """Tells how the client ends each direction of its streams."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._received: dict[int, Any] = {}
        self._bytes: dict[int, int] = {}
        self._ends: collections.Counter[int] = collections.Counter()

    def on_stream_data(self, stream_id: int, data: bytes, ended: bool) -> None:
        if stream_id not in self._received:
            self._received[stream_id] = hashlib.sha256()
            if is_bidirectional(stream_id) and stream_id not in self.endpoint.own_streams:
                # Shows the client that its stream is known.
                self.send(stream_id, b"\0")
        self._received[stream_id].update(data)
        self._bytes[stream_id] = self._bytes.get(stream_id, 0) + len(data)
        if ended:
            sha256 = self._received[stream_id].hexdigest()
            report({"event": "received", "bytes": self._bytes[stream_id], "sha256": sha256})

    def on_reset(self, stream_id: int, code: int | None) -> None:
        self._tell_end(stream_id, "reset", code)

    def on_stop(self, stream_id: int, code: int | None) -> None:
        self._tell_end(stream_id, "stop", code)

    def _tell_end(self, stream_id: int, event: str, code: int | None) -> None:
        report({"event": event, "code": code})
        self._ends[stream_id] += 1
        if self._ends[stream_id] == 2:
            # Shows the client that both codes have been seen.
            self.send(self.open_stream(is_unidirectional=True), b"", True)


class Push(Report):
    """Opens a stream of either kind and sends datagrams without being asked, and more of them when a stream has been answered."""

    def on_accepted(self) -> None:
        for _ in range(3):
            self.send_datagram(b"early")
        for is_unidirectional in (True, False):
            stream_id = self.open_stream(is_unidirectional)
            self.send(stream_id, pattern(self.number("bytes")), True)

    def on_stream_data(self, stream_id: int, data: bytes, ended: bool) -> None:
        super().on_stream_data(stream_id, data, ended)
        if ended:
            for _ in range(3):
                self.send_datagram(b"late")


class Refuse(ServedSession):
    """Ends every stream by the code: `/reset` both directions, `/stop` only what comes in."""

    resets = True

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._refused: set[int] = set()

    def on_stream_data(self, stream_id: int, data: bytes, ended: bool) -> None:
        if stream_id in self._refused:
            return
        self._refused.add(stream_id)
        code = self.number("http-code") if "http-code" in self.query else to_http_code(self.number("code"))
        self.endpoint.quic.stop_stream(stream_id, code)
        if not is_bidirectional(stream_id):
            return
        if self.resets:
            self._ended.add(stream_id)
            self.endpoint.quic.reset_stream(stream_id, code)
        else:
            self.send(stream_id, b"", True)


class Stop(Refuse):
    resets = False


class Close(ServedSession):
    def on_accepted(self) -> None:
        # Behind the headers, which are sent when this returns.
        asyncio.get_running_loop().call_soon(self._close)

    def _close(self) -> None:
        self.close(self.number("code"), self.query.get("reason", ""))
        self.endpoint.transmit()


ROUTES: dict[str, type[ServedSession]] = {
    "/echo": Echo,
    "/report": Report,
    "/push": Push,
    "/open": Open,
    "/breach": Breach,
    "/reset": Refuse,
    "/stop": Stop,
    "/close": Close,
}


class Server(Endpoint):
    """One client's connection."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        # Streams that break the rules, whose ends are reported.
        self.watched: set[int] = set()
        self._requests: set[int] = set()

    def quic_event_received(self, event: QuicEvent) -> None:
        if isinstance(event, (StreamReset, StopSendingReceived)) and event.stream_id in self.watched:
            what = "reset" if isinstance(event, StreamReset) else "stop"
            report({"event": "refused-stream", "what": what, "code": event.error_code})
        elif isinstance(event, ConnectionTerminated):
            report({"event": "terminated", "code": event.error_code})
        super().quic_event_received(event)

    def _on_http_event(self, event: H3Event) -> None:
        if isinstance(event, DataReceived) and event.stream_id in self._requests:
            self.http.send_data(event.stream_id, event.data, event.stream_ended)
        super()._on_http_event(event)

    def on_headers(self, event: HeadersReceived) -> None:
        if event.stream_id in self.sessions or event.stream_id in self._requests:
            return
        headers = [(name.decode(), value.decode()) for name, value in event.headers]
        fields = dict(headers)
        target = urlsplit(fields[":path"])
        query = {name: values[-1] for name, values in parse_qs(target.query, keep_blank_values=True).items()}
        protocol = fields.get(":protocol", "")
        report({"event": "request", "path": target.path, "protocol": protocol, "headers": headers})
        report({"event": "settings", "settings": {hex(name): value for name, value in self.http.received_settings.items()}})
        if fields[":method"] == "POST":
            self._requests.add(event.stream_id)
            self.http.send_headers(event.stream_id, [(b":status", b"200")])
        elif target.path == "/reject":
            self.http.send_headers(event.stream_id, [(b":status", query["status"].encode())], end_stream=True)
        elif target.path not in ROUTES or not protocol.startswith("webtransport"):
            self.http.send_headers(event.stream_id, [(b":status", b"404")], end_stream=True)
        else:
            self._accept(event.stream_id, ROUTES[target.path], target.path, query)

    def _accept(self, stream_id: int, kind: type[ServedSession], path: str, query: dict[str, str]) -> None:
        session = kind(self, stream_id, query)
        self.sessions[stream_id] = session
        comes_first = query.get("early") == "1"
        if comes_first:
            # Streams and datagrams may overtake the response (draft-ietf-webtrans-http3, 4.5).
            session.on_accepted()
            self.transmit()
        self.http.send_headers(stream_id, [(b":status", b"200"), (b"sec-webtransport-http3-draft", b"draft02")])
        report({"event": "session", "path": path})
        if not comes_first:
            session.on_accepted()


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--certificate", required=True)
    parser.add_argument("--private-key", required=True)
    arguments = parser.parse_args()
    configuration = QuicConfiguration(
        is_client=False,
        alpn_protocols=H3_ALPN,
        max_data=WINDOW_BYTES,
        max_stream_data=WINDOW_BYTES,
        max_datagram_frame_size=MAX_DATAGRAM_FRAME_BYTES,
    )
    configuration.load_cert_chain(arguments.certificate, arguments.private_key)
    server = await serve("127.0.0.1", 0, configuration=configuration, create_protocol=Server)
    report({"event": "listening", "port": server._transport.get_extra_info("sockname")[1]})
    await asyncio.to_thread(sys.stdin.read)


asyncio.run(main())
