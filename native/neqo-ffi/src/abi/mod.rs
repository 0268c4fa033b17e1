//! The functions of `include/neqo_ffi.h` and `include/neqo_server_ffi.h`. They borrow what C passes, never unwind, and turn errors into numbers.
//!
//! # Safety
//!
//! All of them trust the header's rules: pointers are valid for their lengths during the call, a `NeqoConn` comes from
//! [`neqo_conn_new`](lifecycle::neqo_conn_new) and a `NeqoServer` from [`neqo_server_new`](server::neqo_server_new), is used on one thread only, and by one call at a time.

pub mod byte_list;
pub mod driving;
mod guarded;
pub mod lifecycle;
pub mod requests;
pub mod server;
pub mod server_streams;
pub mod server_types;
pub mod server_webtransport;
pub mod tls;
pub mod types;
pub mod webtransport;

use std::{ptr, slice};

use neqo_http3::{Header, StreamId};

use self::{
    guarded::{call, panic_message, Guarded},
    types::NeqoBytes,
};
pub use crate::stats::NeqoStats;
use crate::{constants::NEQO_INTERNAL, latin1, Conn};

/// A connection as C sees it.
pub type NeqoConn = Guarded<Conn<'static>>;

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
