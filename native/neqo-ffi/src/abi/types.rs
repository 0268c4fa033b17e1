//! Structures that C and Rust share.

use std::{
    ffi::c_char,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    slice,
    time::Duration,
};

use neqo_transport::{CongestionControlAlgorithm, RecvStreamStats, SendStreamStats};

use super::utf8_text;
use crate::{
    c_text::c_text,
    constants::{NEQO_CC_CUBIC, NEQO_CC_NEWRENO},
    params::Transport,
    InitError, Params,
};

/// Borrowed bytes.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct NeqoBytes {
    pub data: *const u8,
    pub length: usize,
}

/// `NeqoHttp3ConnParams` of `src/native.ts`.
#[repr(C)]
pub struct NeqoParams {
    pub fd: i32,
    pub local_port: u16,
    pub remote_port: u16,
    pub server_name: NeqoBytes,
    pub alpn: *const NeqoBytes,
    pub alpn_count: usize,
    pub local_address: NeqoBytes,
    pub remote_address: NeqoBytes,
    pub qlog_dir: NeqoBytes,
    pub settings: *const u64,
    pub settings_count: usize,
    pub max_table_size: u64,
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
    pub congestion_control: u32,
    pub max_blocked_streams: u16,
    pub ack_ratio: u8,
    pub fast_pto: u8,
    pub pacing: bool,
    pub pmtud: bool,
    pub grease: bool,
    pub sni_slicing: bool,
    pub mlkem: bool,
    pub version_negotiation: bool,
    pub webtransport: bool,
    pub reset_stream_at: bool,
}

impl NeqoParams {
    /// # Safety
    ///
    /// The pointers are valid for their lengths.
    pub(super) unsafe fn to_params(&self) -> Result<Params, InitError> {
        let alpn = if self.alpn.is_null() || self.alpn_count == 0 {
            &[]
        } else {
            // SAFETY: valid by contract.
            unsafe { slice::from_raw_parts(self.alpn, self.alpn_count) }
        };
        // SAFETY: valid by contract.
        let (server_name, local, remote, qlog_dir, settings) = unsafe {
            (
                utf8_text(self.server_name),
                utf8_text(self.local_address),
                utf8_text(self.remote_address),
                utf8_text(self.qlog_dir),
                number_pairs(self.settings, self.settings_count),
            )
        };
        Ok(Params {
            server_name,
            // SAFETY: valid by contract.
            alpn: alpn
                .iter()
                .map(|name| unsafe { utf8_text(*name) })
                .collect(),
            local: address("localAddress", &local, self.local_port)?,
            remote: address("remoteAddress", &remote, self.remote_port)?,
            transport: Transport {
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
                outgoing_datagram_queue: size(
                    "outgoingDatagramQueue",
                    self.outgoing_datagram_queue,
                )?,
                incoming_datagram_queue: size(
                    "incomingDatagramQueue",
                    self.incoming_datagram_queue,
                )?,
                ack_ratio: self.ack_ratio,
                fast_pto: self.fast_pto,
            },
            sni_slicing: self.sni_slicing,
            qlog_dir: (!qlog_dir.is_empty()).then(|| PathBuf::from(qlog_dir)),
            receive_buffer_size: size("receiveBufferSize", self.receive_buffer_size)?,
            send_buffer_size: size("sendBufferSize", self.send_buffer_size)?,
        })
    }
}

/// Pairs of numbers; what is left over of an odd count is ignored.
///
/// # Safety
///
/// `numbers` is valid for `count` items, or `count` is 0.
pub(super) unsafe fn number_pairs(numbers: *const u64, count: usize) -> Vec<(u64, u64)> {
    if numbers.is_null() || count == 0 {
        return Vec::new();
    }
    // SAFETY: valid by contract.
    let numbers = unsafe { slice::from_raw_parts(numbers, count) };
    numbers
        .chunks_exact(2)
        .map(|pair| (pair[0], pair[1]))
        .collect()
}

pub(super) fn address(name: &str, literal: &str, port: u16) -> Result<SocketAddr, InitError> {
    literal
        .parse::<IpAddr>()
        .map(|ip| SocketAddr::new(ip, port))
        .map_err(|_| InitError::new(format!("{name} '{literal}' is not an IP literal")))
}

pub(super) fn congestion_control(number: u32) -> Result<CongestionControlAlgorithm, InitError> {
    match number {
        NEQO_CC_NEWRENO => Ok(CongestionControlAlgorithm::NewReno),
        NEQO_CC_CUBIC => Ok(CongestionControlAlgorithm::Cubic),
        _ => Err(InitError::new("congestionControl is not known")),
    }
}

pub(super) fn size(name: &str, value: u64) -> Result<usize, InitError> {
    usize::try_from(value).map_err(|_| InitError::new(format!("{name} is too large")))
}

/// Why a connection could not be made.
#[repr(C)]
pub struct NeqoInitError {
    pub errno_value: i32,
    pub message: [c_char; 508],
}

impl From<&InitError> for NeqoInitError {
    fn from(error: &InitError) -> Self {
        Self {
            errno_value: error.errno,
            message: c_text(&error.message),
        }
    }
}

/// What TLS negotiated; numbers are IANA code points.
#[repr(C)]
pub struct NeqoTlsInfo {
    pub version: u16,
    pub cipher: u16,
    pub group: u16,
    pub signature_scheme: u16,
    pub resumed: bool,
    pub early_data: bool,
    pub ech_accepted: bool,
    pub has_alpn: bool,
    pub alpn_length: u8,
    pub alpn: [c_char; 255],
}

#[repr(C)]
pub struct NeqoSendStreamStats {
    pub bytes_written: f64,
    pub bytes_sent: f64,
    pub bytes_acked: f64,
}

impl From<SendStreamStats> for NeqoSendStreamStats {
    fn from(counts: SendStreamStats) -> Self {
        Self {
            bytes_written: counts.bytes_written() as f64,
            bytes_sent: counts.bytes_sent() as f64,
            bytes_acked: counts.bytes_acked() as f64,
        }
    }
}

#[repr(C)]
pub struct NeqoRecvStreamStats {
    pub bytes_received: f64,
    pub bytes_read: f64,
}

impl From<RecvStreamStats> for NeqoRecvStreamStats {
    fn from(counts: RecvStreamStats) -> Self {
        Self {
            bytes_received: counts.bytes_received() as f64,
            bytes_read: counts.bytes_read() as f64,
        }
    }
}
