"""HTTP/3 frames written by hand, for what aioquic's HTTP/3 layer would not send."""

from __future__ import annotations

from aioquic.buffer import encode_uint_var
from aioquic.h3.connection import FrameType, H3Connection, encode_frame

Headers = list[tuple[bytes, bytes]]


class ScriptedH3Connection(H3Connection):
    """An HTTP/3 connection that gives access to its control streams and sends what it is told, unchecked."""

    def send_control(self, data: bytes, end_stream: bool = False) -> None:
        """Writes bytes to the control stream."""
        self._quic.send_stream_data(self._local_control_stream_id, data, end_stream)

    def reset_control(self, error_code: int) -> None:
        self._quic.reset_stream(self._local_control_stream_id, error_code)

    def send_qpack_encoder(self, data: bytes, end_stream: bool = False) -> None:
        """Writes bytes to the QPACK encoder stream."""
        self._quic.send_stream_data(self._local_encoder_stream_id, data, end_stream)

    def send_raw(self, stream_id: int, data: bytes, end_stream: bool = False) -> None:
        """Writes bytes to any stream."""
        self._quic.send_stream_data(stream_id, data, end_stream)

    def open_unidirectional(self, stream_type: int) -> int:
        """Opens a unidirectional stream of a type; returns its id."""
        return self._create_uni_stream(stream_type)

    def headers_frame(self, stream_id: int, headers: Headers) -> bytes:
        """A HEADERS frame with any header fields, legal or not."""
        return encode_frame(FrameType.HEADERS, self._encode_headers(stream_id, headers))

    def send_goaway(self, identifier: int) -> None:
        """GOAWAY (RFC 9114 5.2): requests with this id and above are not processed."""
        self.send_control(encode_frame(FrameType.GOAWAY, encode_uint_var(identifier)))


def data_frame(data: bytes) -> bytes:
    return encode_frame(FrameType.DATA, data)
