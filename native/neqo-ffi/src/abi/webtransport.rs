//! WebTransport.

use neqo_http3::StreamId;

use super::{
    bytes, call, header_list, latin1_text, number, put, stream_number,
    types::{NeqoBytes, NeqoRecvStreamStats, NeqoSendStreamStats},
    utf8_text, NeqoConn,
};
use crate::constants::NEQO_OK;

/// Asks for a session; returns its id.
///
/// # Safety
///
/// As for the module.
#[no_mangle]
pub unsafe extern "C" fn neqo_webtransport_create_session(
    conn: *mut NeqoConn,
    authority: NeqoBytes,
    path: NeqoBytes,
    headers: *const NeqoBytes,
    header_count: usize,
) -> i64 {
    // SAFETY: by contract.
    unsafe {
        call(conn, |conn| {
            conn.webtransport_create_session(
                &latin1_text(authority),
                &latin1_text(path),
                &header_list(headers, header_count),
            )
            .map(stream_number)
        })
    }
}

/// Closes a session with an application code and a message.
///
/// # Safety
///
/// As for the module.
#[no_mangle]
pub unsafe extern "C" fn neqo_webtransport_close_session(
    conn: *mut NeqoConn,
    session_id: u64,
    error: u32,
    message: NeqoBytes,
) -> i64 {
    // SAFETY: by contract.
    unsafe {
        call(conn, |conn| {
            conn.webtransport_close_session(StreamId::from(session_id), error, &utf8_text(message))
                .map(|()| NEQO_OK)
        })
    }
}

/// Opens a stream of a session; returns its id.
///
/// # Safety
///
/// As for the module.
#[no_mangle]
pub unsafe extern "C" fn neqo_webtransport_create_stream(
    conn: *mut NeqoConn,
    session_id: u64,
    bidirectional: bool,
) -> i64 {
    // SAFETY: by contract.
    unsafe {
        call(conn, |conn| {
            conn.webtransport_create_stream(StreamId::from(session_id), bidirectional)
                .map(stream_number)
        })
    }
}

/// Queues a datagram.
///
/// # Safety
///
/// As for the module.
#[no_mangle]
pub unsafe extern "C" fn neqo_webtransport_send_datagram(
    conn: *mut NeqoConn,
    session_id: u64,
    data: *const u8,
    length: usize,
    tracking_id: u64,
) -> i64 {
    // SAFETY: by contract.
    unsafe {
        call(conn, |conn| {
            conn.webtransport_send_datagram(
                StreamId::from(session_id),
                bytes(data, length),
                tracking_id,
            )
            .map(|()| NEQO_OK)
        })
    }
}

/// Bytes that a datagram may have now.
///
/// # Safety
///
/// As for the module.
#[no_mangle]
pub unsafe extern "C" fn neqo_webtransport_max_datagram_size(
    conn: *mut NeqoConn,
    session_id: u64,
) -> i64 {
    // SAFETY: by contract.
    unsafe {
        call(conn, |conn| {
            conn.webtransport_max_datagram_size(StreamId::from(session_id))
                .map(number)
        })
    }
}

/// Sets or removes the send order of a stream.
///
/// # Safety
///
/// As for the module.
#[no_mangle]
pub unsafe extern "C" fn neqo_webtransport_set_send_order(
    conn: *mut NeqoConn,
    stream_id: u64,
    has_send_order: bool,
    send_order: i64,
) -> i64 {
    // SAFETY: by contract.
    unsafe {
        call(conn, |conn| {
            conn.webtransport_set_send_order(
                StreamId::from(stream_id),
                has_send_order.then_some(send_order),
            )
            .map(|()| NEQO_OK)
        })
    }
}

/// Sets whether a stream shares bandwidth fairly with others.
///
/// # Safety
///
/// As for the module.
#[no_mangle]
pub unsafe extern "C" fn neqo_webtransport_set_fairness(
    conn: *mut NeqoConn,
    stream_id: u64,
    fairness: bool,
) -> i64 {
    // SAFETY: by contract.
    unsafe {
        call(conn, |conn| {
            conn.webtransport_set_fairness(StreamId::from(stream_id), fairness)
                .map(|()| NEQO_OK)
        })
    }
}

/// Progress of a stream's sending side.
///
/// # Safety
///
/// As for the module.
#[no_mangle]
pub unsafe extern "C" fn neqo_webtransport_send_stream_stats(
    conn: *mut NeqoConn,
    stream_id: u64,
    stats: *mut NeqoSendStreamStats,
) -> i64 {
    // SAFETY: by contract.
    unsafe {
        call(conn, |conn| {
            let counts = conn.webtransport_send_stream_stats(StreamId::from(stream_id))?;
            put(
                stats,
                NeqoSendStreamStats {
                    bytes_written: counts.bytes_written() as f64,
                    bytes_sent: counts.bytes_sent() as f64,
                    bytes_acked: counts.bytes_acked() as f64,
                },
            );
            Ok(NEQO_OK)
        })
    }
}

/// Progress of a stream's receiving side.
///
/// # Safety
///
/// As for the module.
#[no_mangle]
pub unsafe extern "C" fn neqo_webtransport_recv_stream_stats(
    conn: *mut NeqoConn,
    stream_id: u64,
    stats: *mut NeqoRecvStreamStats,
) -> i64 {
    // SAFETY: by contract.
    unsafe {
        call(conn, |conn| {
            let counts = conn.webtransport_recv_stream_stats(StreamId::from(stream_id))?;
            put(
                stats,
                NeqoRecvStreamStats {
                    bytes_received: counts.bytes_received() as f64,
                    bytes_read: counts.bytes_read() as f64,
                },
            );
            Ok(NEQO_OK)
        })
    }
}
