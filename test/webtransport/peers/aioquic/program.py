"""What the programs that are clients have in common: their arguments and how they connect."""

from __future__ import annotations

import argparse
import ssl
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeVar
from urllib.parse import SplitResult, urlsplit

from aioquic.asyncio.client import connect
from aioquic.h3.connection import H3_ALPN
from aioquic.quic.configuration import QuicConfiguration

from endpoint import Endpoint

MAX_DATAGRAM_FRAME_BYTES = 65536

Connection = TypeVar("Connection", bound=Endpoint)


def argument_parser(description: str | None) -> argparse.ArgumentParser:
    """For the arguments of every client; the program adds its own."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--ca", required=True, help="PEM")
    parser.add_argument("url", type=urlsplit)
    return parser


def connect_to(
    url: SplitResult, ca: str, protocol: type[Connection], **limits: Any
) -> AbstractAsyncContextManager[Connection]:
    """A connection to the host of a URL; `ca` names a file, `limits` are aioquic's by their names in its configuration."""
    configuration = QuicConfiguration(
        alpn_protocols=H3_ALPN, verify_mode=ssl.CERT_REQUIRED, max_datagram_frame_size=MAX_DATAGRAM_FRAME_BYTES, **limits
    )
    configuration.load_verify_locations(ca)
    return connect(url.hostname, url.port, configuration=configuration, create_protocol=protocol)


def send_headers(client: Endpoint, stream_id: int, headers: dict[str, str], ended: bool = False) -> None:
    """The headers of a request."""
    pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
    client.http.send_headers(stream_id, pairs, end_stream=ended)
