"""Responses and control streams that break RFC 9114, by name."""

from __future__ import annotations

from collections.abc import Callable

from aioquic.buffer import encode_uint_var
from aioquic.h3.connection import FrameType, Setting, StreamType, encode_frame, encode_settings

from wire import Headers, ScriptedH3Connection, data_frame

OK: Headers = [(b":status", b"200")]
BODY = b"body"
# HTTP/2's PING, which HTTP/3 reserves (RFC 9114 7.2.8).
RESERVED_FRAME_TYPE = 0x06
# 0x1f * N + 0x21 is for extensions' dummies and legal everywhere (RFC 9114 7.2.8, 6.2.3).
GREASE = 0x1F * 7 + 0x21

# Responses with a bad header section, followed by a body (RFC 9114 4.2, 4.3).
BAD_HEADERS: dict[str, Headers] = {
    "upper-case-name": [*OK, (b"X-Upper", b"1")],
    "name-with-space": [*OK, (b"x y", b"1")],
    "name-with-colon": [*OK, (b"x:y", b"1")],
    "name-with-newline": [*OK, (b"x\ny", b"1")],
    "name-not-ascii": [*OK, ("x-é".encode(), b"1")],
    "value-with-newline": [*OK, (b"x", b"1\r\ny: 2")],
    "value-with-nul": [*OK, (b"x", b"1\x002")],
    "connection-header": [*OK, (b"connection", b"close")],
    "transfer-encoding": [*OK, (b"transfer-encoding", b"chunked")],
    "missing-status": [(b"x", b"1")],
    "duplicate-status": [*OK, *OK],
    "unknown-pseudo": [*OK, (b":foo", b"1")],
    "request-pseudo": [*OK, (b":method", b"GET")],
    "pseudo-after-regular": [(b"x", b"1"), *OK],
    "status-101": [(b":status", b"101")],
    "status-not-a-number": [(b":status", b"2xx")],
    "status-of-two-digits": [(b":status", b"20")],
    "status-empty": [(b":status", b"")],
    "content-length-too-long": [*OK, (b"content-length", b"5")],
    "content-length-too-short": [*OK, (b"content-length", b"3")],
    "content-length-twice": [*OK, (b"content-length", b"4"), (b"content-length", b"5")],
    "content-length-not-a-number": [*OK, (b"content-length", b"four")],
    "content-length-negative": [*OK, (b"content-length", b"-4")],
}

# Trailer sections that break RFC 9114 4.3 or 4.2, after a good response.
BAD_TRAILERS: dict[str, Headers] = {
    "pseudo-in-trailers": [(b":status", b"200")],
    "upper-case-in-trailers": [(b"X-Trailer", b"1")],
}

ResponseWriter = Callable[[ScriptedH3Connection, int], None]
ControlWriter = Callable[[ScriptedH3Connection], None]


def _bad_headers(headers: Headers) -> ResponseWriter:
    def write(http: ScriptedH3Connection, stream_id: int) -> None:
        http.send_raw(stream_id, http.headers_frame(stream_id, headers) + data_frame(BODY), True)

    return write


def _frames(build: Callable[[ScriptedH3Connection, int], bytes]) -> ResponseWriter:
    def write(http: ScriptedH3Connection, stream_id: int) -> None:
        http.send_raw(stream_id, build(http, stream_id), True)

    return write


def _after_headers(frames: bytes) -> ResponseWriter:
    return _frames(lambda http, stream_id: http.headers_frame(stream_id, OK) + frames)


def _bad_trailers(trailers: Headers) -> ResponseWriter:
    return _frames(
        lambda http, stream_id: (
            http.headers_frame(stream_id, OK) + data_frame(BODY) + http.headers_frame(stream_id, trailers)
        )
    )


def _large_headers(http: ScriptedH3Connection, stream_id: int) -> bytes:
    return http.headers_frame(stream_id, [*OK, *[(b"x-large-%d" % index, b"v" * 4096) for index in range(64)]])


