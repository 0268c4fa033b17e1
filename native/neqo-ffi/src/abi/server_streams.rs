//! What the application does with a server's requests and connections.

use neqo_http3::StreamId;

use super::{
    bytes, call, items_mut, number, put, server::NeqoServer, stream_number, types::NeqoBytes,
    utf8_text, Status,
};
use crate::{
    constants::{NEQO_OK, NEQO_STATUS_FIN},
    server::{Engine, NeqoConnectionInfo},
    stats::NeqoStats,
    Error,
};

/// Sends headers and the beginning of the body.
///
/// # Safety
///
/// As for the module.
#[no_mangle]
pub unsafe extern "C" fn neqo_server_respond(
    server: *mut NeqoServer,
    connection: u32,
    stream_id: u64,
    head: NeqoBytes,
    body: NeqoBytes,
    fin: bool,
) -> i64 {
    // SAFETY: by contract.
    unsafe {
        call(server, |server| {
            let (head, body) = (bytes(head.data, head.length), bytes(body.data, body.length));
            server
                .engine
                .respond(connection, StreamId::from(stream_id), head, body, fin)
                .map(number)
        })
    }
}

/// Sends body bytes.
///
/// # Safety
///
/// As for the module.
#[no_mangle]
pub unsafe extern "C" fn neqo_server_send_data(
    server: *mut NeqoServer,
    connection: u32,
    stream_id: u64,
    data: NeqoBytes,
    fin: bool,
) -> i64 {
    // SAFETY: by contract.
    unsafe {
        call(server, |server| {
            let data = bytes(data.data, data.length);
            server
                .engine
                .send_data(connection, StreamId::from(stream_id), data, fin)
                .map(number)
        })
    }
}

/// Sends trailers and FIN.
///
/// # Safety
///
/// As for the module.
#[no_mangle]
pub unsafe extern "C" fn neqo_server_send_trailers(
    server: *mut NeqoServer,
    connection: u32,
    stream_id: u64,
    trailers: NeqoBytes,
) -> i64 {
    // SAFETY: by contract.
    unsafe {
        let trailers = bytes(trailers.data, trailers.length);
        on(server, |engine| {
            engine.send_trailers(connection, StreamId::from(stream_id), trailers)
        })
    }
}

/// Reads body bytes; returns how many.
///
/// # Safety
///
/// As for the module.
#[no_mangle]
pub unsafe extern "C" fn neqo_server_read_data(
    server: *mut NeqoServer,
    connection: u32,
    stream_id: u64,
    into: *mut u8,
    length: usize,
    status: *mut f64,
) -> i64 {
    // SAFETY: by contract.
    unsafe {
        call(server, |server| {
            let into = items_mut(into, length);
            let (count, fin) =
                server
                    .engine
                    .read_data(connection, StreamId::from(stream_id), into)?;
            Status(status).flag(NEQO_STATUS_FIN, fin);
            Ok(number(count))
        })
    }
}

/// Calls that return nothing but success.
///
/// # Safety
///
/// As for the module.
unsafe fn on(server: *mut NeqoServer, f: impl FnOnce(&mut Engine) -> Result<(), Error>) -> i64 {
    // SAFETY: by contract.
    unsafe { call(server, |server| f(&mut server.engine).map(|()| NEQO_OK)) }
}

/// Ends the sending half with FIN.
///
/// # Safety
///
/// As for the module.
#[no_mangle]
pub unsafe extern "C" fn neqo_server_end_stream(
    server: *mut NeqoServer,
    connection: u32,
    stream_id: u64,
) -> i64 {
    // SAFETY: by contract.
    unsafe {
        on(server, |engine| {
            engine.end_stream(connection, StreamId::from(stream_id))
        })
    }
}

/// RESET_STREAM only.
///
/// # Safety
///
/// As for the module.
#[no_mangle]
pub unsafe extern "C" fn neqo_server_reset_stream(
    server: *mut NeqoServer,
    connection: u32,
    stream_id: u64,
    error: u64,
) -> i64 {
    // SAFETY: by contract.
    unsafe {
        on(server, |engine| {
            engine.reset_stream(connection, StreamId::from(stream_id), error)
        })
    }
}

