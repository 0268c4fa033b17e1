"""Shows certificates: an HTTP/3 server for each, which completes handshakes and answers nothing.

Takes pairs of files, chain and key in PEM. Standard output has one JSON object, {"ports": [...]}, when all listen. The
servers end when standard input does.
"""

from __future__ import annotations

import asyncio
import json
import sys

from aioquic.asyncio.server import serve
from aioquic.h3.connection import H3_ALPN
from aioquic.quic.configuration import QuicConfiguration


async def listen(host: str, chain: str, key: str) -> int:
    configuration = QuicConfiguration(is_client=False, alpn_protocols=H3_ALPN)
    configuration.load_cert_chain(chain, key)
    server = await serve(host, 0, configuration=configuration)
    return server._transport.get_extra_info("sockname")[1]


async def main(host: str, files: list[str]) -> None:
    pairs = zip(files[::2], files[1::2])
    ports = [await listen(host, chain, key) for chain, key in pairs]
    print(json.dumps({"ports": ports}), flush=True)
    await asyncio.to_thread(sys.stdin.read)


asyncio.run(main(sys.argv[1], sys.argv[2:]))
