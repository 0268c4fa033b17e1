"""A scriptable HTTP/3 server: it behaves as each path says, and as lines on standard input say.

Standard output has one JSON object a line: {"event": "listening", "port": n} when it is ready, then reports of
handshakes, requests, resets and ends of connections. Standard input takes {"id": n, "command": name, ...} a line, each
answered by {"event": "done", "id": n}. The server ends when standard input does.
"""

from __future__ import annotations

import argparse
import asyncio
import functools
import json
import socket
import sys
from typing import Any

from aioquic.asyncio.server import serve
from aioquic.h3.connection import H3_ALPN
from aioquic.quic.configuration import QuicConfiguration

from malformed import SETTINGS
from protocol import ScriptedProtocol
from scripted_quic import TicketStore

RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024
MAX_DATAGRAM_FRAME_BYTES = 65536


def report(event: dict[str, Any]) -> None:
    print(json.dumps(event), flush=True)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--certificate", required=True)
    parser.add_argument("--private-key", required=True)
    parser.add_argument("--retry", action="store_true", help="validate each client's address by a Retry packet")
    parser.add_argument("--idle-timeout", type=float, default=30, help="seconds")
    parser.add_argument(
        "--max-streams", type=int, default=128, help="request streams allowed at first; more follow as they end"
    )
    parser.add_argument("--max-data", type=int, default=1 << 20, help="connection window in bytes")
    parser.add_argument("--max-stream-data", type=int, default=1 << 20, help="stream window in bytes")
    parser.add_argument("--settings", choices=sorted(SETTINGS), default="proper")
    return parser.parse_args()


def carry_out(command: dict[str, Any], tickets: TicketStore) -> None:
    connections = list(ScriptedProtocol.connections)
    name = command["command"]
    if name == "forget-tickets":
        tickets.forget()
    elif name == "release":
        for connection in connections:
            connection.release()
    elif name == "goaway":
        for connection in connections:
            connection.goaway()
    elif name == "close":
        for connection in connections:
            connection.close_with(command["code"], command["reason"], command["kind"])
    else:
        raise ValueError(f"no such command: {name}")


async def read_commands(tickets: TicketStore) -> None:
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        command = json.loads(line)
        carry_out(command, tickets)
        report({"event": "done", "id": command["id"]})


async def main() -> None:
    arguments = parse_arguments()
    configuration = QuicConfiguration(
        is_client=False,
        alpn_protocols=H3_ALPN,
        idle_timeout=arguments.idle_timeout,
        max_data=arguments.max_data,
        max_stream_data=arguments.max_stream_data,
        max_datagram_frame_size=MAX_DATAGRAM_FRAME_BYTES,
    )
    configuration.load_cert_chain(arguments.certificate, arguments.private_key)
    tickets = TicketStore()
    server = await serve(
        arguments.host,
        arguments.port,
        configuration=configuration,
        create_protocol=functools.partial(
            ScriptedProtocol, h3_class=SETTINGS[arguments.settings], max_streams=arguments.max_streams, report=report
        ),
        session_ticket_fetcher=tickets.take,
        session_ticket_handler=tickets.add,
        retry=arguments.retry,
    )
    udp = server._transport.get_extra_info("socket")
    udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
    report({"event": "listening", "port": udp.getsockname()[1]})
    await read_commands(tickets)
    server.close()


asyncio.run(main())
