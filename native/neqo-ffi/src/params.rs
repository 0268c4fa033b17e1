//! Parameters of a connection, and what neqo is told with them.

use std::{collections::HashSet, net::SocketAddr, path::PathBuf, time::Duration};

use neqo_common::MAX_VARINT;
use neqo_http3::Http3Parameters;
use neqo_transport::{CongestionControlAlgorithm, ConnectionParameters, StreamType, Version};

use crate::InitError;

/// RFC 9000 4.6: larger stream limits cannot be expressed.
const MAX_STREAMS: u64 = 1 << 60;
/// Settings that neqo sends itself, and those that HTTP/3 reserves (RFC 9114 7.2.4.1, RFC 9204 5).
const OWN_SETTINGS: [u64; 8] = [0, 1, 2, 3, 4, 5, 6, 7];

/// What clients and servers set alike. Sizes in bytes.
#[derive(Debug, Clone)]
pub struct Transport {
    /// QPACK dynamic table capacity, both directions.
    pub max_table_size: u64,
    pub max_blocked_streams: u16,
    /// Connection flow-control window.
    pub max_data: u64,
    /// Initial flow-control window of a request's or a response's body.
    pub max_stream_data: u64,
    /// Streams that the peer may open.
    pub max_streams_bidi: u64,
    pub max_streams_uni: u64,
    pub idle_timeout: Duration,
    pub congestion_control: CongestionControlAlgorithm,
    pub pacing: bool,
    pub pmtud: bool,
    pub grease: bool,
    /// Offer X25519MLKEM768, with a key share for it and one for X25519.
    pub mlkem: bool,
    /// Offer QUIC version 2.
    pub version_negotiation: bool,
    /// Take streams with the header of a WebTransport stream, and datagrams. The sessions are kept above.
    pub webtransport: bool,
    /// With `webtransport`, what SETTINGS has besides HTTP/3's own and QPACK's: identifiers and values.
    pub settings: Vec<(u64, u64)>,
    /// Offer RESET_STREAM_AT (draft-ietf-quic-reliable-stream-reset).
    pub reset_stream_at: bool,
    /// Largest QUIC datagram accepted; 0 switches datagrams off.
    pub datagram_size: u64,
    pub outgoing_datagram_queue: usize,
    pub incoming_datagram_queue: usize,
    /// Acknowledgements asked of the peer per round trip, scaled by 10.
    pub ack_ratio: u8,
    /// Scale of the PTO in percent.
    pub fast_pto: u8,
}

impl Transport {
    /// Refuses values that neqo asserts on, and tells which.
    fn check(&self) -> Result<(), InitError> {
        let limits = [
            ("maxData", self.max_data, MAX_VARINT),
            ("maxStreamData", self.max_stream_data, MAX_VARINT),
            ("maxStreamsBidi", self.max_streams_bidi, MAX_STREAMS),
            ("maxStreamsUni", self.max_streams_uni, MAX_STREAMS),
            ("maxTableSize", self.max_table_size, MAX_VARINT),
            ("datagramSize", self.datagram_size, MAX_VARINT),
        ];
        for (name, value, limit) in limits {
            if value > limit {
                return Err(InitError::new(format!("{name} {value} is above {limit}")));
            }
        }
        if self.idle_timeout.as_millis() > u128::from(MAX_VARINT) {
            return Err(InitError::new("idleTimeoutMs is too long"));
        }
        if self.fast_pto == 0 {
            return Err(InitError::new("fastPto must not be 0"));
        }
        self.check_settings()
    }

    fn check_settings(&self) -> Result<(), InitError> {
        if !self.webtransport && !self.settings.is_empty() {
            return Err(InitError::new("settings are for webtransport"));
        }
        let mut seen = HashSet::from(OWN_SETTINGS);
        for (identifier, value) in &self.settings {
            if *identifier > MAX_VARINT || *value > MAX_VARINT || !seen.insert(*identifier) {
                return Err(InitError::new(format!(
                    "settings: {identifier} {value} cannot be sent"
                )));
            }
        }
        Ok(())
    }

