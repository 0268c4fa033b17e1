//! What WebTransport needs of a client's connection: streams tagged with a session, datagrams, keys. The sessions themselves are
//! kept above.

use neqo_http3::StreamId;
use neqo_transport::{RecvStreamStats, SendStreamStats, StreamType};

use crate::{conn::varint, Conn, Error};

/// The kind of stream that a flag of C means.
pub const fn stream_type(bidirectional: bool) -> StreamType {
    if bidirectional {
        StreamType::BiDi
    } else {
        StreamType::UniDi
    }
}

impl Conn<'_> {
    /// Opens a stream of a session. Its header comes before all that is sent.
    ///
    /// # Errors
    ///
    /// `StreamLimitError`, or `Unavailable`.
    pub fn open_stream(&mut self, session: u64, bidirectional: bool) -> Result<StreamId, Error> {
        let session = StreamId::from(varint(session)?);
        Ok(self
            .client
            .tagged_stream_create(session, stream_type(bidirectional))?)
    }

    /// Sends all of it, or nothing if flow control does not allow that now; returns how much that is.
    pub(crate) fn send_whole(&mut self, stream_id: StreamId, data: &[u8]) -> Result<usize, Error> {
        if data.is_empty() {
            return Ok(0);
        }
        let sent = self.client.tagged_send_whole(stream_id, data)?;
        Ok(if sent { data.len() } else { 0 })
    }

    /// Resets a stream, of which the first bytes are delivered nevertheless.
    pub(crate) fn reset_stream_keeping(
        &mut self,
        stream_id: StreamId,
        error: u64,
        committed: u64,
    ) -> Result<(), Error> {
        Ok(self
            .client
            .tagged_stream_reset_send(stream_id, varint(error)?, committed)?)
    }

    pub(crate) fn set_send_order(
        &mut self,
        stream_id: StreamId,
        group: u64,
        order: i64,
    ) -> Result<(), Error> {
        Ok(self
            .client
            .tagged_stream_send_group(stream_id, group, order)?)
    }

    /// Queues a datagram of a session.
    ///
    /// # Errors
    ///
    /// [`Error::Blocked`] if there is no room: `Http3ClientEvent::DatagramsWritable` tells when there is. Or it is too large.
    pub fn send_datagram(&mut self, session: u64, payload: &[u8]) -> Result<(), Error> {
        let session = StreamId::from(varint(session)?);
        if self.client.send_http_datagram(session, payload)? {
            Ok(())
        } else {
            Err(Error::Blocked)
        }
    }

    /// Payload that a datagram of the session may have now; 0 if none can be sent. It changes with the path and with what else
    /// goes into a packet.
    pub(crate) fn max_datagram_size(&self, session: u64) -> Result<u64, Error> {
        let session = StreamId::from(varint(session)?);
        Ok(self.client.max_http_datagram_size(session))
    }

    /// Keys for the application (RFC 8446 7.5).
    pub(crate) fn export_keying_material(
        &self,
        label: &str,
        context: &[u8],
        length: usize,
    ) -> Result<Vec<u8>, Error> {
        Ok(self.client.export_keying_material(label, context, length)?)
    }

    pub(crate) fn send_stream_stats(
        &mut self,
        stream_id: StreamId,
    ) -> Result<SendStreamStats, Error> {
        Ok(self.client.tagged_send_stream_stats(stream_id)?)
    }

    pub(crate) fn recv_stream_stats(
        &mut self,
        stream_id: StreamId,
    ) -> Result<RecvStreamStats, Error> {
        Ok(self.client.tagged_recv_stream_stats(stream_id)?)
    }
}
