"""HTTP/3 frames written by hand, for what aioquic's HTTP/3 layer would not send."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from aioquic.buffer import Buffer, BufferReadError, encode_uint_var
from aioquic.h3.connection import FrameType, H3Connection, StreamType, encode_frame
from aioquic.h3.events import H3Event
from aioquic.quic.events import QuicEvent, StreamDataReceived

Headers = list[tuple[bytes, bytes]]
# RFC 9218 7.2, for request streams. aioquic ignores it, as it may.
PRIORITY_UPDATE = 0xF0700


class ScriptedH3Connection(H3Connection):
    """An HTTP/3 connection that gives access to its control streams and sends what it is told, unchecked."""

    on_priority_update: Callable[[int, str], None] | None = None

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._peer_control = ControlStreamReader()

    def handle_event(self, event: QuicEvent) -> list[H3Event]:
        http_events = super().handle_event(event)
        if isinstance(event, StreamDataReceived) and event.stream_id == self._peer_control_stream_id:
            for frame_type, payload in self._peer_control.read(event.data):
                if frame_type == PRIORITY_UPDATE and self.on_priority_update is not None:
                    buffer = Buffer(data=payload)
                    self.on_priority_update(buffer.pull_uint_var(), payload[buffer.tell() :].decode())
        return http_events

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


class ControlStreamReader:
    """Takes a control stream apart into its frames, those that aioquic skips included."""

    def __init__(self) -> None:
        self._unread = b""
        self._begun = False

    def read(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Yields type and payload of each frame that `data` completes."""
        self._unread += data
        while self._unread:
            buffer = Buffer(data=self._unread)
            try:
                if not self._begun:
                    assert buffer.pull_uint_var() == StreamType.CONTROL
                frame_type, size = buffer.pull_uint_var(), buffer.pull_uint_var()
                payload = buffer.pull_bytes(size)
            except BufferReadError:
                return
            self._begun = True
            self._unread = self._unread[buffer.tell() :]
            yield frame_type, payload


def data_frame(data: bytes) -> bytes:
    return encode_frame(FrameType.DATA, data)
