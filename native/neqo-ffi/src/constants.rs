//! Numbers shared with C. Names and values are those of `include/neqo_ffi.h`; a test compares them.

/// Success of a call without a result of its own.
pub const NEQO_OK: i64 = 0;
/// The peer's stream limit is reached (RFC 9000 4.6).
pub const NEQO_STREAM_LIMIT: i64 = -1;
/// The connection takes no new streams any more.
pub const NEQO_UNAVAILABLE: i64 = -2;
/// No such stream, or that half of it is finished.
pub const NEQO_INVALID_STREAM: i64 = -3;
/// The arguments are not acceptable.
pub const NEQO_INVALID_INPUT: i64 = -4;
/// Not possible in the present state of the connection or session.
pub const NEQO_INVALID_STATE: i64 = -5;
/// A datagram is larger than the path or the peer allows.
pub const NEQO_TOO_MUCH_DATA: i64 = -6;
/// The peer's bytes cannot be parsed.
pub const NEQO_PROTOCOL_ERROR: i64 = -7;
/// A TLS or crypto call failed.
pub const NEQO_CRYPTO: i64 = -8;
/// Anything else.
pub const NEQO_INTERNAL: i64 = -9;
/// The queue for datagrams is full.
pub const NEQO_BLOCKED: i64 = -10;
/// Rust panicked; the connection is unusable.
pub const NEQO_PANIC: i64 = -99;

pub const NEQO_STATUS_BYTES_IN: usize = 0;
pub const NEQO_STATUS_DATAGRAMS_IN: usize = 1;
pub const NEQO_STATUS_INPUT_MORE: usize = 2;
pub const NEQO_STATUS_ERRNO: usize = 3;
pub const NEQO_STATUS_BYTES_OUT: usize = 4;
pub const NEQO_STATUS_DATAGRAMS_OUT: usize = 5;
pub const NEQO_STATUS_OUTPUT_BLOCKED: usize = 6;
pub const NEQO_STATUS_OUTPUT_MORE: usize = 7;
pub const NEQO_STATUS_TIMEOUT_MS: usize = 8;
pub const NEQO_STATUS_EVENTS_MORE: usize = 9;
pub const NEQO_STATUS_FIN: usize = 10;
pub const NEQO_STATUS_LENGTH: usize = 16;

/// Bytes of the head of an event record.
pub const NEQO_EVENT_HEAD: usize = 32;
/// The same in a server's event buffer.
pub const NEQO_SERVER_EVENT_HEAD: usize = 40;

pub const NEQO_EVENT_HEADER_READY: u32 = 1;
pub const NEQO_EVENT_DATA_WRITABLE: u32 = 2;
pub const NEQO_EVENT_DATA_READABLE: u32 = 3;
pub const NEQO_EVENT_RESET: u32 = 4;
pub const NEQO_EVENT_STOP_SENDING: u32 = 5;
pub const NEQO_EVENT_PUSH_PROMISE: u32 = 6;
pub const NEQO_EVENT_PUSH_HEADER_READY: u32 = 7;
pub const NEQO_EVENT_PUSH_DATA_READABLE: u32 = 8;
pub const NEQO_EVENT_PUSH_CANCELED: u32 = 9;
pub const NEQO_EVENT_PUSH_RESET: u32 = 10;
pub const NEQO_EVENT_REQUESTS_CREATABLE: u32 = 11;
pub const NEQO_EVENT_AUTHENTICATION_NEEDED: u32 = 12;
pub const NEQO_EVENT_ECH_FALLBACK_AUTHENTICATION_NEEDED: u32 = 13;
pub const NEQO_EVENT_RESUMPTION_TOKEN: u32 = 14;
pub const NEQO_EVENT_ZERO_RTT_REJECTED: u32 = 15;
pub const NEQO_EVENT_GOAWAY_RECEIVED: u32 = 16;
pub const NEQO_EVENT_STATE_CHANGE: u32 = 17;
pub const NEQO_EVENT_SETTINGS: u32 = 18;
pub const NEQO_EVENT_WEBTRANSPORT_STREAM: u32 = 19;
pub const NEQO_EVENT_DATAGRAM: u32 = 20;
pub const NEQO_EVENT_DATAGRAMS_WRITABLE: u32 = 21;
pub const NEQO_EVENT_STREAMS_CREATABLE: u32 = 22;
pub const NEQO_EVENT_TRAILERS: u32 = 23;
pub const NEQO_EVENT_PING_ACKNOWLEDGED: u32 = 24;
pub const NEQO_EVENT_STREAM_FINISHED: u32 = 25;

