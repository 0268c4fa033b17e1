//! Servers and credentials: making, driving, configuring and freeing them.

use std::{
    ffi::{c_char, OsStr},
    os::{fd::BorrowedFd, unix::ffi::OsStrExt as _},
    panic::{catch_unwind, AssertUnwindSafe},
    path::PathBuf,
    ptr, slice,
    time::Instant,
};

use super::{
    bytes, call, copy_text,
    driving::{put_received, put_sent},
    guarded::Guarded,
    items_mut, number, panic_message, put,
    server_types::{NeqoCredentialError, NeqoServerParams},
    types::{NeqoBytes, NeqoInitError},
    utf8_text, Status,
};
use crate::{
    constants::{NEQO_INVALID_INPUT, NEQO_OK, NEQO_STATUS_EVENTS_MORE},
    server::{
        credential::{Credential, CredentialError},
        retry::Policy,
        NeqoServerStats, Server,
    },
    udp::Received,
    Error, InitError,
};

/// A server as C sees it.
pub type NeqoServer = Guarded<Server<'static>>;

/// A credential as C sees it.
pub struct NeqoCredential(Credential);

/// Makes a credential; NULL and `*error` if that fails.
///
/// # Safety
///
/// `chain` is valid for `chain_length` items, they and `private_key` for their lengths, and `error` is writable or NULL.
#[no_mangle]
pub unsafe extern "C" fn neqo_credential_new(
    chain: *const NeqoBytes,
    chain_length: usize,
    private_key: NeqoBytes,
    error: *mut NeqoCredentialError,
) -> *mut NeqoCredential {
    // Nothing that a panic could leave half-done is seen again.
    let made = catch_unwind(AssertUnwindSafe(|| {
        let items = if chain.is_null() || chain_length == 0 {
            &[]
        } else {
            // SAFETY: valid by contract.
            unsafe { slice::from_raw_parts(chain, chain_length) }
        };
        let chain: Vec<Vec<u8>> = items
            .iter()
            // SAFETY: valid by contract.
            .map(|item| unsafe { bytes(item.data, item.length) }.to_vec())
            .collect();
        // SAFETY: valid by contract.
        Credential::new(&chain, unsafe {
            bytes(private_key.data, private_key.length)
        })
    }))
    .unwrap_or_else(|payload| {
        Err(CredentialError {
            code: "ERR_TLS_CERT_INVALID",
            message: panic_message(payload.as_ref()),
        })
    });
    match made {
        Ok(credential) => Box::into_raw(Box::new(NeqoCredential(credential))),
        Err(e) => {
            // SAFETY: writable or NULL by contract.
            unsafe { put(error, NeqoCredentialError::from(&e)) };
            ptr::null_mut()
        }
    }
}

/// Lets go of a credential.
///
/// # Safety
///
/// `credential` is of [`neqo_credential_new`] and not freed before, or NULL.
#[no_mangle]
pub unsafe extern "C" fn neqo_credential_free(credential: *mut NeqoCredential) {
    if !credential.is_null() {
        // SAFETY: by contract.
        drop(unsafe { Box::from_raw(credential) });
    }
}

/// "EC" or "RSA".
///
/// # Safety
///
/// `credential` is of [`neqo_credential_new`], or NULL.
#[no_mangle]
pub unsafe extern "C" fn neqo_credential_key_type(
    credential: *const NeqoCredential,
) -> *const c_char {
    // SAFETY: by contract.
    match unsafe { credential.as_ref() } {
        Some(NeqoCredential(credential)) if credential.key_type() == "RSA" => c"RSA".as_ptr(),
        Some(_) => c"EC".as_ptr(),
        None => ptr::null(),
    }
}

