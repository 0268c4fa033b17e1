//! WebTransport over HTTP/3, as neqo 0.13.4 speaks it (drafts 02 to 06).

use std::time::Instant;

use neqo_http3::{Header, StreamId};
use neqo_transport::{RecvStreamStats, SendStreamStats, StreamType};

use crate::{Conn, Error};

/// No UDP payload is larger: anything above is neqo's subtraction gone below zero.
const MAX_UDP_PAYLOAD: u64 = 65_535;

impl Conn<'_> {
    pub(crate) fn webtransport_create_session(
        &mut self,
        authority: &str,
        path: &str,
        headers: &[Header],
    ) -> Result<StreamId, Error> {
        self.check_started()?;
        Ok(self.client.webtransport_create_session(
            Instant::now(),
            &("https", authority, path),
            headers,
        )?)
    }

    pub(crate) fn webtransport_close_session(
        &mut self,
        session_id: StreamId,
        error: u32,
        message: &str,
    ) -> Result<(), Error> {
        Ok(self
            .client
            .webtransport_close_session(session_id, error, message)?)
    }

    pub(crate) fn webtransport_create_stream(
        &mut self,
        session_id: StreamId,
        bidirectional: bool,
    ) -> Result<StreamId, Error> {
        let stream_type = if bidirectional {
            StreamType::BiDi
        } else {
            StreamType::UniDi
        };
        Ok(self
            .client
            .webtransport_create_stream(session_id, stream_type)?)
    }

    /// `tracking_id` 0 means none.
    pub(crate) fn webtransport_send_datagram(
        &mut self,
        session_id: StreamId,
        data: &[u8],
        tracking_id: u64,
    ) -> Result<(), Error> {
        let tracking = (tracking_id != 0).then_some(tracking_id);
        Ok(self
            .client
            .webtransport_send_datagram(session_id, data, tracking)?)
    }

    /// Bytes that a datagram of the session may have now. It changes with the path and with what else goes into a packet.
    pub(crate) fn webtransport_max_datagram_size(
        &self,
        session_id: StreamId,
    ) -> Result<u64, Error> {
        let size = self.client.webtransport_max_datagram_size(session_id)?;
        // neqo subtracts the length of the session id without looking (`Http3Client::webtransport_max_datagram_size`).
        Ok(if size > MAX_UDP_PAYLOAD { 0 } else { size })
    }

    pub(crate) fn webtransport_set_send_order(
        &mut self,
        stream_id: StreamId,
        send_order: Option<i64>,
    ) -> Result<(), Error> {
        Ok(self
            .client
            .webtransport_set_sendorder(stream_id, send_order)?)
    }

    pub(crate) fn webtransport_set_fairness(
        &mut self,
        stream_id: StreamId,
        fairness: bool,
    ) -> Result<(), Error> {
        Ok(self.client.webtransport_set_fairness(stream_id, fairness)?)
    }

    pub(crate) fn webtransport_send_stream_stats(
        &mut self,
        stream_id: StreamId,
    ) -> Result<SendStreamStats, Error> {
        Ok(self.client.webtransport_send_stream_stats(stream_id)?)
    }

    pub(crate) fn webtransport_recv_stream_stats(
        &mut self,
        stream_id: StreamId,
    ) -> Result<RecvStreamStats, Error> {
        Ok(self.client.webtransport_recv_stream_stats(stream_id)?)
    }
}