RESPONSES: dict[str, ResponseWriter] = {
    **{name: _bad_headers(headers) for name, headers in BAD_HEADERS.items()},
    **{name: _bad_trailers(trailers) for name, trailers in BAD_TRAILERS.items()},
    # The encoder would not: ":status: 200" from the static table, then a literal name of no bytes (RFC 9204 4.5.6).
    "empty-name": _frames(
        lambda http, stream_id: encode_frame(FrameType.HEADERS, b"\x00\x00\xd9\x20\x011") + data_frame(BODY)
    ),
    "no-headers": _frames(lambda http, stream_id: b""),
    "interim-only": _frames(lambda http, stream_id: http.headers_frame(stream_id, [(b":status", b"103")])),
    "data-before-headers": _frames(lambda http, stream_id: data_frame(BODY) + http.headers_frame(stream_id, OK)),
    "data-after-trailers": _frames(
        lambda http, stream_id: (
            http.headers_frame(stream_id, OK)
            + data_frame(BODY)
            + http.headers_frame(stream_id, [(b"x-trailer", b"1")])
            + data_frame(BODY)
        )
    ),
    "two-trailers": _frames(
        lambda http, stream_id: (
            http.headers_frame(stream_id, OK)
            + http.headers_frame(stream_id, [(b"x-trailer", b"1")])
            + http.headers_frame(stream_id, [(b"x-trailer", b"2")])
        )
    ),
    "truncated-frame": _after_headers(data_frame(BODY)[:-1]),
    "truncated-header-frame": _frames(lambda http, stream_id: http.headers_frame(stream_id, OK)[:-1]),
    "reserved-frame": _after_headers(encode_frame(RESERVED_FRAME_TYPE, b"12345678")),
    "settings-on-request": _after_headers(encode_frame(FrameType.SETTINGS, b"")),
    "goaway-on-request": _after_headers(encode_frame(FrameType.GOAWAY, encode_uint_var(0))),
    "push-promise-not-allowed": _after_headers(encode_frame(FrameType.PUSH_PROMISE, encode_uint_var(1000))),
    "qpack-garbage": _frames(
        lambda http, stream_id: encode_frame(FrameType.HEADERS, b"\x00\x00\xff\xff\xff\xff\xff\x7f")
    ),
    "header-section-256k": _frames(_large_headers),
    # Legal, however odd: a client has to take these.
    "every-octet": _bad_headers([*OK, (b"x-every", bytes(octet for octet in range(0x21, 0x100) if octet != 0x7F))]),
    "unknown-frames": _frames(
        lambda http, stream_id: (
            encode_frame(GREASE, b"grease")
            + http.headers_frame(stream_id, OK)
            + encode_frame(GREASE, b"")
            + data_frame(BODY)
            + encode_frame(GREASE, b"grease")
        )
    ),
    "empty-data-frames": _after_headers(data_frame(b"") * 100 + data_frame(BODY) + data_frame(b"")),
    "byte-sized-data-frames": _after_headers(b"".join(data_frame(bytes([byte])) for byte in BODY)),
}


def _open_push_stream(http: ScriptedH3Connection) -> None:
    http.send_raw(http.open_unidirectional(StreamType.PUSH), encode_uint_var(1000))


def _open_unknown_stream(http: ScriptedH3Connection) -> None:
    http.send_raw(http.open_unidirectional(GREASE), b"grease")


def _open_second_control(http: ScriptedH3Connection) -> None:
    http.send_raw(http.open_unidirectional(StreamType.CONTROL), encode_frame(FrameType.SETTINGS, b""))


def _rising_goaway(http: ScriptedH3Connection) -> None:
    http.send_goaway(4)
    http.send_goaway(8)


CONTROL: dict[str, ControlWriter] = {
    "second-settings": lambda http: http.send_control(encode_frame(FrameType.SETTINGS, b"")),
    "data-on-control": lambda http: http.send_control(data_frame(BODY)),
    "headers-on-control": lambda http: http.send_control(http.headers_frame(3, OK)),
    "reserved-frame-on-control": lambda http: http.send_control(encode_frame(RESERVED_FRAME_TYPE, b"12345678")),
    "max-push-id": lambda http: http.send_control(encode_frame(FrameType.MAX_PUSH_ID, encode_uint_var(1))),
    "cancel-unknown-push": lambda http: http.send_control(encode_frame(FrameType.CANCEL_PUSH, encode_uint_var(1000))),
    "close-control": lambda http: http.send_control(b"", True),
    "reset-control": lambda http: http.reset_control(0x100),
    "second-control-stream": _open_second_control,
    "goaway-rising": _rising_goaway,
    "goaway-not-a-request": lambda http: http.send_goaway(3),
    "goaway-truncated": lambda http: http.send_control(encode_frame(FrameType.GOAWAY, b"")),
    "push-stream": _open_push_stream,
    # An insertion that names entry 2^30 of an empty dynamic table (RFC 9204 4.3.2).
    "qpack-encoder-garbage": lambda http: http.send_qpack_encoder(b"\xbf\xff\xff\xff\xff\x03\x00"),
    "close-qpack-encoder": lambda http: http.send_qpack_encoder(b"", True),
    # Legal.
    "unknown-frame-on-control": lambda http: http.send_control(encode_frame(GREASE, b"grease")),
    "unknown-stream": _open_unknown_stream,
}


class ReservedSettings(ScriptedH3Connection):
    """Sends a setting that HTTP/2 had and HTTP/3 reserves: H3_SETTINGS_ERROR (RFC 9114 7.2.4.1)."""

    def _get_local_settings(self) -> dict[int, int]:
        return {**super()._get_local_settings(), 0x02: 0}


class DuplicateSettings(ScriptedH3Connection):
    """Sends one setting twice: H3_SETTINGS_ERROR (RFC 9114 7.2.4)."""

    def _create_uni_stream(self, stream_type: int, push_id: int | None = None) -> int:
        stream_id = super()._create_uni_stream(stream_type, push_id)
        if stream_type == StreamType.CONTROL:
            setting = encode_settings({Setting.QPACK_BLOCKED_STREAMS: 0})
            self.send_raw(stream_id, encode_frame(FrameType.SETTINGS, setting + setting))
        return stream_id


class MissingSettings(ScriptedH3Connection):
    """Begins its control stream with another frame: H3_MISSING_SETTINGS (RFC 9114 6.2.1)."""

    def _create_uni_stream(self, stream_type: int, push_id: int | None = None) -> int:
        stream_id = super()._create_uni_stream(stream_type, push_id)
        if stream_type == StreamType.CONTROL:
            self.send_raw(stream_id, encode_frame(FrameType.GOAWAY, encode_uint_var(400)))
        return stream_id


SETTINGS: dict[str, type[ScriptedH3Connection]] = {
    "proper": ScriptedH3Connection,
    "reserved": ReservedSettings,
    "duplicate": DuplicateSettings,
    "missing": MissingSettings,
}
