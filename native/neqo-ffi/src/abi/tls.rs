//! Certificates, TLS, resumption and ECH.

use std::{ffi::c_char, ptr};

use super::{byte_list::NeqoByteList, bytes, call, put, types::NeqoTlsInfo, NeqoConn};
use crate::{constants::NEQO_OK, Error};

/// Result of certificate verification.
///
/// # Safety
///
/// As for the module.
#[no_mangle]
pub unsafe extern "C" fn neqo_authenticated(conn: *mut NeqoConn, pr_error_code: i32) -> i64 {
    // SAFETY: by contract.
    unsafe {
        call(conn, |conn| {
            conn.authenticated(pr_error_code).map(|()| NEQO_OK)
        })
    }
}

/// The peer's chain in DER, leaf first.
///
/// # Safety
///
/// As for the module.
#[no_mangle]
pub unsafe extern "C" fn neqo_peer_certificate_chain(conn: *mut NeqoConn) -> *mut NeqoByteList {
    // SAFETY: by contract.
    let Some(conn) = (unsafe { conn.as_mut() }) else {
        return ptr::null_mut();
    };
    conn.enter(|conn| NeqoByteList::give(conn.peer_certificate_chain()))
        .unwrap_or(ptr::null_mut())
}

/// What TLS negotiated.
///
/// # Safety
///
/// As for the module.
#[no_mangle]
pub unsafe extern "C" fn neqo_tls_info(conn: *mut NeqoConn, info: *mut NeqoTlsInfo) -> i64 {
    // SAFETY: by contract.
    unsafe {
        call(conn, |conn| {
            let Some(tls) = conn.tls_info() else {
                return Err(Error::State("TLS has not negotiated yet"));
            };
            let protocol = tls.alpn().map(String::as_bytes);
            let mut alpn = [0; 255];
            let mut alpn_length = 0;
            for (into, byte) in alpn.iter_mut().zip(protocol.unwrap_or_default()) {
                *into = *byte as c_char;
                alpn_length += 1;
            }
            put(
                info,
                NeqoTlsInfo {
                    version: tls.version(),
                    cipher: tls.cipher_suite(),
                    group: tls.key_exchange(),
                    signature_scheme: tls.signature_scheme(),
                    resumed: tls.resumed(),
                    early_data: tls.early_data_accepted(),
                    ech_accepted: tls.ech_accepted(),
                    has_alpn: protocol.is_some(),
                    alpn_length,
                    alpn,
                },
            );
            Ok(NEQO_OK)
        })
    }
}

/// Resumes with a token.
///
/// # Safety
///
/// As for the module.
#[no_mangle]
pub unsafe extern "C" fn neqo_set_resumption_token(
    conn: *mut NeqoConn,
    token: *const u8,
    length: usize,
) -> i64 {
    // SAFETY: by contract.
    unsafe {
        call(conn, |conn| {
            conn.set_resumption_token(bytes(token, length))
                .map(|()| NEQO_OK)
        })
    }
}

/// A token without waiting for NEW_TOKEN.
///
/// # Safety
///
/// As for the module.
#[no_mangle]
pub unsafe extern "C" fn neqo_take_resumption_token(
    conn: *mut NeqoConn,
    expires_ms: *mut f64,
) -> *mut NeqoByteList {
    // SAFETY: by contract.
    let Some(conn) = (unsafe { conn.as_mut() }) else {
        return ptr::null_mut();
    };
    match conn.enter(|conn| conn.take_resumption_token()) {
        Ok(Some((token, expires))) => {
            // SAFETY: by contract.
            unsafe { put(expires_ms, expires) };
            NeqoByteList::give(Some(vec![token]))
        }
        Ok(None) | Err(_) => ptr::null_mut(),
    }
}

/// Configures ECH.
///
/// # Safety
///
/// As for the module.
#[no_mangle]
pub unsafe extern "C" fn neqo_set_ech_config(
    conn: *mut NeqoConn,
    config: *const u8,
    length: usize,
) -> i64 {
    // SAFETY: by contract.
    unsafe {
        call(conn, |conn| {
            conn.set_ech_config(bytes(config, length)).map(|()| NEQO_OK)
        })
    }
}

/// Updates the packet protection keys (RFC 9001 6).
///
/// # Safety
///
/// As for the module.
#[no_mangle]
pub unsafe extern "C" fn neqo_initiate_key_update(conn: *mut NeqoConn) -> i64 {
    // SAFETY: by contract.
    unsafe { call(conn, |conn| conn.initiate_key_update().map(|()| NEQO_OK)) }
}