/// STOP_SENDING only.
///
/// # Safety
///
/// As for the module.
#[no_mangle]
pub unsafe extern "C" fn neqo_server_stop_sending(
    server: *mut NeqoServer,
    connection: u32,
    stream_id: u64,
    error: u64,
) -> i64 {
    // SAFETY: by contract.
    unsafe {
        on(server, |engine| {
            engine.stop_sending(connection, StreamId::from(stream_id), error)
        })
    }
}

/// RESET_STREAM and STOP_SENDING.
///
/// # Safety
///
/// As for the module.
#[no_mangle]
pub unsafe extern "C" fn neqo_server_cancel_stream(
    server: *mut NeqoServer,
    connection: u32,
    stream_id: u64,
    error: u64,
) -> i64 {
    // SAFETY: by contract.
    unsafe {
        on(server, |engine| {
            engine.cancel_stream(connection, StreamId::from(stream_id), error)
        })
    }
}

/// Sends GOAWAY; returns the id in it.
///
/// # Safety
///
/// As for the module.
#[no_mangle]
pub unsafe extern "C" fn neqo_server_goaway(
    server: *mut NeqoServer,
    connection: u32,
    last: bool,
) -> i64 {
    // SAFETY: by contract.
    unsafe {
        call(server, |server| {
            server.engine.goaway(connection, last).map(stream_number)
        })
    }
}

/// Begins an application close.
///
/// # Safety
///
/// As for the module.
#[no_mangle]
pub unsafe extern "C" fn neqo_server_close(
    server: *mut NeqoServer,
    connection: u32,
    error: u64,
    reason: NeqoBytes,
) -> i64 {
    // SAFETY: by contract.
    unsafe {
        on(server, |engine| {
            engine.close(connection, error, &utf8_text(reason))
        })
    }
}

/// Closes as soon as the client has all responses.
///
/// # Safety
///
/// As for the module.
#[no_mangle]
pub unsafe extern "C" fn neqo_server_close_when_sent(
    server: *mut NeqoServer,
    connection: u32,
    error: u64,
) -> i64 {
    // SAFETY: by contract.
    unsafe { on(server, |engine| engine.close_when_sent(connection, error)) }
}

/// CONNECTION_REFUSED.
///
/// # Safety
///
/// As for the module.
#[no_mangle]
pub unsafe extern "C" fn neqo_server_refuse(server: *mut NeqoServer, connection: u32) -> i64 {
    // SAFETY: by contract.
    unsafe { on(server, |engine| engine.refuse(connection)) }
}

/// Gives a handle back.
///
/// # Safety
///
/// As for the module.
#[no_mangle]
pub unsafe extern "C" fn neqo_server_release(server: *mut NeqoServer, connection: u32) -> i64 {
    // SAFETY: by contract.
    unsafe { on(server, |engine| engine.release(connection)) }
}

/// What is known of a connection.
///
/// # Safety
///
/// As for the module.
#[no_mangle]
pub unsafe extern "C" fn neqo_server_connection_info(
    server: *mut NeqoServer,
    connection: u32,
    info: *mut NeqoConnectionInfo,
) -> i64 {
    // SAFETY: by contract.
    unsafe {
        on(server, |engine| {
            put(info, engine.connection_info(connection)?);
            Ok(())
        })
    }
}

/// Transport statistics of a connection.
///
/// # Safety
///
/// As for the module.
#[no_mangle]
pub unsafe extern "C" fn neqo_server_connection_stats(
    server: *mut NeqoServer,
    connection: u32,
    stats: *mut NeqoStats,
) -> i64 {
    // SAFETY: by contract.
    unsafe {
        on(server, |engine| {
            put(stats, engine.connection_stats(connection)?);
            Ok(())
        })
    }
}
