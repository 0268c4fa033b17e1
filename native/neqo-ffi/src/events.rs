//! Packs neqo's events into records for C. The layout is described in `include/neqo_ffi.h`.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use neqo_http3::{Http3ClientEvent, Http3State, StreamId, WebTransportEvent};

use crate::{
    constants::{
        NEQO_EVENT_AUTHENTICATION_NEEDED, NEQO_EVENT_DATAGRAM, NEQO_EVENT_DATAGRAMS_WRITABLE,
        NEQO_EVENT_DATA_READABLE, NEQO_EVENT_DATA_WRITABLE,
        NEQO_EVENT_ECH_FALLBACK_AUTHENTICATION_NEEDED, NEQO_EVENT_GOAWAY_RECEIVED,
        NEQO_EVENT_HEADER_READY, NEQO_EVENT_PING_ACKNOWLEDGED, NEQO_EVENT_PUSH_CANCELED,
        NEQO_EVENT_PUSH_DATA_READABLE, NEQO_EVENT_PUSH_HEADER_READY, NEQO_EVENT_PUSH_PROMISE,
        NEQO_EVENT_PUSH_RESET, NEQO_EVENT_REQUESTS_CREATABLE, NEQO_EVENT_RESET,
        NEQO_EVENT_RESUMPTION_TOKEN, NEQO_EVENT_SETTINGS, NEQO_EVENT_STATE_CHANGE,
        NEQO_EVENT_STOP_SENDING, NEQO_EVENT_STREAMS_CREATABLE, NEQO_EVENT_STREAM_FINISHED,
        NEQO_EVENT_TRAILERS, NEQO_EVENT_WEBTRANSPORT_STREAM, NEQO_EVENT_ZERO_RTT_REJECTED,
        NEQO_STATE_CLOSED, NEQO_STATE_CLOSING, NEQO_STATE_CONNECTED, NEQO_STATE_GOING_AWAY,
        NEQO_STATE_INITIALIZING, NEQO_STATE_ZERO_RTT,
    },
    record::{Record, Written},
};

const FLAG_INTERIM: u32 = 1;
const FLAG_FIN: u32 = 2;
/// Flag of `NEQO_EVENT_STREAMS_CREATABLE` and of its like in servers.
pub const FLAG_UNIDIRECTIONAL: u32 = 1;

/// Hands events out in order; one that did not fit waits here for the next call.
#[derive(Debug, Default)]
pub struct EventQueue {
    carried: Option<Http3ClientEvent>,
}

impl EventQueue {
    /// Fills `buffer` with records of events from `next`. `goaway` is the id of the last GOAWAY, if one came.
    pub fn write(
        &mut self,
        buffer: &mut [u8],
        goaway: Option<StreamId>,
        mut next: impl FnMut() -> Option<Http3ClientEvent>,
    ) -> Written {
        let mut written = Written::default();
        while let Some(event) = self.carried.take().or_else(&mut next) {
            let fits =
                Record::new(&event, goaway).is_none_or(|record| written.append(&record, buffer));
            if !fits {
                self.carried = Some(event);
                break;
            }
        }
        written
    }
}

