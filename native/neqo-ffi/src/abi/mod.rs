//! The functions of `include/neqo_ffi.h`. They borrow what C passes, never unwind, and turn errors into numbers.
//!
//! # Safety
//!
//! All of them trust the header's rules: pointers are valid for their lengths during the call, a `NeqoConn` comes from
//! [`neqo_conn_new`](lifecycle::neqo_conn_new), is used on one thread only, and by one call at a time.

pub mod byte_list;
pub mod driving;
pub mod lifecycle;
pub mod requests;
pub mod tls;
pub mod types;
pub mod webtransport;

use std::{
    any::Any,
    panic::{catch_unwind, AssertUnwindSafe},
    ptr, slice,
};

use neqo_http3::{Header, StreamId};

use self::types::NeqoBytes;
pub use crate::stats::NeqoStats;
use crate::{
    constants::{NEQO_INTERNAL, NEQO_INVALID_INPUT, NEQO_PANIC},
    latin1, Conn, Error,
};

/// A connection as C sees it.
pub struct NeqoConn {
    conn: Conn<'static>,
    last_error: String,
    /// A panic went through neqo: its invariants may be broken, so it is not entered again.
    poisoned: bool,
}

impl NeqoConn {
    fn new(conn: Conn<'static>) -> Self {
        Self {
            conn,
            last_error: String::new(),
            poisoned: false,
        }
    }

    /// Runs `f`; a panic poisons the connection.
    fn enter<R>(&mut self, f: impl FnOnce(&mut Conn<'static>) -> R) -> Result<R, i64> {
        if self.poisoned {
            return Err(NEQO_PANIC);
        }
        // The connection is not entered again after a panic, so nobody sees a broken invariant.
        catch_unwind(AssertUnwindSafe(|| f(&mut self.conn))).map_err(|payload| {
            self.poisoned = true;
            self.last_error = panic_message(payload.as_ref());
            NEQO_PANIC
        })
    }

    /// As [`Self::enter`], for a call that can fail; keeps the error's name.
    fn call(&mut self, f: impl FnOnce(&mut Conn<'static>) -> Result<i64, Error>) -> i64 {
        match self.enter(f) {
            Ok(Ok(result)) => result,
            Ok(Err(error)) => {
                self.last_error = error.to_string();
                error.code()
            }
            Err(code) => code,
        }
    }
}

fn panic_message(payload: &(dyn Any + Send)) -> String {
    payload
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "panic".to_string())
}

/// [`NeqoConn::call`] on a pointer.
///
/// # Safety
///
/// As for the module.
unsafe fn call(
    conn: *mut NeqoConn,
    f: impl FnOnce(&mut Conn<'static>) -> Result<i64, Error>,
) -> i64 {
    // SAFETY: a connection of `neqo_conn_new` that no other call uses, or NULL.
    match unsafe { conn.as_mut() } {
        Some(conn) => conn.call(f),
        None => NEQO_INVALID_INPUT,
    }
}

/// Bytes of C for the duration of a call.
///
/// # Safety
///
/// `data` is valid for `length` bytes, or `length` is 0.
unsafe fn bytes<'a>(data: *const u8, length: usize) -> &'a [u8] {
    if data.is_null() || length == 0 {
        &[]
    } else {
        // SAFETY: valid by contract.
        unsafe { slice::from_raw_parts(data, length) }
    }
}

/// Memory of C to write to, for the duration of a call.
///
/// # Safety
///
/// `data` is valid for `length` items and not aliased, or `length` is 0.
unsafe fn items_mut<'a, T>(data: *mut T, length: usize) -> &'a mut [T] {
    if data.is_null() || length == 0 {
        &mut []
    } else {
        // SAFETY: valid by contract.
        unsafe { slice::from_raw_parts_mut(data, length) }
    }
}

/// Latin-1 text of C as an isomorphic string.
///
/// # Safety
///
/// As for [`bytes`].
unsafe fn latin1_text(text: NeqoBytes) -> String {
    // SAFETY: valid by contract.
    latin1::decode(unsafe { bytes(text.data, text.length) })
}

/// UTF-8 text of C; what is not UTF-8 is replaced.
///
/// # Safety
///
/// As for [`bytes`].
unsafe fn utf8_text(text: NeqoBytes) -> String {
    // SAFETY: valid by contract.
    String::from_utf8_lossy(unsafe { bytes(text.data, text.length) }).into_owned()
}

/// Header fields: `count` pairs of name and value.
///
/// # Safety
///
/// `fields` is valid for twice `count` items, each of them valid, or `count` is 0.
unsafe fn header_list(fields: *const NeqoBytes, count: usize) -> Vec<Header> {
    if fields.is_null() || count == 0 {
        return Vec::new();
    }
    // SAFETY: valid by contract.
    let fields = unsafe { slice::from_raw_parts(fields, 2 * count) };
    fields
        .chunks_exact(2)
        // SAFETY: valid by contract.
        .map(|pair| unsafe { Header::new(latin1_text(pair[0]), latin1_text(pair[1])) })
        .collect()
}

/// Copies as much of `text` as fits and returns its full length.
///
/// # Safety
///
/// `buffer` is valid for `capacity` bytes, or `capacity` is 0.
unsafe fn copy_text(text: &str, buffer: *mut u8, capacity: usize) -> i64 {
    // SAFETY: valid by contract.
    let into = unsafe { items_mut(buffer, capacity) };
    let length = text.len().min(into.len());
    into[..length].copy_from_slice(&text.as_bytes()[..length]);
    number(text.len())
}

/// Writes a result to C.
///
/// # Safety
///
/// `into` is valid for a `T`, or NULL.
unsafe fn put<T>(into: *mut T, value: T) {
    if !into.is_null() {
        // SAFETY: valid by contract.
        unsafe { ptr::write(into, value) };
    }
}

/// The caller's status array.
struct Status(*mut f64);

impl Status {
    /// # Safety
    ///
    /// The array has `NEQO_STATUS_LENGTH` items, of which `index` is one, or the pointer is NULL.
    unsafe fn set(&self, index: usize, value: f64) {
        if !self.0.is_null() {
            // SAFETY: inside the array by contract.
            unsafe { ptr::write(self.0.add(index), value) };
        }
    }

    /// # Safety
    ///
    /// As for [`Self::set`].
    unsafe fn flag(&self, index: usize, value: bool) {
        // SAFETY: by contract.
        unsafe { self.set(index, f64::from(u8::from(value))) };
    }
}

/// A length or a stream id as a result; both are far below 2^63.
fn number(value: impl TryInto<i64>) -> i64 {
    value.try_into().unwrap_or(NEQO_INTERNAL)
}

/// A stream id as a result.
fn stream_number(stream_id: StreamId) -> i64 {
    number(stream_id.as_u64())
}

#[cfg(test)]
mod tests;
