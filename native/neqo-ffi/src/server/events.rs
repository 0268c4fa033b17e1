//! Packs the events of a server's connections into records. The layout is described in `include/neqo_server_ffi.h`.

use std::net::SocketAddr;

use neqo_http3::Http3ServerConnEvent;
use neqo_transport::StreamType;

use super::{engine::Engine, notice::Notice};
use crate::{
    constants::{
        NEQO_CLOSE_HANDSHAKE_TIMEOUT, NEQO_SERVER_EVENT_CONNECTION, NEQO_SERVER_EVENT_DATAGRAM,
        NEQO_SERVER_EVENT_DATAGRAMS_WRITABLE, NEQO_SERVER_EVENT_DATA_READABLE,
        NEQO_SERVER_EVENT_DATA_WRITABLE, NEQO_SERVER_EVENT_HEADERS_TOO_LARGE,
        NEQO_SERVER_EVENT_PATH, NEQO_SERVER_EVENT_PRIORITY_UPDATE, NEQO_SERVER_EVENT_REQUEST,
        NEQO_SERVER_EVENT_RESET, NEQO_SERVER_EVENT_SERVER_NAME, NEQO_SERVER_EVENT_SETTINGS,
        NEQO_SERVER_EVENT_STATE_CHANGE, NEQO_SERVER_EVENT_STOP_SENDING,
        NEQO_SERVER_EVENT_STREAMS_CREATABLE, NEQO_SERVER_EVENT_STREAM_FINISHED,
        NEQO_SERVER_EVENT_TRAILERS, NEQO_SERVER_EVENT_WEBTRANSPORT_STREAM, NEQO_STATE_CLOSED,
    },
    events::{settings_text, FLAG_UNIDIRECTIONAL},
    record::{Record, Written},
};

const FLAG_FIN: u32 = 2;
const FLAG_INCREMENTAL: u32 = 1;

impl Engine {
    /// Packs waiting events into `buffer`, connection by connection. What the engine has to say of a connection comes first.
    pub fn next_events(&mut self, buffer: &mut [u8]) -> Written {
        let mut written = Written::default();
        while let Some((handle, notice)) = self.notices.pop_front() {
            if !written.append(&notice_record(&notice).of_connection(handle), buffer) {
                self.notices.push_front((handle, notice));
                return written;
            }
        }
        while let Some((handle, event)) = self.next_event() {
            let timed_out = self.table.get(handle).is_some_and(|entry| entry.timed_out);
            let fits = record(&event, timed_out)
                .is_none_or(|record| written.append(&record.of_connection(handle), buffer));
            if !fits {
                self.carried = Some((handle, event));
                return written;
            }
        }
        written
    }

    /// The next event of the connection that is first in line.
    fn next_event(&mut self) -> Option<(u32, Http3ServerConnEvent)> {
        if let Some(carried) = self.carried.take() {
            return Some(carried);
        }
        while let Some(handle) = self.eventful.front().copied() {
            let event = self.table.get(handle).and_then(|entry| {
                entry
                    .link
                    .as_ref()
                    .filter(|_| entry.announced && !entry.released)?
                    .handler
                    .next_event()
            });
            if let Some(event) = event {
                return Some((handle, event));
            }
            self.eventful.pop_front();
            if let Some(entry) = self.table.get_mut(handle) {
                entry.eventful = false;
            }
        }
        None
    }
}

fn notice_record(notice: &Notice) -> Record<'_> {
    match notice {
        Notice::Connection { local, remote } => {
            Record::bare(NEQO_SERVER_EVENT_CONNECTION).bytes(addresses(*local, *remote))
        }
        Notice::Path { local, remote } => {
            Record::bare(NEQO_SERVER_EVENT_PATH).bytes(addresses(*local, *remote))
        }
        Notice::Failed(state) => Record::state(NEQO_SERVER_EVENT_STATE_CHANGE, state),
        Notice::TimedOut => Record::bare(NEQO_SERVER_EVENT_STATE_CHANGE)
            .flags(NEQO_STATE_CLOSED | NEQO_CLOSE_HANDSHAKE_TIMEOUT << 8),
        Notice::ServerName(name) => {
            Record::bare(NEQO_SERVER_EVENT_SERVER_NAME).bytes(name.as_bytes())
        }
    }
}

