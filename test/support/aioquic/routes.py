"""What the scripted server does for each path. README.md in this folder has the table."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from urllib.parse import parse_qsl, urlsplit

import malformed
from exchange import Exchange

# Generated bodies repeat this; 251 is prime, so that a shifted block shows.
PATTERN = bytes(range(251))
BLOCK = 251 * 256


def pattern(offset: int, length: int) -> bytes:
    start = offset % len(PATTERN)
    return (PATTERN * ((start + length) // len(PATTERN) + 1))[start : start + length]


def hello(exchange: Exchange) -> None:
    exchange.respond(b"hello\n")


def echo(exchange: Exchange) -> None:
    content_type = dict(exchange.request_headers).get(b"content-type", b"application/octet-stream")
    exchange.send_headers(200, [(b"content-type", content_type)])
    exchange.on_data = exchange.send_data
    exchange.when_ended(lambda: exchange.send_data(b"", True))


def digest(exchange: Exchange) -> None:
    """Says what arrived, when all of it has."""

    def answer() -> None:
        body = {"bytes": exchange.body_bytes, "sha256": exchange.body_hash.hexdigest()}
        exchange.respond(json.dumps(body).encode(), headers=[(b"content-type", b"application/json")])

    exchange.when_ended(answer)


def answer_first(exchange: Exchange) -> None:
    """Answers at once, and reports what arrived when all of it has."""
    exchange.respond(b"answered")
    exchange.when_ended(
        lambda: exchange.protocol.report(
            {
                "event": "body",
                "stream": exchange.stream_id,
                "bytes": exchange.body_bytes,
                "sha256": exchange.body_hash.hexdigest(),
            }
        )
    )


def request_headers(exchange: Exchange) -> None:
    fields = [[name.decode("latin-1"), value.decode("latin-1")] for name, value in exchange.request_headers]
    exchange.respond(json.dumps(fields).encode(), headers=[(b"content-type", b"application/json")])


def generated(exchange: Exchange) -> None:
    length = exchange.integer("length", 0)
    exchange.send_headers(200, [(b"content-length", str(length).encode())], end=length == 0)
    for offset in range(0, length, BLOCK):
        size = min(BLOCK, length - offset)
        exchange.send_data(pattern(offset, size), offset + size == length)


def status(exchange: Exchange) -> None:
    exchange.send_headers(exchange.integer("code", 200), [], end=True)


def response_headers(exchange: Exchange) -> None:
    query = urlsplit(dict(exchange.request_headers)[b":path"].decode()).query
    exchange.respond(
        b"", headers=[(name.encode(), value.encode()) for name, value in parse_qsl(query, keep_blank_values=True)]
    )


def trailers(exchange: Exchange) -> None:
    exchange.send_headers(200, [(b"trailer", b"x-first, x-second")])
    exchange.send_data(b"body")
    exchange.http.send_headers(exchange.stream_id, [(b"x-first", b"1"), (b"x-second", b"two")], True)


def interim(exchange: Exchange) -> None:
    code = str(exchange.integer("status", 103)).encode()
    for number in range(exchange.integer("count", 1)):
        link = b"</style-%d.css>; rel=preload" % number
        exchange.http.send_headers(exchange.stream_id, [(b":status", code), (b"link", link)])
    exchange.respond(b"final")


def early(exchange: Exchange) -> None:
    exchange.respond(b"early" if exchange.early else b"late")


def too_early(exchange: Exchange) -> None:
    """Does not want the risk of a replay (RFC 8470 5.2)."""
    if exchange.early:
        exchange.respond(b"too early", 425)
    else:
        exchange.respond(b"in time")


def _begin(exchange: Exchange) -> None:
    """Sends headers and `after` bytes, if `after` is given."""
    if "after" in exchange.parameters:
        exchange.send_headers(200)
        exchange.send_data(pattern(0, exchange.integer("after", 0)))


def stall(exchange: Exchange) -> None:
    _begin(exchange)


def _then(exchange: Exchange, action: Callable[[], None]) -> None:
    """Sends what there is, and acts: at once, or `delay` milliseconds later if that is given."""
    exchange.protocol.transmit()
    delay = exchange.integer("delay", 0) / 1000

    async def act_later() -> None:
        await asyncio.sleep(delay)
        action()
        exchange.protocol.transmit()

    if delay == 0:
        action()
    else:
        exchange.protocol.run(act_later())


def reset(exchange: Exchange) -> None:
    _begin(exchange)
    code = exchange.integer("code", 0x102)
    if exchange.integer("stop", 0):
        exchange.protocol.quic.stop_stream(exchange.stream_id, code)
    # The bytes before the reset go out first: a reset drops what is still queued.
    _then(exchange, lambda: exchange.reset(code))


def stop_sending(exchange: Exchange) -> None:
    if exchange.integer("respond", 1):
        exchange.respond(b"enough")
    if not exchange.ended:
        exchange.protocol.quic.stop_stream(exchange.stream_id, exchange.integer("code", 0x100))


def close(exchange: Exchange) -> None:
    _begin(exchange)
    code, reason = exchange.integer("code", 0x100), exchange.parameters.get("reason", "")
    kind = exchange.parameters.get("kind", "application")
    _then(exchange, lambda: exchange.protocol.close_with(code, reason, kind))


def goaway(exchange: Exchange) -> None:
    exchange.http.send_goaway(exchange.integer("id", exchange.stream_id + 4))
    exchange.respond(b"goodbye")


def slow_reader(exchange: Exchange) -> None:
    """Grants no more credit for this request's body until the command `release`, then answers as /digest."""
    exchange.protocol.quic.held_streams.add(exchange.stream_id)
    digest(exchange)