/// Makes a server; NULL and `*error` if that fails.
///
/// # Safety
///
/// `params` and its pointers are valid, `error` is writable or NULL, and the descriptor stays open until the server is freed.
#[no_mangle]
pub unsafe extern "C" fn neqo_server_new(
    params: *const NeqoServerParams,
    error: *mut NeqoInitError,
) -> *mut NeqoServer {
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
        // SAFETY: the descriptor is open and outlives the server by contract.
        let fd = unsafe { BorrowedFd::borrow_raw(params.fd) };
        Server::new(fd, owned)
    }))
    .unwrap_or_else(|payload| Err(InitError::new(panic_message(payload.as_ref()))));
    match made {
        Ok(server) => Box::into_raw(Box::new(Guarded::new(server))),
        Err(e) => {
            // SAFETY: writable or NULL by contract.
            unsafe { put(error, NeqoInitError::from(&e)) };
            ptr::null_mut()
        }
    }
}

/// Drops a server and its connections.
///
/// # Safety
///
/// As for the module; the server is not used afterwards.
#[no_mangle]
pub unsafe extern "C" fn neqo_server_free(server: *mut NeqoServer) {
    if server.is_null() {
        return;
    }
    // SAFETY: made by `neqo_server_new`, and not freed before.
    let server = unsafe { Box::from_raw(server) };
    // After a panic in neqo its destructor may panic too; there is nobody left to tell.
    drop(catch_unwind(AssertUnwindSafe(|| drop(server))));
}