    /// QUIC versions that are offered, the preferred one first.
    pub(crate) fn versions(&self) -> Vec<Version> {
        if self.version_negotiation {
            Version::all()
        } else {
            vec![Version::Version1]
        }
    }

    /// QUIC's part in neqo's terms. `remote`: the window for streams is for those that the peer opens.
    pub(crate) fn connection_parameters(
        &self,
        remote: bool,
    ) -> Result<ConnectionParameters, InitError> {
        self.check()?;
        let mut parameters = ConnectionParameters::default();
        if self.webtransport {
            // Both sides open streams of both kinds.
            parameters = parameters
                .max_stream_data(StreamType::BiDi, !remote, self.max_stream_data)
                .max_stream_data(StreamType::UniDi, true, self.max_stream_data);
        }
        Ok(parameters
            .versions(Version::Version1, self.versions())
            .cc_algorithm(self.congestion_control)
            .max_data(self.max_data)
            .max_stream_data(StreamType::BiDi, remote, self.max_stream_data)
            .max_streams(StreamType::BiDi, self.max_streams_bidi)
            .max_streams(StreamType::UniDi, self.max_streams_uni)
            .idle_timeout(self.idle_timeout)
            .ack_ratio(self.ack_ratio)
            .fast_pto(self.fast_pto)
            .pacing(self.pacing)
            .pmtud(self.pmtud)
            // Only PMTUD uses the interface's MTU, and asking the kernel costs a netlink round trip per connection.
            .pmtud_iface_mtu(self.pmtud)
            .grease(self.grease)
            .mlkem(self.mlkem)
            .datagram_size(self.datagram_size)
            .outgoing_datagram_queue(self.outgoing_datagram_queue)
            .incoming_datagram_queue(self.incoming_datagram_queue)
            .reset_stream_at(self.reset_stream_at)
            // A client's socket is connected: nothing can go to another address. A server has none to prefer.
            .disable_preferred_address())
    }

    /// HTTP/3's part, with QUIC's in it.
    pub(crate) fn http3_parameters(&self, connection: ConnectionParameters) -> Http3Parameters {
        Http3Parameters::default()
            .connection_parameters(connection)
            .max_table_size_encoder(self.max_table_size)
            .max_table_size_decoder(self.max_table_size)
            .max_blocked_streams(self.max_blocked_streams)
            // No browser takes HTTP/3 push either; necko's glue says the same.
            .max_concurrent_push_streams(0)
            .tagged_streams(self.webtransport)
            .settings(self.settings.clone())
            // Nothing sends this one: it makes 0-RTT depend on it (RFC 9297 2.1.1).
            .http3_datagram(self.webtransport)
    }
}

/// `NeqoHttp3ConnParams` of `src/native.ts` without the descriptor. Sizes in bytes.
#[derive(Debug, Clone)]
pub struct Params {
    /// Name for SNI and ECH; NSS sends no SNI for an IP literal.
    pub server_name: String,
    pub alpn: Vec<String>,
    pub local: SocketAddr,
    pub remote: SocketAddr,
    pub transport: Transport,
    pub sni_slicing: bool,
    pub qlog_dir: Option<PathBuf>,
    /// Socket buffers to ask of the kernel; 0 keeps the system's.
    pub receive_buffer_size: usize,
    pub send_buffer_size: usize,
}

impl Params {
    /// The parameters in neqo's terms, as `neqo_http3conn_new` of necko's neqo_glue sets them.
    pub(crate) fn http3_parameters(&self) -> Result<Http3Parameters, InitError> {
        if self.alpn.is_empty() || self.alpn.iter().any(|p| p.is_empty() || p.len() > 255) {
            return Err(InitError::new("alpn needs names of 1 to 255 bytes"));
        }
        if self.local.is_ipv4() != self.remote.is_ipv4() {
            return Err(InitError::new("local and remote address differ in family"));
        }
        let connection = self
            .transport
            .connection_parameters(false)?
            .sni_slicing(self.sni_slicing);
        Ok(self.transport.http3_parameters(connection))
    }
}