impl<'a> Record<'a> {
    /// None for what only neqo's own WebTransport sessions cause, which are off.
    fn new(event: &'a Http3ClientEvent, goaway: Option<StreamId>) -> Option<Self> {
        let record = match event {
            Http3ClientEvent::HeaderReady {
                stream_id,
                headers,
                interim,
                fin,
            } => Self::on(NEQO_EVENT_HEADER_READY, stream_id.as_u64())
                .flags(message_flags(*interim, *fin))
                .headers(headers),
            Http3ClientEvent::Trailers { stream_id, headers } => {
                Self::on(NEQO_EVENT_TRAILERS, stream_id.as_u64()).headers(headers)
            }
            Http3ClientEvent::DataWritable { stream_id } => {
                Self::on(NEQO_EVENT_DATA_WRITABLE, stream_id.as_u64())
            }
            Http3ClientEvent::DataReadable { stream_id } => {
                Self::on(NEQO_EVENT_DATA_READABLE, stream_id.as_u64())
            }
            Http3ClientEvent::Reset {
                stream_id,
                error,
                local,
            } => Self::on(NEQO_EVENT_RESET, stream_id.as_u64())
                .value(*error)
                .flags(u32::from(*local)),
            Http3ClientEvent::StopSending { stream_id, error } => {
                Self::on(NEQO_EVENT_STOP_SENDING, stream_id.as_u64()).value(*error)
            }
            Http3ClientEvent::PushPromise {
                push_id,
                request_stream_id,
                headers,
            } => Self::on(NEQO_EVENT_PUSH_PROMISE, (*push_id).into())
                .value(request_stream_id.as_u64())
                .headers(headers),
            Http3ClientEvent::PushHeaderReady {
                push_id,
                headers,
                interim,
                fin,
            } => Self::on(NEQO_EVENT_PUSH_HEADER_READY, (*push_id).into())
                .flags(message_flags(*interim, *fin))
                .headers(headers),
            Http3ClientEvent::PushDataReadable { push_id } => {
                Self::on(NEQO_EVENT_PUSH_DATA_READABLE, (*push_id).into())
            }
            Http3ClientEvent::PushCanceled { push_id } => {
                Self::on(NEQO_EVENT_PUSH_CANCELED, (*push_id).into())
            }
            Http3ClientEvent::PushReset { push_id, error } => {
                Self::on(NEQO_EVENT_PUSH_RESET, (*push_id).into()).value(*error)
            }
            Http3ClientEvent::RequestsCreatable => Self::bare(NEQO_EVENT_REQUESTS_CREATABLE),
            Http3ClientEvent::AuthenticationNeeded => Self::bare(NEQO_EVENT_AUTHENTICATION_NEEDED),
            Http3ClientEvent::EchFallbackAuthenticationNeeded { public_name } => {
                Self::bare(NEQO_EVENT_ECH_FALLBACK_AUTHENTICATION_NEEDED)
                    .bytes(public_name.as_bytes())
            }
            Http3ClientEvent::ResumptionToken(token) => Self::bare(NEQO_EVENT_RESUMPTION_TOKEN)
                .time(epoch_ms(token.expiration_time()))
                .bytes(token.as_ref()),
            Http3ClientEvent::PingAcknowledged(after) => {
                Self::bare(NEQO_EVENT_PING_ACKNOWLEDGED).time(after.as_secs_f64() * 1000.0)
            }
            Http3ClientEvent::ZeroRttRejected => Self::bare(NEQO_EVENT_ZERO_RTT_REJECTED),
            Http3ClientEvent::GoawayReceived => Self::on(
                NEQO_EVENT_GOAWAY_RECEIVED,
                goaway.map_or(0, StreamId::as_u64),
            ),
            Http3ClientEvent::StateChange(state) => Self::state(NEQO_EVENT_STATE_CHANGE, state),
            Http3ClientEvent::Settings(settings) => {
                Self::bare(NEQO_EVENT_SETTINGS).bytes(settings_text(settings))
            }
            Http3ClientEvent::StreamsCreatable => {
                Self::bare(NEQO_EVENT_STREAMS_CREATABLE).flags(FLAG_UNIDIRECTIONAL)
            }
            Http3ClientEvent::StreamFinished { stream_id } => {
                Self::on(NEQO_EVENT_STREAM_FINISHED, stream_id.as_u64())
            }
            Http3ClientEvent::DatagramsWritable => Self::bare(NEQO_EVENT_DATAGRAMS_WRITABLE),
            Http3ClientEvent::WebTransport(event) => return Self::webtransport(event),
        };
        Some(record)
    }

    fn webtransport(event: &'a WebTransportEvent) -> Option<Self> {
        match event {
            WebTransportEvent::NewStream {
                stream_id,
                session_id,
            } => Some(
                Self::on(NEQO_EVENT_WEBTRANSPORT_STREAM, stream_id.as_u64())
                    .value(session_id.as_u64()),
            ),
            WebTransportEvent::Datagram {
                session_id,
                datagram,
            } => {
                Some(Self::on(NEQO_EVENT_DATAGRAM, session_id.as_u64()).bytes(datagram.as_slice()))
            }
            WebTransportEvent::Negotiated(_)
            | WebTransportEvent::Session { .. }
            | WebTransportEvent::SessionClosed { .. } => None,
        }
    }
}

/// `id value id value …` in decimal.
pub fn settings_text(settings: &[(u64, u64)]) -> Vec<u8> {
    let pairs: Vec<_> = settings
        .iter()
        .map(|(identifier, value)| format!("{identifier} {value}"))
        .collect();
    pairs.join(" ").into_bytes()
}

/// `NEQO_STATE_…`
pub fn state_number(state: &Http3State) -> u32 {
    match state {
        Http3State::Initializing => NEQO_STATE_INITIALIZING,
        Http3State::ZeroRtt => NEQO_STATE_ZERO_RTT,
        Http3State::Connected => NEQO_STATE_CONNECTED,
        Http3State::GoingAway(_) => NEQO_STATE_GOING_AWAY,
        Http3State::Closing(_) => NEQO_STATE_CLOSING,
        Http3State::Closed(_) => NEQO_STATE_CLOSED,
    }
}

/// Milliseconds since the epoch at which `instant` is reached on this machine's clock.
pub fn epoch_ms(instant: Instant) -> f64 {
    let left = instant.saturating_duration_since(Instant::now());
    (SystemTime::now() + left)
        .duration_since(UNIX_EPOCH)
        .map_or(0.0, |d| (d.as_secs_f64() * 1000.0).floor())
}

const fn message_flags(interim: bool, fin: bool) -> u32 {
    (if interim { FLAG_INTERIM } else { 0 }) | (if fin { FLAG_FIN } else { 0 })
}

#[cfg(test)]
#[path = "events_tests.rs"]
mod tests;
