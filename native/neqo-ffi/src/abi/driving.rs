//! Input, output and events: the calls of every turn.

use std::os::fd::BorrowedFd;

use super::{
    call, items_mut, number, put,
    types::{address, NeqoBytes},
    utf8_text, NeqoConn, Status,
};
use crate::{
    constants::{
        NEQO_INVALID_INPUT, NEQO_OK, NEQO_STATUS_BYTES_IN, NEQO_STATUS_BYTES_OUT,
        NEQO_STATUS_DATAGRAMS_IN, NEQO_STATUS_DATAGRAMS_OUT, NEQO_STATUS_ERRNO,
        NEQO_STATUS_EVENTS_MORE, NEQO_STATUS_INPUT_MORE, NEQO_STATUS_OUTPUT_BLOCKED,
        NEQO_STATUS_OUTPUT_MORE, NEQO_STATUS_TIMEOUT_MS,
    },
    udp::{Received, Sent, Wakeup},
    Error,
};

/// Reads datagrams and gives them to neqo.
///
/// # Safety
///
/// As for the module.
#[no_mangle]
pub unsafe extern "C" fn neqo_process_input(
    conn: *mut NeqoConn,
    max_datagrams: u32,
    status: *mut f64,
) -> i64 {
    // SAFETY: by contract.
    let Some(conn) = (unsafe { conn.as_mut() }) else {
        return NEQO_INVALID_INPUT;
    };
    match conn.enter(|conn| conn.process_input(max_datagrams as usize)) {
        Ok(received) => {
            // SAFETY: by contract.
            unsafe { put_received(Status(status), &received) };
            NEQO_OK
        }
        Err(code) => code,
    }
}

/// Sends what neqo has to send.
///
/// # Safety
///
/// As for the module.
#[no_mangle]
pub unsafe extern "C" fn neqo_process_output(
    conn: *mut NeqoConn,
    max_datagrams: u32,
    status: *mut f64,
) -> i64 {
    // SAFETY: by contract.
    let Some(conn) = (unsafe { conn.as_mut() }) else {
        return NEQO_INVALID_INPUT;
    };
    match conn.enter(|conn| conn.process_output(max_datagrams as usize)) {
        Ok(sent) => {
            // SAFETY: by contract.
            unsafe { put_sent(Status(status), &sent) };
            NEQO_OK
        }
        Err(code) => code,
    }
}

/// Writes waiting events to `buffer`.
///
/// # Safety
///
/// As for the module.
#[no_mangle]
pub unsafe extern "C" fn neqo_next_events(
    conn: *mut NeqoConn,
    buffer: *mut u8,
    capacity: usize,
    needed: *mut usize,
    status: *mut f64,
) -> i64 {
    // SAFETY: by contract.
    let (Some(conn), buffer) = (unsafe { (conn.as_mut(), items_mut(buffer, capacity)) }) else {
        return NEQO_INVALID_INPUT;
    };
    match conn.enter(|conn| conn.next_events(buffer)) {
        Ok(written) => {
            // SAFETY: by contract.
            unsafe {
                Status(status).flag(NEQO_STATUS_EVENTS_MORE, written.more);
                put(needed, written.needed);
            }
            number(written.bytes)
        }
        Err(code) => code,
    }
}

/// Moves a connection to another socket.
///
/// # Safety
///
/// As for the module; the descriptor stays open until the next call of this or until the connection is freed.
#[no_mangle]
pub unsafe extern "C" fn neqo_rebind(
    conn: *mut NeqoConn,
    fd: i32,
    local_address: NeqoBytes,
    local_port: u16,
) -> i64 {
    // SAFETY: by contract.
    unsafe {
        call(conn, |conn| {
            if fd < 0 {
                return Err(Error::Input("fd is not a descriptor"));
            }
            let local = address("localAddress", &utf8_text(local_address), local_port)
                .map_err(Error::Socket)?;
            conn.rebind(BorrowedFd::borrow_raw(fd), local)
                .map(|()| NEQO_OK)
        })
    }
}

/// Asks for a round trip.
///
/// # Safety
///
/// As for the module.
#[no_mangle]
pub unsafe extern "C" fn neqo_ping(conn: *mut NeqoConn) -> i64 {
    // SAFETY: by contract.
    unsafe {
        call(conn, |conn| {
            conn.ping();
            Ok(NEQO_OK)
        })
    }
}

/// Tells C what was read.
///
/// # Safety
///
/// As for [`Status::set`].
pub(super) unsafe fn put_received(status: Status, received: &Received) {
    // SAFETY: by contract.
    unsafe {
        status.set(NEQO_STATUS_BYTES_IN, received.bytes as f64);
        status.set(NEQO_STATUS_DATAGRAMS_IN, received.datagrams as f64);
        status.flag(NEQO_STATUS_INPUT_MORE, received.more);
        status.set(NEQO_STATUS_ERRNO, f64::from(received.errno));
    }
}

/// Tells C what was sent.
///
/// # Safety
///
/// As for [`Status::set`].
pub(super) unsafe fn put_sent(status: Status, sent: &Sent) {
    let timeout = match sent.wakeup {
        Wakeup::Never => -1.0,
        Wakeup::After(ms) => ms as f64,
    };
    // SAFETY: by contract.
    unsafe {
        status.set(NEQO_STATUS_BYTES_OUT, sent.bytes as f64);
        status.set(NEQO_STATUS_DATAGRAMS_OUT, sent.datagrams as f64);
        status.flag(NEQO_STATUS_OUTPUT_BLOCKED, sent.blocked);
        status.flag(NEQO_STATUS_OUTPUT_MORE, sent.more);
        status.set(NEQO_STATUS_ERRNO, f64::from(sent.errno));
        status.set(NEQO_STATUS_TIMEOUT_MS, timeout);
    }
}
