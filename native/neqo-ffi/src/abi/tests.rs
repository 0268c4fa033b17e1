//! Tests of the ABI's own duties: panics, errors, guards and null pointers.

use std::{ffi::CStr, net::UdpSocket, os::fd::AsRawFd, ptr};

use super::{
    driving::{neqo_next_events, neqo_process_input, neqo_process_output},
    lifecycle::{
        neqo_conn_free, neqo_conn_new, neqo_connection_id, neqo_last_error, neqo_nss_version,
        neqo_state, neqo_version,
    },
    requests::{neqo_close, neqo_fetch, neqo_send_request_body},
    tls::{neqo_authenticated, neqo_peer_certificate_chain, neqo_tls_info},
    types::{NeqoBytes, NeqoInitError, NeqoParams},
    NeqoConn,
};
use crate::constants::{
    NEQO_CC_CUBIC, NEQO_INVALID_INPUT, NEQO_INVALID_STATE, NEQO_INVALID_STREAM, NEQO_OK,
    NEQO_PANIC, NEQO_STATE_INITIALIZING, NEQO_STATUS_DATAGRAMS_OUT, NEQO_STATUS_LENGTH,
    NEQO_STATUS_TIMEOUT_MS,
};

fn text(bytes: &'static str) -> NeqoBytes {
    NeqoBytes {
        data: bytes.as_ptr(),
        length: bytes.len(),
    }
}

/// A connection to a socket that never answers.
struct Fixture {
    conn: *mut NeqoConn,
    _socket: UdpSocket,
    _peer: UdpSocket,
}

impl Fixture {
    fn new() -> Self {
        Self::with(|_| ()).expect("the parameters are fine")
    }

    fn with(change: impl FnOnce(&mut NeqoParams)) -> Result<Self, String> {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let peer = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.connect(peer.local_addr().unwrap()).unwrap();
        let alpn = text("h3");
        let mut params = NeqoParams {
            fd: socket.as_raw_fd(),
            local_port: socket.local_addr().unwrap().port(),
            remote_port: peer.local_addr().unwrap().port(),
            server_name: text("localhost"),
            alpn: &alpn,
            alpn_count: 1,
            local_address: text("127.0.0.1"),
            remote_address: text("127.0.0.1"),
            qlog_dir: text(""),
            settings: ptr::null(),
            settings_count: 0,
            max_table_size: 65_536,
            max_data: 1 << 24,
            max_stream_data: 1 << 20,
            max_streams_bidi: 16,
            max_streams_uni: 16,
            idle_timeout_ms: 30_000,
            datagram_size: 0,
            outgoing_datagram_queue: 10,
            incoming_datagram_queue: 10,
            receive_buffer_size: 0,
            send_buffer_size: 0,
            congestion_control: NEQO_CC_CUBIC,
            max_blocked_streams: 20,
            ack_ratio: 40,
            fast_pto: 100,
            pacing: true,
            pmtud: false,
            grease: true,
            sni_slicing: true,
            mlkem: true,
            version_negotiation: false,
            webtransport: false,
            reset_stream_at: false,
        };
        change(&mut params);
        let mut error = NeqoInitError {
            errno_value: 0,
            message: [0; 508],
        };
        // SAFETY: everything lives until the call returns, the socket until the connection is freed.
        let conn = unsafe { neqo_conn_new(&params, &mut error) };
        if conn.is_null() {
            // SAFETY: the message ends with NUL.
            let message = unsafe { CStr::from_ptr(error.message.as_ptr()) };
            return Err(format!(
                "{} {}",
                error.errno_value,
                message.to_str().unwrap()
            ));
        }
        Ok(Self {
            conn,
            _socket: socket,
            _peer: peer,
        })
    }

    fn last_error(&self) -> String {
        let mut buffer = [0u8; 256];
        // SAFETY: the buffer is as long as told.
        let length = unsafe { neqo_last_error(self.conn, buffer.as_mut_ptr().cast(), 256) };
        String::from_utf8(buffer[..usize::try_from(length).unwrap()].to_vec()).unwrap()
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        // SAFETY: not used afterwards.
        unsafe { neqo_conn_free(self.conn) };
    }
}

