//! Structures that C and Rust share for servers.

use std::{ffi::c_char, path::PathBuf, time::Duration};

use super::{
    bytes,
    types::{address, congestion_control, number_pairs, size, NeqoBytes},
    utf8_text,
};
use crate::{
    c_text::c_text,
    server::{credential::CredentialError, retry::Policy, ServerParams},
    InitError, Transport,
};

/// `NeqoHttp3ServerParams` of `src/native-server.ts`.
#[repr(C)]
pub struct NeqoServerParams {
    pub fd: i32,
    pub local_port: u16,
    pub connection_id_length: u16,
    pub local_address: NeqoBytes,
    pub connection_id_prefix: NeqoBytes,
    pub stateless_reset_key: NeqoBytes,
    pub qlog_dir: NeqoBytes,
    pub settings: *const u64,
    pub settings_count: usize,
    pub max_connections: u32,
    pub max_queued_connections: u32,
    pub queue_timeout_ms: u32,
    pub max_pending_handshakes: u32,
    pub handshake_timeout_ms: u32,
    pub retry_policy: u32,
    pub retry_on_above: u32,
    pub retry_off_below: u32,
    pub zero_rtt_window_ms: u32,
    pub congestion_control: u32,
    pub max_table_size: u64,
    pub max_field_section_size: u64,
    pub max_data: u64,
    pub max_stream_data: u64,
    pub max_streams_bidi: u64,
    pub max_streams_uni: u64,
    pub idle_timeout_ms: u64,
    pub datagram_size: u64,
    pub outgoing_datagram_queue: u64,
    pub incoming_datagram_queue: u64,
    pub receive_buffer_size: u64,
    pub send_buffer_size: u64,
    pub max_blocked_streams: u16,
    pub ack_ratio: u8,
    pub fast_pto: u8,
    pub ask_server_name: bool,
    pub session_tickets: bool,
    pub pacing: bool,
    pub pmtud: bool,
    pub grease: bool,
    pub mlkem: bool,
    pub version_negotiation: bool,
    pub webtransport: bool,
    pub reset_stream_at: bool,
}

impl NeqoServerParams {
    /// # Safety
    ///
    /// The pointers are valid for their lengths.
    pub(super) unsafe fn to_params(&self) -> Result<ServerParams, InitError> {
        // SAFETY: valid by contract.
        let (local, prefix, key, qlog_dir, settings) = unsafe {
            (
                utf8_text(self.local_address),
                bytes(
                    self.connection_id_prefix.data,
                    self.connection_id_prefix.length,
                ),
                bytes(
                    self.stateless_reset_key.data,
                    self.stateless_reset_key.length,
                ),
                utf8_text(self.qlog_dir),
                number_pairs(self.settings, self.settings_count),
            )
        };
        let ms = |value: u32| Duration::from_millis(u64::from(value));
        Ok(ServerParams {
            local: address("localAddress", &local, self.local_port)?,
            connection_id_prefix: prefix.to_vec(),
            connection_id_length: usize::from(self.connection_id_length),
            max_connections: self.max_connections as usize,
            max_queued_connections: self.max_queued_connections as usize,
            queue_timeout: ms(self.queue_timeout_ms),
            max_pending_handshakes: self.max_pending_handshakes as usize,
            handshake_timeout: ms(self.handshake_timeout_ms),
            retry: Policy::new(self.retry_policy, self.retry_on_above, self.retry_off_below)?,
            stateless_reset_key: key.to_vec(),
            ask_server_name: self.ask_server_name,
            zero_rtt_window: ms(self.zero_rtt_window_ms),
            session_tickets: self.session_tickets,
            max_field_section_size: self.max_field_section_size,
            transport: self.transport(settings)?,
            qlog_dir: (!qlog_dir.is_empty()).then(|| PathBuf::from(qlog_dir)),
            receive_buffer_size: size("receiveBufferSize", self.receive_buffer_size)?,
            send_buffer_size: size("sendBufferSize", self.send_buffer_size)?,
        })
    }

    fn transport(&self, settings: Vec<(u64, u64)>) -> Result<Transport, InitError> {
        Ok(Transport {
            max_table_size: self.max_table_size,
            max_blocked_streams: self.max_blocked_streams,
            max_data: self.max_data,
            max_stream_data: self.max_stream_data,
            max_streams_bidi: self.max_streams_bidi,
            max_streams_uni: self.max_streams_uni,
            idle_timeout: Duration::from_millis(self.idle_timeout_ms),
            congestion_control: congestion_control(self.congestion_control)?,
            pacing: self.pacing,
            pmtud: self.pmtud,
            grease: self.grease,
            mlkem: self.mlkem,
            version_negotiation: self.version_negotiation,
            webtransport: self.webtransport,
            settings,
            reset_stream_at: self.reset_stream_at,
            datagram_size: self.datagram_size,
            outgoing_datagram_queue: size("outgoingDatagramQueue", self.outgoing_datagram_queue)?,
            incoming_datagram_queue: size("incomingDatagramQueue", self.incoming_datagram_queue)?,
            ack_ratio: self.ack_ratio,
            fast_pto: self.fast_pto,
        })
    }
}

/// Why a credential could not be made.
#[repr(C)]
pub struct NeqoCredentialError {
    pub code: [c_char; 32],
    pub message: [c_char; 480],
}

impl From<&CredentialError> for NeqoCredentialError {
    fn from(error: &CredentialError) -> Self {
        Self {
            code: c_text(error.code),
            message: c_text(&error.message),
        }
    }
}