/// Runs a step that reads, and tells C what it read.
///
/// # Safety
///
/// As for the module.
unsafe fn read(
    server: *mut NeqoServer,
    status: *mut f64,
    step: impl FnOnce(&mut Server<'static>) -> Received,
) -> i64 {
    // SAFETY: by contract.
    let Some(server) = (unsafe { server.as_mut() }) else {
        return NEQO_INVALID_INPUT;
    };
    match server.enter(step) {
        Ok(received) => {
            // SAFETY: by contract.
            unsafe { put_received(Status(status), &received) };
            NEQO_OK
        }
        Err(code) => code,
    }
}

/// Reads datagrams and runs their connections.
///
/// # Safety
///
/// As for the module.
#[no_mangle]
pub unsafe extern "C" fn neqo_server_process_input(
    server: *mut NeqoServer,
    max_datagrams: u32,
    status: *mut f64,
) -> i64 {
    // SAFETY: by contract.
    unsafe {
        read(server, status, |server| {
            server.process_input(max_datagrams as usize)
        })
    }
}

/// Reads datagrams that other processes handed on.
///
/// # Safety
///
/// As for the module.
#[no_mangle]
pub unsafe extern "C" fn neqo_server_process_forwarded(
    server: *mut NeqoServer,
    max_datagrams: u32,
    status: *mut f64,
) -> i64 {
    // SAFETY: by contract.
    unsafe {
        read(server, status, |server| {
            server.process_forwarded(max_datagrams as usize)
        })
    }
}

/// Runs timers and sends.
///
/// # Safety
///
/// As for the module.
#[no_mangle]
pub unsafe extern "C" fn neqo_server_process_output(
    server: *mut NeqoServer,
    max_datagrams: u32,
    status: *mut f64,
) -> i64 {
    // SAFETY: by contract.
    let Some(server) = (unsafe { server.as_mut() }) else {
        return NEQO_INVALID_INPUT;
    };
    match server.enter(|server| server.process_output(max_datagrams as usize)) {
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
pub unsafe extern "C" fn neqo_server_next_events(
    server: *mut NeqoServer,
    buffer: *mut u8,
    capacity: usize,
    needed: *mut usize,
    status: *mut f64,
) -> i64 {
    // SAFETY: by contract.
    let (Some(server), buffer) = (unsafe { (server.as_mut(), items_mut(buffer, capacity)) }) else {
        return NEQO_INVALID_INPUT;
    };
    match server.enter(|server| server.next_events(buffer)) {
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

/// Runs `f`, which cannot fail.
///
/// # Safety
///
/// As for the module.
unsafe fn configure(server: *mut NeqoServer, f: impl FnOnce(&mut Server<'static>)) -> i64 {
    // SAFETY: by contract.
    unsafe {
        call(server, |server| {
            f(server);
            Ok(NEQO_OK)
        })
    }
}

/// Sets, replaces or removes the credential of a host.
///
/// # Safety
///
/// As for the module; `credential` is of [`neqo_credential_new`], or NULL.
#[no_mangle]
pub unsafe extern "C" fn neqo_server_set_credential(
    server: *mut NeqoServer,
    host: NeqoBytes,
    credential: *const NeqoCredential,
) -> i64 {
    // SAFETY: by contract.
    unsafe {
        let credential = credential.as_ref().map(|c| c.0.clone());
        configure(server, |server| {
            server.set_credential(&utf8_text(host), credential);
        })
    }
}

/// Answers SERVER_NAME.
///
/// # Safety
///
/// As for the module; `credential` is of [`neqo_credential_new`], or NULL.
#[no_mangle]
pub unsafe extern "C" fn neqo_server_provide_credential(
    server: *mut NeqoServer,
    connection: u32,
    credential: *const NeqoCredential,
) -> i64 {
    // SAFETY: by contract.
    unsafe {
        let credential = credential.as_ref().map(|c| c.0.clone());
        call(server, |server| {
            server
                .engine
                .provide_credential(connection, credential, Instant::now())
                .map(|()| NEQO_OK)
        })
    }
}

/// False: new connections are refused.
///
/// # Safety
///
/// As for the module.
#[no_mangle]
pub unsafe extern "C" fn neqo_server_set_accepting(
    server: *mut NeqoServer,
    accepting: bool,
) -> i64 {
    // SAFETY: by contract.
    unsafe { configure(server, |server| server.set_accepting(accepting)) }
}

/// Sets the policy of address validation.
///
/// # Safety
///
/// As for the module.
#[no_mangle]
pub unsafe extern "C" fn neqo_server_set_retry(
    server: *mut NeqoServer,
    policy: u32,
    on_above: u32,
    off_below: u32,
) -> i64 {
    // SAFETY: by contract.
    unsafe {
        call(server, |server| {
            let policy = Policy::new(policy, on_above, off_below)
                .map_err(|_| Error::Input("the Retry policy is not acceptable"))?;
            server.set_retry(policy);
            Ok(NEQO_OK)
        })
    }
}

/// Sets how many connections there may be.
///
/// # Safety
///
/// As for the module.
#[no_mangle]
pub unsafe extern "C" fn neqo_server_set_max_connections(
    server: *mut NeqoServer,
    max_connections: u32,
) -> i64 {
    // SAFETY: by contract.
    unsafe {
        configure(server, |server| {
            server.set_max_connections(max_connections as usize);
        })
    }
}

/// Totals of the server.
///
/// # Safety
///
/// As for the module.
#[no_mangle]
pub unsafe extern "C" fn neqo_server_stats(
    server: *mut NeqoServer,
    stats: *mut NeqoServerStats,
) -> i64 {
    // SAFETY: by contract.
    unsafe { configure(server, |server| put(stats, server.stats())) }
}

/// Hands datagrams of other processes' connections on.
///
/// # Safety
///
/// As for the module; `directory` is valid for its length, and the descriptor stays open until the server is freed.
#[no_mangle]
pub unsafe extern "C" fn neqo_server_set_forwarding(
    server: *mut NeqoServer,
    fd: i32,
    directory: NeqoBytes,
    id_length: u32,
) -> i64 {
    // SAFETY: by contract.
    unsafe {
        call(server, |server| {
            if fd < 0 {
                return Err(Error::Input("forwarding needs a descriptor"));
            }
            let directory = OsStr::from_bytes(bytes(directory.data, directory.length));
            server
                .set_forwarding(
                    BorrowedFd::borrow_raw(fd),
                    PathBuf::from(directory),
                    id_length as usize,
                )
                .map(|()| NEQO_OK)
        })
    }
}

/// neqo's name of the last error, or a panic's message.
///
/// # Safety
///
/// As for the module.
#[no_mangle]
pub unsafe extern "C" fn neqo_server_last_error(
    server: *mut NeqoServer,
    buffer: *mut c_char,
    capacity: usize,
) -> i64 {
    // SAFETY: by contract. Does not enter neqo, so it works after a panic.
    unsafe {
        server.as_ref().map_or(NEQO_INVALID_INPUT, |server| {
            copy_text(&server.last_error, buffer.cast(), capacity)
        })
    }
}
