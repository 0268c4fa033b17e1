//! What WebTransport needs of a server's connection: as `webtransport.rs` of a client's.

use neqo_http3::{Http3ServerHandler, StreamId};
use neqo_transport::{RecvStreamStats, SendStreamStats};

use super::engine::Engine;
use crate::{conn::varint, webtransport::stream_type, Error};

impl Engine {
    /// Opens a stream of a session. Its header comes before all that is sent.
    pub fn open_stream(
        &mut self,
        handle: u32,
        session: u64,
        bidirectional: bool,
    ) -> Result<StreamId, Error> {
        let session = StreamId::from(varint(session)?);
        self.on(handle, |handler, connection| {
            Ok(handler.tagged_stream_create(connection, session, stream_type(bidirectional))?)
        })
    }

    /// Sends all of it, or nothing if flow control does not allow that now; returns how much that is.
    pub fn send_whole(
        &mut self,
        handle: u32,
        stream_id: StreamId,
        data: &[u8],
    ) -> Result<usize, Error> {
        if data.is_empty() {
            return Ok(0);
        }
        self.on(handle, |handler, connection| {
            let sent = handler.tagged_send_whole(connection, stream_id, data)?;
            Ok(if sent { data.len() } else { 0 })
        })
    }

    /// Resets a stream, of which the first bytes are delivered nevertheless.
    pub fn reset_stream_keeping(
        &mut self,
        handle: u32,
        stream_id: StreamId,
        error: u64,
        committed: u64,
    ) -> Result<(), Error> {
        let error = varint(error)?;
        self.on(handle, |handler, connection| {
            Ok(handler.tagged_stream_reset_send(connection, stream_id, error, committed)?)
        })
    }

    pub fn set_send_order(
        &mut self,
        handle: u32,
        stream_id: StreamId,
        group: u64,
        order: i64,
    ) -> Result<(), Error> {
        self.on(handle, |_, connection| {
            Ok(Http3ServerHandler::tagged_stream_send_group(
                connection, stream_id, group, order,
            )?)
        })
    }

    /// Has the connection kept alive for as long as the stream is open.
    pub fn keep_alive(
        &mut self,
        handle: u32,
        stream_id: StreamId,
        keep: bool,
    ) -> Result<(), Error> {
        self.on(handle, |_, connection| {
            Ok(connection
                .stream_keep_alive(stream_id, keep)
                .map_err(|_| neqo_http3::Error::InvalidStreamId)?)
        })
    }

    /// Queues a datagram of a session.
    ///
    /// # Errors
    ///
    /// [`Error::Blocked`] if there is no room: `Http3ServerConnEvent::DatagramsWritable` tells when there is.
    pub fn send_datagram(
        &mut self,
        handle: u32,
        session: u64,
        payload: &[u8],
    ) -> Result<(), Error> {
        let session = StreamId::from(varint(session)?);
        self.on(handle, |handler, connection| {
            if handler.send_http_datagram(connection, session, payload)? {
                Ok(())
            } else {
                Err(Error::Blocked)
            }
        })
    }

    /// Payload that a datagram of the session may have now; 0 if none can be sent.
    pub fn max_datagram_size(&mut self, handle: u32, session: u64) -> Result<u64, Error> {
        let session = StreamId::from(varint(session)?);
        let size = self
            .entry(handle)?
            .enter(|link| Http3ServerHandler::max_http_datagram_size(&link.connection, session));
        Ok(size.unwrap_or(0))
    }

    /// Keys for the application (RFC 8446 7.5).
    pub fn export_keying_material(
        &mut self,
        handle: u32,
        label: &str,
        context: &[u8],
        length: usize,
    ) -> Result<Vec<u8>, Error> {
        self.on(handle, |_, connection| {
            Ok(connection
                .export_keying_material(label, context, length)
                .map_err(neqo_http3::Error::from)?)
        })
    }

    pub fn send_stream_stats(
        &mut self,
        handle: u32,
        stream_id: StreamId,
    ) -> Result<SendStreamStats, Error> {
        self.on(handle, |handler, connection| {
            Ok(handler.tagged_send_stream_stats(connection, stream_id)?)
        })
    }

    pub fn recv_stream_stats(
        &mut self,
        handle: u32,
        stream_id: StreamId,
    ) -> Result<RecvStreamStats, Error> {
        self.on(handle, |handler, connection| {
            Ok(handler.tagged_recv_stream_stats(connection, stream_id)?)
        })
    }
}
