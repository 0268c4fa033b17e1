//! C ABI over neqo's HTTP/3 client, with UDP I/O in batches.
//!
//! [`Conn`] is the connection: neqo's `Http3Client` on a borrowed, connected UDP socket. [`abi`] exposes it to C; its
//! contract is `include/neqo_ffi.h`. The other modules are used by both, and by the example client, which measures what
//! the same I/O reaches without JavaScript.

#![deny(unsafe_op_in_unsafe_fn)]

pub mod abi;
mod close;
mod conn;
pub mod constants;
mod error;
mod events;
mod latin1;
mod nss;
mod params;
mod qlog;
mod stats;
mod tls;
pub mod udp;
mod webtransport;

pub use conn::Conn;
pub use error::{Error, InitError};
pub use params::Params;
