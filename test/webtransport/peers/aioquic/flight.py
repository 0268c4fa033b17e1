"""
A client on aioquic that sends the request for a session, its streams and its datagrams in one flight, and only then the request that has
the session accepted. It prints what has come back as JSON.
"""

from __future__ import annotations

import asyncio
import json

from client import Client
from endpoint import pattern
from program import argument_parser, connect_to, send_headers

DEADLINE_S = 50


async def main() -> None:
    parser = argument_parser(__doc__)
    parser.add_argument("--streams", type=int, required=True, help="of each kind")
    parser.add_argument("--datagrams", type=int, required=True)
    parser.add_argument("--bytes", type=int, required=True, help="of each of them")
    arguments = parser.parse_args()
    target = arguments.url
    body = pattern(arguments.bytes)
    async with connect_to(target, arguments.ca, Client) as client:
        session = client.open_session(target.netloc, target.path)
        for _ in range(arguments.datagrams):
            session.send_datagram(body)
        streams = []
        for _ in range(arguments.streams):
            for is_unidirectional in (False, True):
                streams.append(session.open(is_unidirectional))
                session.send(streams[-1].stream_id, body, True)
        client.transmit()
        # All of it is there before the session is accepted.
        await client.ping()
        unanswered = not client.status.done()
        release = client.quic.get_next_available_stream_id()
        headers = {":method": "GET", ":scheme": "https", ":authority": target.netloc, ":path": "/release"}
        send_headers(client, release, headers, ended=True)
        client.transmit()
        status = int((await client.status)[":status"])
        wanted = await streams[0].digest()
        echoed = 0
        for stream in streams[::2]:
            echoed += await stream.digest() == wanted
        for _ in range(arguments.streams):
            echoed += await (await session.arrived[False].get()).digest() == wanted
        datagrams = 0
        for _ in range(arguments.datagrams):
            datagrams += await session.datagrams.get() == body
        print(json.dumps({"unanswered": unanswered, "status": status, "streams": echoed, "stream": wanted, "datagrams": datagrams}))


# The end of the connection wakes nobody.
asyncio.run(asyncio.wait_for(main(), DEADLINE_S))
