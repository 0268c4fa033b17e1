//! Parameters of a server.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use super::{connection_ids::Layout, reset_tokens, retry::Policy};
use crate::{InitError, Transport};

/// What a nonce needs so that ids do not repeat and cannot be guessed (draft-ietf-quic-load-balancers 5.1 asks for 4 bytes).
const MIN_NONCE: usize = 6;
/// RFC 9000 7.2 has at least 8 bytes for a first id; ours are made alike.
const MIN_ID_LENGTH: usize = 8;

/// `NeqoHttp3ServerParams` of `src/native-server.ts` without the descriptor. Sizes in bytes.
#[derive(Debug, Clone)]
pub struct ServerParams {
    /// Where the socket is bound to, maybe the wildcard.
    pub local: SocketAddr,
    /// First octet and server id of all connection ids.
    pub connection_id_prefix: Vec<u8>,
    pub connection_id_length: usize,
    pub max_connections: usize,
    pub max_queued_connections: usize,
    pub queue_timeout: Duration,
    pub max_pending_handshakes: usize,
    pub handshake_timeout: Duration,
    pub retry: Policy,
    pub stateless_reset_key: Vec<u8>,
    /// Ask for hosts without a credential instead of using the default one.
    pub ask_server_name: bool,
    /// How long a ClientHello with 0-RTT is remembered; zero switches 0-RTT off.
    pub zero_rtt_window: Duration,
    pub session_tickets: bool,
    pub max_field_section_size: u64,
    pub transport: Transport,
    pub qlog_dir: Option<PathBuf>,
    /// Socket buffers to ask of the kernel; 0 keeps the system's.
    pub receive_buffer_size: usize,
    pub send_buffer_size: usize,
}

impl ServerParams {
    /// The layout of connection ids.
    pub(super) fn layout(&self) -> Result<Layout, InitError> {
        let (prefix, length) = (&self.connection_id_prefix, self.connection_id_length);
        if prefix.is_empty() {
            return Err(InitError::new("connectionIdPrefix is empty"));
        }
        let shortest = MIN_ID_LENGTH.max(prefix.len() + MIN_NONCE);
        if !(shortest..=reset_tokens::MAX_ID_LENGTH).contains(&length) {
            return Err(InitError::new(format!(
                "connectionIdLength {length} is not within {shortest} and {}",
                reset_tokens::MAX_ID_LENGTH
            )));
        }
        Ok(Layout::new(prefix.clone(), length))
    }
}