def slow_writer(exchange: Exchange) -> None:
    """Sends `count` pieces of `length` bytes, `interval` milliseconds apart."""
    count, length = exchange.integer("count", 10), exchange.integer("length", 1)
    interval = exchange.integer("interval", 10) / 1000
    exchange.send_headers(200, [(b"content-length", str(count * length).encode())])

    async def write() -> None:
        for number in range(count):
            exchange.send_data(pattern(number * length, length), number == count - 1)
            exchange.protocol.transmit()
            await asyncio.sleep(interval)

    exchange.protocol.run(write())


def key_update(exchange: Exchange) -> None:
    exchange.protocol.request_key_update()
    exchange.respond(b"updated")


def malformed_response(exchange: Exchange) -> None:
    write = malformed.RESPONSES.get(exchange.path.removeprefix("/malformed/"))
    if write is None:
        exchange.respond(b"no such response\n", 404)
    else:
        write(exchange.http, exchange.stream_id)


def control_stream(exchange: Exchange) -> None:
    """Misbehaves on a stream of the connection, then answers."""
    write = malformed.CONTROL.get(exchange.path.removeprefix("/control/"))
    if write is None:
        exchange.respond(b"no such control stream\n", 404)
    else:
        write(exchange.http)
        exchange.respond(b"misbehaved")


ROUTES: dict[str, Callable[[Exchange], None]] = {
    "/": hello,
    "/echo": echo,
    "/digest": digest,
    "/answer-first": answer_first,
    "/request-headers": request_headers,
    "/bytes": generated,
    "/status": status,
    "/response-headers": response_headers,
    "/trailers": trailers,
    "/interim": interim,
    "/early": early,
    "/too-early": too_early,
    "/stall": stall,
    "/reset": reset,
    "/stop-sending": stop_sending,
    "/close": close,
    "/goaway": goaway,
    "/slow-reader": slow_reader,
    "/slow-writer": slow_writer,
    "/key-update": key_update,
}


def route(exchange: Exchange) -> None:
    """Begins to answer a request."""
    if exchange.path.startswith("/malformed/"):
        malformed_response(exchange)
    elif exchange.path.startswith("/control/"):
        control_stream(exchange)
    else:
        ROUTES.get(exchange.path, lambda missing: missing.respond(b"no such path\n", 404))(exchange)
