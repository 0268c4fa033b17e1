//! Initialisation, versions, making and freeing connections, and what is known of one at any time.

use std::{
    ffi::c_char,
    os::fd::BorrowedFd,
    panic::{catch_unwind, AssertUnwindSafe},
    ptr,
};

use super::{
    call, copy_text, panic_message, put,
    types::{NeqoInitError, NeqoParams},
    NeqoConn,
};
use crate::{
    constants::{NEQO_CRYPTO, NEQO_INVALID_INPUT, NEQO_OK},
    nss,
    stats::{self, NeqoStats},
    Conn, InitError,
};

extern "C" {
    /// Part of NSS, which neqo-crypto links.
    fn NSS_GetVersion() -> *const c_char;
}

/// Initialises NSS without a database.
#[no_mangle]
pub extern "C" fn neqo_init() -> i64 {
    match catch_unwind(nss::init) {
        Ok(Ok(())) => NEQO_OK,
        Ok(Err(_)) | Err(_) => NEQO_CRYPTO,
    }
}

/// Version of neqo; a test compares it with Cargo.lock.
#[no_mangle]
pub extern "C" fn neqo_version() -> *const c_char {
    c"0.13.4".as_ptr()
}

/// Version of NSS.
#[no_mangle]
pub extern "C" fn neqo_nss_version() -> *const c_char {
    // SAFETY: no preconditions; returns a static string.
    unsafe { NSS_GetVersion() }
}

/// qlog's name of a frame type.
#[no_mangle]
pub extern "C" fn neqo_frame_name(index: u32) -> *const c_char {
    stats::frame_name(index as usize).map_or(ptr::null(), |name| name.as_ptr())
}

/// Makes a connection; NULL and `*error` if that fails.
///
/// # Safety
///
/// `params` and its pointers are valid, `error` is writable or NULL, and the descriptor stays open until the connection is
/// freed.
#[no_mangle]
pub unsafe extern "C" fn neqo_conn_new(
    params: *const NeqoParams,
    error: *mut NeqoInitError,
) -> *mut NeqoConn {
    // Nothing that a panic could leave half-done is seen again.
    let made = catch_unwind(AssertUnwindSafe(|| {
        // SAFETY: valid by contract.
        let Some(params) = (unsafe { params.as_ref() }) else {
            return Err(InitError::new("no parameters"));
        };
        if params.fd < 0 {
            return Err(InitError::new("fd is not a descriptor"));
        }
        // SAFETY: valid by contract.
        let owned = unsafe { params.to_params() }?;
        // SAFETY: the descriptor is open and outlives the connection by contract.
        let fd = unsafe { BorrowedFd::borrow_raw(params.fd) };
        Conn::new(fd, &owned)
    }))
    .unwrap_or_else(|payload| Err(InitError::new(panic_message(payload.as_ref()))));
    match made {
        Ok(conn) => Box::into_raw(Box::new(NeqoConn::new(conn))),
        Err(e) => {
            // SAFETY: writable or NULL by contract.
            unsafe { put(error, NeqoInitError::from(&e)) };
            ptr::null_mut()
        }
    }
}

/// Drops a connection without CONNECTION_CLOSE.
///
/// # Safety
///
/// As for the module; the connection is not used afterwards.
#[no_mangle]
pub unsafe extern "C" fn neqo_conn_free(conn: *mut NeqoConn) {
    if conn.is_null() {
        return;
    }
    // SAFETY: made by `neqo_conn_new`, and not freed before.
    let conn = unsafe { Box::from_raw(conn) };
    // After a panic in neqo its destructor may panic too; there is nobody left to tell.
    drop(catch_unwind(AssertUnwindSafe(|| drop(conn))));
}

/// `NEQO_STATE_…`
///
/// # Safety
///
/// As for the module.
#[no_mangle]
pub unsafe extern "C" fn neqo_state(conn: *mut NeqoConn) -> i64 {
    // SAFETY: by contract.
    unsafe { call(conn, |conn| Ok(i64::from(conn.state()))) }
}

/// Transport statistics.
///
/// # Safety
///
/// As for the module.
#[no_mangle]
pub unsafe extern "C" fn neqo_stats(conn: *mut NeqoConn, stats: *mut NeqoStats) -> i64 {
    // SAFETY: by contract.
    unsafe {
        call(conn, |conn| {
            put(stats, conn.stats());
            Ok(NEQO_OK)
        })
    }
}

/// Original destination connection id in hex.
///
/// # Safety
///
/// As for the module.
#[no_mangle]
pub unsafe extern "C" fn neqo_connection_id(
    conn: *mut NeqoConn,
    buffer: *mut c_char,
    capacity: usize,
) -> i64 {
    // SAFETY: by contract.
    unsafe {
        call(conn, |conn| {
            Ok(copy_text(&conn.connection_id(), buffer.cast(), capacity))
        })
    }
}

/// neqo's name of the last error, or a panic's message.
///
/// # Safety
///
/// As for the module.
#[no_mangle]
pub unsafe extern "C" fn neqo_last_error(
    conn: *mut NeqoConn,
    buffer: *mut c_char,
    capacity: usize,
) -> i64 {
    // SAFETY: by contract. Does not enter neqo, so it works after a panic.
    unsafe {
        conn.as_ref().map_or(NEQO_INVALID_INPUT, |conn| {
            copy_text(&conn.last_error, buffer.cast(), capacity)
        })
    }
}
