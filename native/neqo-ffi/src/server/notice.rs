//! Events of the engine itself.

use std::net::SocketAddr;

#[derive(Debug, PartialEq, Eq)]
pub enum Notice {
    /// A ClientHello was processed.
    Connection {
        local: SocketAddr,
        remote: SocketAddr,
    },
    /// The peer moved.
    Path {
        local: SocketAddr,
        remote: SocketAddr,
    },
    /// There is no credential for this name.
    ServerName(String),
}