pub const NEQO_STATE_INITIALIZING: u32 = 0;
pub const NEQO_STATE_ZERO_RTT: u32 = 1;
pub const NEQO_STATE_CONNECTED: u32 = 2;
pub const NEQO_STATE_GOING_AWAY: u32 = 3;
pub const NEQO_STATE_CLOSING: u32 = 4;
pub const NEQO_STATE_CLOSED: u32 = 5;

pub const NEQO_CLOSE_NONE: u32 = 0;
pub const NEQO_CLOSE_TRANSPORT: u32 = 1;
pub const NEQO_CLOSE_APPLICATION: u32 = 2;
pub const NEQO_CLOSE_PEER_TRANSPORT: u32 = 3;
pub const NEQO_CLOSE_PEER_APPLICATION: u32 = 4;
pub const NEQO_CLOSE_IDLE_TIMEOUT: u32 = 5;
pub const NEQO_CLOSE_STATELESS_RESET: u32 = 6;
pub const NEQO_CLOSE_CRYPTO_ALERT: u32 = 7;
pub const NEQO_CLOSE_CRYPTO: u32 = 8;
pub const NEQO_CLOSE_ECH_RETRY: u32 = 9;
pub const NEQO_CLOSE_VERSION_NEGOTIATION: u32 = 10;
pub const NEQO_CLOSE_INTERNAL: u32 = 11;
pub const NEQO_CLOSE_HANDSHAKE_TIMEOUT: u32 = 12;

pub const NEQO_CC_NEWRENO: u32 = 0;
pub const NEQO_CC_CUBIC: u32 = 1;

/// Length of `NeqoStats::pto_counts`.
pub const NEQO_PTO_COUNTS: usize = 16;
/// Length of `NeqoStats::frames_received` and `frames_sent`.
pub const NEQO_FRAME_TYPES: usize = 22;

pub const NEQO_SERVER_EVENT_CONNECTION: u32 = 1;
pub const NEQO_SERVER_EVENT_STATE_CHANGE: u32 = 2;
pub const NEQO_SERVER_EVENT_REQUEST: u32 = 3;
pub const NEQO_SERVER_EVENT_DATA_READABLE: u32 = 4;
pub const NEQO_SERVER_EVENT_DATA_WRITABLE: u32 = 5;
pub const NEQO_SERVER_EVENT_RESET: u32 = 6;
pub const NEQO_SERVER_EVENT_STOP_SENDING: u32 = 7;
pub const NEQO_SERVER_EVENT_TRAILERS: u32 = 8;
pub const NEQO_SERVER_EVENT_PRIORITY_UPDATE: u32 = 9;
pub const NEQO_SERVER_EVENT_SERVER_NAME: u32 = 10;
pub const NEQO_SERVER_EVENT_PATH: u32 = 11;
pub const NEQO_SERVER_EVENT_HEADERS_TOO_LARGE: u32 = 12;
pub const NEQO_SERVER_EVENT_SETTINGS: u32 = 13;
pub const NEQO_SERVER_EVENT_WEBTRANSPORT_STREAM: u32 = 14;
pub const NEQO_SERVER_EVENT_DATAGRAM: u32 = 15;
pub const NEQO_SERVER_EVENT_DATAGRAMS_WRITABLE: u32 = 16;
pub const NEQO_SERVER_EVENT_STREAMS_CREATABLE: u32 = 17;
pub const NEQO_SERVER_EVENT_STREAM_FINISHED: u32 = 18;

pub const NEQO_RETRY_NEVER: u32 = 0;
pub const NEQO_RETRY_ALWAYS: u32 = 1;
pub const NEQO_RETRY_LOAD: u32 = 2;