fn addresses(local: SocketAddr, remote: SocketAddr) -> Vec<u8> {
    format!(
        "{} {} {} {}",
        remote.ip(),
        remote.port(),
        local.ip(),
        local.port()
    )
    .into_bytes()
}

/// None for what only neqo's own WebTransport sessions cause, which are off. `timed_out`: the engine has closed the connection
/// during its handshake, of which neqo knows only that it was closed.
fn record(event: &Http3ServerConnEvent, timed_out: bool) -> Option<Record<'_>> {
    let record = match event {
        Http3ServerConnEvent::Headers {
            stream_info,
            headers,
            fin,
        } => Record::on(NEQO_SERVER_EVENT_REQUEST, stream_info.stream_id().as_u64())
            .flags(if *fin { FLAG_FIN } else { 0 })
            .headers(headers),
        Http3ServerConnEvent::Trailers {
            stream_info,
            headers,
        } => Record::on(NEQO_SERVER_EVENT_TRAILERS, stream_info.stream_id().as_u64())
            .headers(headers),
        Http3ServerConnEvent::HeadersTooLarge { stream_info } => Record::on(
            NEQO_SERVER_EVENT_HEADERS_TOO_LARGE,
            stream_info.stream_id().as_u64(),
        ),
        Http3ServerConnEvent::DataReadable { stream_info } => Record::on(
            NEQO_SERVER_EVENT_DATA_READABLE,
            stream_info.stream_id().as_u64(),
        ),
        Http3ServerConnEvent::DataWritable { stream_info } => Record::on(
            NEQO_SERVER_EVENT_DATA_WRITABLE,
            stream_info.stream_id().as_u64(),
        ),
        Http3ServerConnEvent::StreamReset { stream_info, error } => {
            Record::on(NEQO_SERVER_EVENT_RESET, stream_info.stream_id().as_u64()).value(*error)
        }
        Http3ServerConnEvent::StreamStopSending { stream_info, error } => Record::on(
            NEQO_SERVER_EVENT_STOP_SENDING,
            stream_info.stream_id().as_u64(),
        )
        .value(*error),
        Http3ServerConnEvent::PriorityUpdate {
            stream_id,
            priority,
        } => Record::on(NEQO_SERVER_EVENT_PRIORITY_UPDATE, stream_id.as_u64())
            .value(u64::from(priority.urgency()))
            .flags(if priority.incremental() {
                FLAG_INCREMENTAL
            } else {
                0
            }),
        Http3ServerConnEvent::StateChange(state) => {
            let record = Record::state(NEQO_SERVER_EVENT_STATE_CHANGE, state);
            if timed_out {
                record.closed_by(NEQO_CLOSE_HANDSHAKE_TIMEOUT)
            } else {
                record
            }
        }
        Http3ServerConnEvent::Settings(settings) => {
            Record::bare(NEQO_SERVER_EVENT_SETTINGS).bytes(settings_text(settings))
        }
        Http3ServerConnEvent::ExtendedConnectNewStream(stream_info) => Record::on(
            NEQO_SERVER_EVENT_WEBTRANSPORT_STREAM,
            stream_info.stream_id().as_u64(),
        )
        .value(stream_info.session_id()?.as_u64()),
        Http3ServerConnEvent::ExtendedConnectDatagram {
            session_id,
            datagram,
        } => Record::on(NEQO_SERVER_EVENT_DATAGRAM, session_id.as_u64()).bytes(datagram.as_slice()),
        Http3ServerConnEvent::DatagramsWritable => {
            Record::bare(NEQO_SERVER_EVENT_DATAGRAMS_WRITABLE)
        }
        Http3ServerConnEvent::StreamsCreatable(stream_type) => {
            Record::bare(NEQO_SERVER_EVENT_STREAMS_CREATABLE).flags(match stream_type {
                StreamType::UniDi => FLAG_UNIDIRECTIONAL,
                StreamType::BiDi => 0,
            })
        }
        Http3ServerConnEvent::StreamFinished { stream_info } => Record::on(
            NEQO_SERVER_EVENT_STREAM_FINISHED,
            stream_info.stream_id().as_u64(),
        ),
        Http3ServerConnEvent::ExtendedConnect { .. }
        | Http3ServerConnEvent::ExtendedConnectClosed { .. } => return None,
    };
    Some(record)
}
