//! Events of the engine itself.

use std::net::SocketAddr;

use neqo_http3::Http3State;

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
    /// neqo panicked: the connection is over.
    Failed(Http3State),
    /// No credential was found in time: the connection is over.
    TimedOut,
    /// There is no credential for this name.
    ServerName(String),
}
