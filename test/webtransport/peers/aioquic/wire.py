"""What aioquic leaves to its user: WebTransport's error codes and the capsules on the CONNECT stream."""

from __future__ import annotations

import struct

from aioquic.buffer import Buffer, BufferReadError, encode_uint_var

CLOSE_SESSION = 0x2843
FIRST_APPLICATION_ERROR = 0x52E4A40FA8DB
LAST_APPLICATION_ERROR = 0x52E5AC983162


def to_http_code(code: int) -> int:
    """The HTTP/3 code of an application's 32-bit code (draft-ietf-webtrans-http3, 4.4)."""
    return FIRST_APPLICATION_ERROR + code + code // 0x1E


def to_application_code(code: int) -> int | None:
    """The other way round; None for a code that is not an application's."""
    if not FIRST_APPLICATION_ERROR <= code <= LAST_APPLICATION_ERROR or (code - 0x21) % 0x1F == 0:
        return None
    shifted = code - FIRST_APPLICATION_ERROR
    return shifted - shifted // 0x1F


def encode_close(code: int, reason: str) -> bytes:
    value = struct.pack("!I", code) + reason.encode()
    return encode_uint_var(CLOSE_SESSION) + encode_uint_var(len(value)) + value


class CapsuleReader:
    """Cuts the content of a CONNECT stream into capsules (RFC 9297 3.2)."""

    def __init__(self) -> None:
        self._received = b""

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        """Takes the next piece. Returns type and value of the capsules that it completes."""
        self._received += data
        capsules = []
        while (capsule := self._next()) is not None:
            capsules.append(capsule)
        return capsules

    def _next(self) -> tuple[int, bytes] | None:
        buffer = Buffer(data=self._received)
        try:
            kind = buffer.pull_uint_var()
            value = buffer.pull_bytes(buffer.pull_uint_var())
        except BufferReadError:
            return None
        self._received = self._received[buffer.tell() :]
        return kind, value
