"""Ways to break the rules of WebTransport, for either end."""

from __future__ import annotations

from typing import Any

from aioquic.h3.connection import encode_frame

from endpoint import Session

DATA_FRAME = 0x0


def commit(session: Session, breach: dict[str, Any]) -> list[int]:
    """Breaks the rules by what README.md says. Returns the streams whose ends are of interest."""
    quic, http = session.endpoint.quic, session.endpoint.http
    kind = breach["kind"]
    if kind == "capsules":
        # Straight to QUIC: the other end may have ended the stream already.
        quic.send_stream_data(session.session_id, encode_frame(DATA_FRAME, bytes.fromhex(breach["hex"])), breach["fin"])
        return [session.session_id]
    if kind == "stray":
        count, stray = breach["count"], breach["session"]
        streams = [http.create_webtransport_stream(stray, index % 2 == 1) for index in range(count)]
        for stream_id in streams:
            quic.send_stream_data(stream_id, b"nobody's")
        for _ in range(count):
            http.send_datagram(stray, b"nobody's")
        return streams
    if kind == "stream of no session":
        http.create_webtransport_stream(breach["session"], breach["unidirectional"])
    elif kind == "datagram":
        quic.send_datagram_frame(bytes.fromhex(breach["hex"]))
    return []
