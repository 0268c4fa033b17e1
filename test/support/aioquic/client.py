"""A small HTTP/3 client (aioquic's own), to check servers with an implementation that is not ours.

Fetches each path in turn on one connection and prints one JSON object. With a ticket of an earlier run it resumes that
session and begins in 0-RTT.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import pickle
import ssl
from pathlib import Path
from typing import Any

from aioquic.asyncio.client import connect
from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import DataReceived, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import ConnectionTerminated, HandshakeCompleted, QuicEvent, StreamReset
from aioquic.tls import SessionTicket

TICKET_PATIENCE_SECONDS = 10
# The body of a POST repeats this.
PATTERN = bytes(range(251))


class Client(QuicConnectionProtocol):
    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.http = H3Connection(self._quic)
        self.handshake: HandshakeCompleted | None = None
        self._closed_with: dict[str, Any] | None = None
        self._responses: dict[int, dict[str, Any]] = {}
        self._hashes: dict[int, Any] = {}
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}

    async def fetch(self, authority: str, path: str, body: bytes | None, with_length: bool) -> dict[str, Any]:
        """Returns a response's header sections, size and SHA-256, or how it failed."""
        if self._closed_with is not None:
            return {"path": path, "sections": [], "bytes": 0, **self._closed_with}
        stream_id = self._quic.get_next_available_stream_id()
        self._responses[stream_id] = {"path": path, "sections": [], "bytes": 0}
        self._hashes[stream_id] = hashlib.sha256()
        self._waiting[stream_id] = self._loop.create_future()
        headers = [
            (b":method", b"GET" if body is None else b"POST"),
            (b":scheme", b"https"),
            (b":authority", authority.encode()),
            (b":path", path.encode()),
        ]
        if body is not None and with_length:
            headers.append((b"content-length", str(len(body)).encode()))
        self.http.send_headers(stream_id, headers, end_stream=body is None)
        if body is not None:
            self.http.send_data(stream_id, body, True)
        self.transmit()
        return await self._waiting[stream_id]

    def peer_limits(self) -> dict[str, Any]:
        """The server's transport parameters (RFC 9000 18.2) when the handshake completed, in their units."""
        quic = self._quic
        return {
            "maxStreamsBidi": quic._remote_max_streams_bidi,
            "maxStreamsUni": quic._remote_max_streams_uni,
            "maxData": quic._remote_max_data,
            "maxStreamData": quic._remote_max_stream_data_bidi_remote,
            "idleTimeoutMs": None
            if quic._remote_max_idle_timeout is None
            else round(quic._remote_max_idle_timeout * 1000),
            "datagrams": quic._remote_max_datagram_frame_size is not None,
        }

    def quic_event_received(self, event: QuicEvent) -> None:
        if isinstance(event, HandshakeCompleted):
            self.handshake = event
        elif isinstance(event, StreamReset) and event.stream_id in self._waiting:
            self._settle(event.stream_id, {"reset": event.error_code})
        elif isinstance(event, ConnectionTerminated):
            self._closed_with = {"closed": event.error_code, "reason": event.reason_phrase}
            for stream_id in list(self._waiting):
                self._settle(stream_id, self._closed_with)
        for http_event in self.http.handle_event(event):
            if isinstance(http_event, HeadersReceived):
                section = [[name.decode("latin-1"), value.decode("latin-1")] for name, value in http_event.headers]
                self._responses[http_event.stream_id]["sections"].append(section)
            elif isinstance(http_event, DataReceived):
                self._responses[http_event.stream_id]["bytes"] += len(http_event.data)
                self._hashes[http_event.stream_id].update(http_event.data)
            else:
                continue
            if http_event.stream_ended:
                digest = self._hashes[http_event.stream_id].hexdigest()
                self._settle(http_event.stream_id, {"sha256": digest})

    def _settle(self, stream_id: int, outcome: dict[str, Any]) -> None:
        waiting = self._waiting.pop(stream_id, None)
        if waiting is not None and not waiting.done():
            waiting.set_result({**self._responses[stream_id], **outcome})


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--ca", help="PEM file; without it no certificate is verified")
    parser.add_argument("--server-name", default="localhost")
    parser.add_argument("--body-bytes", type=int, help="POST this many bytes instead of GET")
    parser.add_argument("--without-length", action="store_true", help="POST without content-length")
    parser.add_argument("--separately", action="store_true", help="open a new connection for each path")
    parser.add_argument("--ticket", type=Path, help="file of a session ticket: used if it is there, written at the end")
    parser.add_argument("paths", nargs="+")
    return parser.parse_args()


async def visit(arguments: argparse.Namespace, paths: list[str], body: bytes | None) -> dict[str, Any]:
    """Fetches paths on one connection."""
    authority = f"{arguments.server_name}:{arguments.port}"
    tickets: list[SessionTicket] = []
    ticket_came = asyncio.Event()

    def keep_ticket(ticket: SessionTicket) -> None:
        tickets.append(ticket)
        ticket_came.set()

    configuration = QuicConfiguration(is_client=True, alpn_protocols=H3_ALPN, server_name=arguments.server_name)
    if arguments.ca is None:
        configuration.verify_mode = ssl.CERT_NONE
    else:
        configuration.load_verify_locations(arguments.ca)
    if arguments.ticket is not None and arguments.ticket.exists():
        configuration.session_ticket = pickle.loads(arguments.ticket.read_bytes())
    async with connect(
        arguments.host,
        arguments.port,
        configuration=configuration,
        create_protocol=Client,
        session_ticket_handler=keep_ticket,
        # A client that resumes does not wait: its requests go out in 0-RTT.
        wait_connected=configuration.session_ticket is None,
    ) as client:
        limits = client.peer_limits()
        responses = [await client.fetch(authority, path, body, not arguments.without_length) for path in paths]
        if arguments.ticket is not None:
            # It may come after the responses.
            await asyncio.wait_for(ticket_came.wait(), TICKET_PATIENCE_SECONDS)
            arguments.ticket.write_bytes(pickle.dumps(tickets[-1]))
        handshake = client.handshake
    return {
        "resumed": handshake is not None and handshake.session_resumed,
        "earlyData": handshake is not None and handshake.early_data_accepted,
        "limits": limits,
        "responses": responses,
    }


async def main() -> None:
    arguments = parse_arguments()
    body = None
    if arguments.body_bytes is not None:
        body = (PATTERN * (arguments.body_bytes // len(PATTERN) + 1))[: arguments.body_bytes]
    rounds = [[path] for path in arguments.paths] if arguments.separately else [arguments.paths]
    results = [await visit(arguments, paths, body) for paths in rounds]
    responses = [response for result in results for response in result["responses"]]
    print(json.dumps({**results[-1], "responses": responses}))


asyncio.run(main())
