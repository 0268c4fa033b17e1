//! Requests, bodies and streams.

use neqo_http3::StreamId;

use super::{
    bytes, call, header_list, items_mut, latin1_text, number, stream_number, types::NeqoBytes,
    utf8_text, NeqoConn, Status,
};
use crate::{
    constants::{NEQO_OK, NEQO_STATUS_FIN},
    Conn, Error,
};

/// Opens a request stream; returns its id.
///
/// # Safety
///
/// As for the module.
#[no_mangle]
pub unsafe extern "C" fn neqo_fetch(
    conn: *mut NeqoConn,
    method: NeqoBytes,
    scheme: NeqoBytes,
    authority: NeqoBytes,
    path: NeqoBytes,
    headers: *const NeqoBytes,
    header_count: usize,
    urgency: u8,
    incremental: bool,
) -> i64 {
    // SAFETY: by contract.
    unsafe {
        call(conn, |conn| {
            let target = (
                latin1_text(scheme),
                latin1_text(authority),
                latin1_text(path),
            );
            conn.fetch(
                &latin1_text(method),
                (&target.0, &target.1, &target.2),
                &header_list(headers, header_count),
                urgency,
                incremental,
            )
            .map(stream_number)
        })
    }
}

/// Queues body bytes; returns how many were taken.
///
/// # Safety
///
/// As for the module.
#[no_mangle]
pub unsafe extern "C" fn neqo_send_request_body(
    conn: *mut NeqoConn,
    stream_id: u64,
    data: *const u8,
    length: usize,
) -> i64 {
    // SAFETY: by contract.
    unsafe {
        call(conn, |conn| {
            conn.send_data(StreamId::from(stream_id), bytes(data, length))
                .map(number)
        })
    }
}

/// Reads body bytes; returns how many.
///
/// # Safety
///
/// As for the module.
#[no_mangle]
pub unsafe extern "C" fn neqo_read_response_data(
    conn: *mut NeqoConn,
    stream_id: u64,
    into: *mut u8,
    length: usize,
    status: *mut f64,
) -> i64 {
    // SAFETY: by contract.
    unsafe {
        call(conn, |conn| {
            let into = items_mut(into, length);
            let (count, fin) = conn.read_data(StreamId::from(stream_id), into)?;
            Status(status).flag(NEQO_STATUS_FIN, fin);
            Ok(number(count))
        })
    }
}

/// Calls that take a stream and return nothing but success.
///
/// # Safety
///
/// As for the module.
unsafe fn on_stream(
    conn: *mut NeqoConn,
    stream_id: u64,
    f: impl FnOnce(&mut Conn<'static>, StreamId) -> Result<(), Error>,
) -> i64 {
    // SAFETY: by contract.
    unsafe {
        call(conn, |conn| {
            f(conn, StreamId::from(stream_id)).map(|()| NEQO_OK)
        })
    }
}

/// Ends the sending side with FIN.
///
/// # Safety
///
/// As for the module.
#[no_mangle]
pub unsafe extern "C" fn neqo_close_stream(conn: *mut NeqoConn, stream_id: u64) -> i64 {
    // SAFETY: by contract.
    unsafe { on_stream(conn, stream_id, Conn::close_stream) }
}

/// RESET_STREAM and STOP_SENDING.
///
/// # Safety
///
/// As for the module.
#[no_mangle]
pub unsafe extern "C" fn neqo_cancel_fetch(conn: *mut NeqoConn, stream_id: u64, error: u64) -> i64 {
    // SAFETY: by contract.
    unsafe { on_stream(conn, stream_id, |conn, id| conn.cancel_fetch(id, error)) }
}

/// RESET_STREAM only.
///
/// # Safety
///
/// As for the module.
#[no_mangle]
pub unsafe extern "C" fn neqo_reset_stream(conn: *mut NeqoConn, stream_id: u64, error: u64) -> i64 {
    // SAFETY: by contract.
    unsafe { on_stream(conn, stream_id, |conn, id| conn.reset_stream(id, error)) }
}

/// STOP_SENDING only.
///
/// # Safety
///
/// As for the module.
#[no_mangle]
pub unsafe extern "C" fn neqo_stream_stop_sending(
    conn: *mut NeqoConn,
    stream_id: u64,
    error: u64,
) -> i64 {
    // SAFETY: by contract.
    unsafe { on_stream(conn, stream_id, |conn, id| conn.stop_sending(id, error)) }
}

/// PRIORITY_UPDATE (RFC 9218 7.2).
///
/// # Safety
///
/// As for the module.
#[no_mangle]
pub unsafe extern "C" fn neqo_priority_update(
    conn: *mut NeqoConn,
    stream_id: u64,
    urgency: u8,
    incremental: bool,
) -> i64 {
    // SAFETY: by contract.
    unsafe {
        on_stream(conn, stream_id, |conn, id| {
            conn.priority_update(id, urgency, incremental)
        })
    }
}

/// Sets the receive window of a stream.
///
/// # Safety
///
/// As for the module.
#[no_mangle]
pub unsafe extern "C" fn neqo_set_stream_max_data(
    conn: *mut NeqoConn,
    stream_id: u64,
    max_data: u64,
) -> i64 {
    // SAFETY: by contract.
    unsafe {
        on_stream(conn, stream_id, |conn, id| {
            conn.set_stream_max_data(id, max_data)
        })
    }
}

/// Begins an application close.
///
/// # Safety
///
/// As for the module.
#[no_mangle]
pub unsafe extern "C" fn neqo_close(conn: *mut NeqoConn, error: u64, reason: NeqoBytes) -> i64 {
    // SAFETY: by contract.
    unsafe {
        call(conn, |conn| {
            conn.close(error, &utf8_text(reason)).map(|()| NEQO_OK)
        })
    }
}
