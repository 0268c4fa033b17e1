//! C ABI over neqo's HTTP/3, with UDP I/O in batches.
//!
//! [`Conn`] is a client's connection: neqo's `Http3Client` on a borrowed, connected UDP socket. [`server::Server`] is all
//! connections of a server's socket. [`abi`] exposes them to C; its contracts are `include/neqo_ffi.h` and
//! `include/neqo_server_ffi.h`. The other modules are used by both, and by the examples, which measure what the same I/O
//! reaches without JavaScript.

#![deny(unsafe_op_in_unsafe_fn)]

// Tests inside of the crate share those parts with the ones outside.
#[cfg(test)]
extern crate self as neqo_ffi;

pub mod abi;
mod c_text;
mod client_ids;
mod close;
mod conn;
pub mod constants;
mod error;
mod events;
mod latin1;
mod nss;
mod nss_calls;
mod params;
mod qlog;
mod record;
pub mod server;
mod stats;
mod tls;
pub mod udp;
mod webtransport;

pub use conn::Conn;
pub use error::{Error, InitError};
pub use params::{Params, Transport};
