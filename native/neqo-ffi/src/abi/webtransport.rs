//! Streams of WebTransport sessions and datagrams of a client's connection.

use neqo_http3::StreamId;

use super::{
    byte_list::NeqoByteList,
    bytes, call, number, put, stream_number,
    types::{NeqoBytes, NeqoRecvStreamStats, NeqoSendStreamStats},
    utf8_text, NeqoConn,
};
use crate::constants::NEQO_OK;

/// Opens a stream of a session; returns its id.
///
/// # Safety
///
/// As for the module.
#[no_mangle]
pub unsafe extern "C" fn neqo_open_stream(
    conn: *mut NeqoConn,
    session_id: u64,
    bidirectional: bool,
) -> i64 {
    // SAFETY: by contract.
    unsafe {
        call(conn, |conn| {
            conn.open_stream(session_id, bidirectional)
                .map(stream_number)
        })
    }
}

/// Sends all bytes, or none; returns how many were taken.
///
/// # Safety
///
/// As for the module.
#[no_mangle]
pub unsafe extern "C" fn neqo_send_whole(
    conn: *mut NeqoConn,
    stream_id: u64,
    data: *const u8,
    length: usize,
) -> i64 {
    // SAFETY: by contract.
    unsafe {
        call(conn, |conn| {
            conn.send_whole(StreamId::from(stream_id), bytes(data, length))
                .map(number)
        })
    }
}

/// Resets a stream, of which the first bytes are delivered nevertheless.
///
/// # Safety
///
/// As for the module.
#[no_mangle]
pub unsafe extern "C" fn neqo_reset_stream_keeping(
    conn: *mut NeqoConn,
    stream_id: u64,
    error: u64,
    committed: u64,
) -> i64 {
    // SAFETY: by contract.
    unsafe {
        call(conn, |conn| {
            conn.reset_stream_keeping(StreamId::from(stream_id), error, committed)
                .map(|()| NEQO_OK)
        })
    }
}

/// Says what a stream shares bandwidth with, and which of them goes first.
///
/// # Safety
///
/// As for the module.
#[no_mangle]
pub unsafe extern "C" fn neqo_set_send_order(
    conn: *mut NeqoConn,
    stream_id: u64,
    group: u64,
    order: i64,
) -> i64 {
    // SAFETY: by contract.
    unsafe {
        call(conn, |conn| {
            conn.set_send_order(StreamId::from(stream_id), group, order)
                .map(|()| NEQO_OK)
        })
    }
}

/// Queues a datagram.
///
/// # Safety
///
/// As for the module.
#[no_mangle]
pub unsafe extern "C" fn neqo_send_datagram(
    conn: *mut NeqoConn,
    session_id: u64,
    data: *const u8,
    length: usize,
) -> i64 {
    // SAFETY: by contract.
    unsafe {
        call(conn, |conn| {
            conn.send_datagram(session_id, bytes(data, length))
                .map(|()| NEQO_OK)
        })
    }
}

/// Payload that a datagram may have now.
///
/// # Safety
///
/// As for the module.
#[no_mangle]
pub unsafe extern "C" fn neqo_max_datagram_size(conn: *mut NeqoConn, session_id: u64) -> i64 {
    // SAFETY: by contract.
    unsafe { call(conn, |conn| conn.max_datagram_size(session_id).map(number)) }
}

/// Keys for the application.
///
/// # Safety
///
/// As for the module.
#[no_mangle]
pub unsafe extern "C" fn neqo_export_keying_material(
    conn: *mut NeqoConn,
    label: NeqoBytes,
    context: NeqoBytes,
    length: usize,
) -> *mut NeqoByteList {
    let mut key = None;
    // SAFETY: by contract.
    unsafe {
        call(conn, |conn| {
            let context = bytes(context.data, context.length);
            key = Some(conn.export_keying_material(&utf8_text(label), context, length)?);
            Ok(NEQO_OK)
        });
    }
    NeqoByteList::give(key.map(|key| vec![key]))
}

/// Progress of a stream's sending side.
///
/// # Safety
///
/// As for the module.
#[no_mangle]
pub unsafe extern "C" fn neqo_send_stream_stats(
    conn: *mut NeqoConn,
    stream_id: u64,
    stats: *mut NeqoSendStreamStats,
) -> i64 {
    // SAFETY: by contract.
    unsafe {
        call(conn, |conn| {
            put(
                stats,
                conn.send_stream_stats(StreamId::from(stream_id))?.into(),
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
pub unsafe extern "C" fn neqo_recv_stream_stats(
    conn: *mut NeqoConn,
    stream_id: u64,
    stats: *mut NeqoRecvStreamStats,
) -> i64 {
    // SAFETY: by contract.
    unsafe {
        call(conn, |conn| {
            put(
                stats,
                conn.recv_stream_stats(StreamId::from(stream_id))?.into(),
            );
            Ok(NEQO_OK)
        })
    }
}
