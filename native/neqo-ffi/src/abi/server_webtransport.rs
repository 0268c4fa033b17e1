//! Streams of WebTransport sessions and datagrams of a server's connections.

use neqo_http3::StreamId;

use super::{
    byte_list::NeqoByteList,
    bytes, call, number, put,
    server::NeqoServer,
    stream_number,
    types::{NeqoBytes, NeqoRecvStreamStats, NeqoSendStreamStats},
    utf8_text,
};
use crate::constants::NEQO_OK;

/// Opens a stream of a session; returns its id.
///
/// # Safety
///
/// As for the module.
#[no_mangle]
pub unsafe extern "C" fn neqo_server_open_stream(
    server: *mut NeqoServer,
    connection: u32,
    session_id: u64,
    bidirectional: bool,
) -> i64 {
    // SAFETY: by contract.
    unsafe {
        call(server, |server| {
            server
                .engine
                .open_stream(connection, session_id, bidirectional)
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
pub unsafe extern "C" fn neqo_server_send_whole(
    server: *mut NeqoServer,
    connection: u32,
    stream_id: u64,
    data: NeqoBytes,
) -> i64 {
    // SAFETY: by contract.
    unsafe {
        call(server, |server| {
            let data = bytes(data.data, data.length);
            server
                .engine
                .send_whole(connection, StreamId::from(stream_id), data)
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
pub unsafe extern "C" fn neqo_server_reset_stream_keeping(
    server: *mut NeqoServer,
    connection: u32,
    stream_id: u64,
    error: u64,
    committed: u64,
) -> i64 {
    // SAFETY: by contract.
    unsafe {
        call(server, |server| {
            server
                .engine
                .reset_stream_keeping(connection, StreamId::from(stream_id), error, committed)
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
pub unsafe extern "C" fn neqo_server_set_send_order(
    server: *mut NeqoServer,
    connection: u32,
    stream_id: u64,
    group: u64,
    order: i64,
) -> i64 {
    // SAFETY: by contract.
    unsafe {
        call(server, |server| {
            server
                .engine
                .set_send_order(connection, StreamId::from(stream_id), group, order)
                .map(|()| NEQO_OK)
        })
    }
}

/// Has the connection kept alive for as long as a stream is open.
///
/// # Safety
///
/// As for the module.
#[no_mangle]
pub unsafe extern "C" fn neqo_server_keep_alive(
    server: *mut NeqoServer,
    connection: u32,
    stream_id: u64,
    keep: bool,
) -> i64 {
    // SAFETY: by contract.
    unsafe {
        call(server, |server| {
            server
                .engine
                .keep_alive(connection, StreamId::from(stream_id), keep)
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
pub unsafe extern "C" fn neqo_server_send_datagram(
    server: *mut NeqoServer,
    connection: u32,
    session_id: u64,
    data: NeqoBytes,
) -> i64 {
    // SAFETY: by contract.
    unsafe {
        call(server, |server| {
            server
                .engine
                .send_datagram(connection, session_id, bytes(data.data, data.length))
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
pub unsafe extern "C" fn neqo_server_max_datagram_size(
    server: *mut NeqoServer,
    connection: u32,
    session_id: u64,
) -> i64 {
    // SAFETY: by contract.
    unsafe {
        call(server, |server| {
            server
                .engine
                .max_datagram_size(connection, session_id)
                .map(number)
        })
    }
}

/// Keys for the application.
///
/// # Safety
///
/// As for the module.
#[no_mangle]
pub unsafe extern "C" fn neqo_server_export_keying_material(
    server: *mut NeqoServer,
    connection: u32,
    label: NeqoBytes,
    context: NeqoBytes,
    length: usize,
) -> *mut NeqoByteList {
    let mut key = None;
    // SAFETY: by contract.
    unsafe {
        call(server, |server| {
            let (label, context) = (utf8_text(label), bytes(context.data, context.length));
            key = Some(
                server
                    .engine
                    .export_keying_material(connection, &label, context, length)?,
            );
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
pub unsafe extern "C" fn neqo_server_send_stream_stats(
    server: *mut NeqoServer,
    connection: u32,
    stream_id: u64,
    stats: *mut NeqoSendStreamStats,
) -> i64 {
    // SAFETY: by contract.
    unsafe {
        call(server, |server| {
            let counts = server
                .engine
                .send_stream_stats(connection, StreamId::from(stream_id))?;
            put(stats, counts.into());
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
pub unsafe extern "C" fn neqo_server_recv_stream_stats(
    server: *mut NeqoServer,
    connection: u32,
    stream_id: u64,
    stats: *mut NeqoRecvStreamStats,
) -> i64 {
    // SAFETY: by contract.
    unsafe {
        call(server, |server| {
            let counts = server
                .engine
                .recv_stream_stats(connection, StreamId::from(stream_id))?;
            put(stats, counts.into());
            Ok(NEQO_OK)
        })
    }
}
