"""QUIC parts of the scripted server: connections whose flow control can be held, and a ticket store that can forget."""

from __future__ import annotations

import aioquic.asyncio.server
from aioquic.quic.connection import QuicConnection
from aioquic.quic.packet_builder import QuicPacketBuilder
from aioquic.quic.recovery import QuicPacketSpace
from aioquic.quic.stream import QuicStream
from aioquic.tls import SessionTicket


class ScriptedConnection(QuicConnection):
    """A connection that can stop granting flow-control credit, as a peer does that does not read."""

    def __init__(self, **arguments) -> None:
        super().__init__(**arguments)
        self.held_streams: set[int] = set()
        self.hold_connection = False

    def limit_streams(self, count: int) -> None:
        """Allows the client this many bidirectional streams at first. Before the first datagram only."""
        self._local_max_streams_bidi.value = count
        self._local_max_streams_bidi.sent = count

    def _write_connection_limits(self, builder: QuicPacketBuilder, space: QuicPacketSpace) -> None:
        if not self.hold_connection:
            super()._write_connection_limits(builder, space)

    def _write_stream_limits(self, builder: QuicPacketBuilder, space: QuicPacketSpace, stream: QuicStream) -> None:
        if stream.stream_id not in self.held_streams:
            super()._write_stream_limits(builder, space, stream)


# QuicServer makes its connections by this module-level name; it has no parameter for their class.
aioquic.asyncio.server.QuicConnection = ScriptedConnection


class TicketStore:
    """Session tickets, each good for one resumption. Without its ticket a client's 0-RTT is rejected."""

    def __init__(self) -> None:
        self._tickets: dict[bytes, SessionTicket] = {}

    def add(self, ticket: SessionTicket) -> None:
        self._tickets[ticket.ticket] = ticket

    def take(self, label: bytes) -> SessionTicket | None:
        return self._tickets.pop(label, None)

    def forget(self) -> None:
        self._tickets.clear()
