"""A WebTransport session that echoes: datagrams as datagrams, streams on the same stream or on a new one."""

from __future__ import annotations

from aioquic.quic.connection import stream_is_unidirectional

from wire import ScriptedH3Connection


class WebTransportEcho:
    """Answers what comes on one session.

    Bidirectional streams are echoed on themselves; each unidirectional stream is echoed on one that the server opens.
    """

    def __init__(self, http: ScriptedH3Connection, session_id: int) -> None:
        self._http = http
        self._session_id = session_id
        self._answers: dict[int, int] = {}

    def on_datagram(self, data: bytes) -> None:
        self._http.send_datagram(self._session_id, data)

    def on_stream_data(self, stream_id: int, data: bytes, ended: bool) -> None:
        self._http.send_raw(self._answer(stream_id), data, ended)

    def _answer(self, stream_id: int) -> int:
        if not stream_is_unidirectional(stream_id):
            return stream_id
        if stream_id not in self._answers:
            self._answers[stream_id] = self._http.create_webtransport_stream(self._session_id, is_unidirectional=True)
        return self._answers[stream_id]