#[test]
fn the_first_output_is_a_handshake() {
    let fixture = Fixture::new();
    let mut status = [0.0; NEQO_STATUS_LENGTH];
    // SAFETY: the connection is alive and the status array has its length.
    unsafe {
        assert_eq!(neqo_state(fixture.conn), i64::from(NEQO_STATE_INITIALIZING));
        assert_eq!(
            neqo_process_output(fixture.conn, 100, status.as_mut_ptr()),
            NEQO_OK
        );
        assert!(status[NEQO_STATUS_DATAGRAMS_OUT] >= 1.0);
        assert!(status[NEQO_STATUS_TIMEOUT_MS] >= 1.0);
        assert_eq!(
            neqo_process_input(fixture.conn, 100, status.as_mut_ptr()),
            NEQO_OK
        );
        let (mut buffer, mut needed) = ([0u64; 64], 1);
        assert_eq!(
            neqo_next_events(
                fixture.conn,
                buffer.as_mut_ptr().cast(),
                512,
                &mut needed,
                status.as_mut_ptr()
            ),
            0
        );
        assert_eq!(needed, 0);
        assert!(neqo_peer_certificate_chain(fixture.conn).is_null());
        assert_eq!(
            neqo_tls_info(fixture.conn, ptr::null_mut()),
            NEQO_INVALID_STATE
        );
        let mut id = [0u8; 4];
        let length = neqo_connection_id(fixture.conn, id.as_mut_ptr().cast(), 4);
        assert!(length >= 16);
        assert!(id.iter().all(u8::is_ascii_hexdigit));
    }
}

#[test]
fn what_neqo_would_assert_on_is_refused() {
    let fixture = Fixture::new();
    // SAFETY: the connection is alive.
    unsafe {
        assert_eq!(neqo_authenticated(fixture.conn, 0), NEQO_INVALID_STATE);
        assert_eq!(fixture.last_error(), "no authentication is pending");
        let fetch = |urgency| {
            neqo_fetch(
                fixture.conn,
                text("GET"),
                text("https"),
                text("localhost"),
                text("/"),
                ptr::null(),
                0,
                urgency,
                false,
            )
        };
        assert_eq!(fetch(3), NEQO_INVALID_STATE);
        assert_eq!(
            neqo_send_request_body(fixture.conn, 0, ptr::null(), 0),
            0,
            "an empty write asks nothing of neqo"
        );
        assert_eq!(
            neqo_send_request_body(fixture.conn, 0, b"x".as_ptr(), 1),
            NEQO_INVALID_STREAM
        );
        assert_eq!(fixture.last_error(), "InvalidStreamId");
        assert_eq!(
            neqo_close(fixture.conn, u64::MAX, text("")),
            NEQO_INVALID_INPUT
        );
    }
}

#[test]
fn a_panic_poisons_the_connection() {
    let fixture = Fixture::new();
    // SAFETY: the connection is alive, and this is the only reference.
    let conn = unsafe { &mut *fixture.conn };
    assert_eq!(conn.call(|_| panic!("on purpose")), NEQO_PANIC);
    assert_eq!(fixture.last_error(), "on purpose");
    // SAFETY: the connection is alive.
    unsafe {
        assert_eq!(neqo_state(fixture.conn), NEQO_PANIC);
        assert_eq!(
            neqo_process_output(fixture.conn, 100, ptr::null_mut()),
            NEQO_PANIC
        );
    }
    assert_eq!(fixture.last_error(), "on purpose");
}

#[test]
fn bad_parameters_are_named() {
    let refused = |change: fn(&mut NeqoParams)| Fixture::with(change).err().unwrap();
    assert_eq!(
        refused(|p| p.remote_address = text("localhost")),
        "0 remoteAddress 'localhost' is not an IP literal"
    );
    assert_eq!(
        refused(|p| p.local_address = text("::1")),
        "0 local and remote address differ in family"
    );
    assert_eq!(refused(|p| p.fast_pto = 0), "0 fastPto must not be 0");
    assert!(refused(|p| p.max_streams_bidi = u64::MAX).starts_with("0 maxStreamsBidi"));
    assert!(refused(|p| p.alpn_count = 0).contains("alpn"));
    assert!(refused(|p| p.fd = -1).contains("fd"));
    assert!(refused(|p| p.congestion_control = 9).contains("congestionControl"));
    assert!(refused(|p| p.qlog_dir = text("/nonexistent")).starts_with("2 qlog file"));
}

#[test]
fn null_is_no_connection() {
    // SAFETY: NULL is allowed.
    unsafe {
        assert_eq!(neqo_state(ptr::null_mut()), NEQO_INVALID_INPUT);
        assert_eq!(
            neqo_process_input(ptr::null_mut(), 1, ptr::null_mut()),
            NEQO_INVALID_INPUT
        );
        neqo_conn_free(ptr::null_mut());
        assert!(neqo_conn_new(ptr::null(), ptr::null_mut()).is_null());
    }
}

#[test]
fn versions_are_those_of_the_lock_file() {
    // SAFETY: static strings.
    let (neqo, nss) = unsafe {
        (
            CStr::from_ptr(neqo_version()).to_str().unwrap(),
            CStr::from_ptr(neqo_nss_version()).to_str().unwrap(),
        )
    };
    let lock = include_str!("../../Cargo.lock");
    assert!(lock.contains(&format!("name = \"neqo-http3\"\nversion = \"{neqo}\"")));
    assert!(nss.starts_with("3."));
}
