//! A server's half: all QUIC and HTTP/3 connections of one UDP socket.
//!
//! neqo's own `Http3Server` is a tool for tests: it reads bodies without being asked, searches all connections for every
//! packet, and has no limits. Here each connection is neqo's `Connection` with its `Http3ServerHandler`, and everything between
//! the socket and them is ours: [`accept`] finds or makes the connection for a datagram, [`engine`] gives every connection its
//! turn, [`streams`] is what the application does, [`events`] what it is told.

mod accept;
mod connection_ids;
pub mod credential;
mod credential_table;
mod engine;
mod entry;
mod events;
mod factory;
mod forward;
#[cfg(test)]
mod forward_tests;
mod info;
mod notice;
mod params;
mod placeholder;
mod private_key;
mod refused;
mod reset_tokens;
pub mod retry;
mod sharing;
mod sni;
mod streams;
mod table;
#[cfg(test)]
mod test_credentials;
mod timers;
mod waiting;
mod webtransport;

use std::{os::fd::BorrowedFd, path::PathBuf, time::Instant};

use accept::borrowed;
use credential::Credential;
pub use engine::Engine;
use forward::Forwarding;
pub use info::{NeqoConnectionInfo, NeqoServerStats};
use neqo_transport::Output;
pub use params::ServerParams;
use retry::Policy;
use sharing::Origin;

use crate::{
    nss,
    record::Written,
    udp::{Received, Sent, Udp, UdpStats},
    Error, InitError,
};

/// An engine with its socket. Bound to the thread that made it, as neqo and NSS are.
pub struct Server<'fd> {
    pub engine: Engine,
    udp: Udp<'fd>,
}

impl<'fd> Server<'fd> {
    /// Takes a bound socket into use.
    ///
    /// # Errors
    ///
    /// If NSS cannot be initialised, a parameter is not acceptable or a socket option cannot be set.
    pub fn new(fd: BorrowedFd<'fd>, params: ServerParams) -> Result<Self, InitError> {
        nss::init().map_err(|e| InitError::new(format!("NSS: {e:?}")))?;
        let udp = Udp::unconnected(
            fd,
            params.local,
            params.receive_buffer_size,
            params.send_buffer_size,
        )?;
        Ok(Self {
            engine: Engine::new(params, Instant::now())?,
            udp,
        })
    }

    /// Reads datagrams and runs the connections that they are for.
    pub fn process_input(&mut self, max_datagrams: usize) -> Received {
        let engine = &mut self.engine;
        let received = self.udp.receive(max_datagrams, |segments| {
            let now = Instant::now();
            for datagram in segments {
                engine.route(datagram, Origin::Network, now);
            }
        });
        let now = Instant::now();
        engine.flush_forwarding(now);
        engine.run(now);
        received
    }

    /// Reads datagrams that other processes handed on.
    pub fn process_forwarded(&mut self, max_datagrams: usize) -> Received {
        let mut received = Received::default();
        let now = Instant::now();
        while received.datagrams < max_datagrams {
            match self.engine.receive_forwarded() {
                Ok(datagrams) if datagrams.is_empty() => break,
                Ok(datagrams) => {
                    for mut datagram in datagrams {
                        received.bytes += datagram.len();
                        received.datagrams += 1;
                        self.engine
                            .route(borrowed(&mut datagram), Origin::Process, now);
                    }
                }
                Err(e) => {
                    received.errno = e.raw_os_error().unwrap_or(libc::EIO);
                    break;
                }
            }
        }
        received.more = received.datagrams >= max_datagrams;
        self.engine.run(now);
        received
    }

    /// Runs timers and sends what connections have to send, in batches.
    pub fn process_output(&mut self, max_datagrams: usize) -> Sent {
        let engine = &mut self.engine;
        let now = Instant::now();
        engine.run_timers(now);
        engine.run(now);
        self.udp
            .send(max_datagrams, || engine.next_output(Instant::now()))
    }

    /// The next datagram or timer, for a caller that sends by itself.
    pub fn next_output(&mut self) -> Output {
        let now = Instant::now();
        self.engine.run_timers(now);
        self.engine.run(now);
        self.engine.next_output(now)
    }

    /// Packs waiting events into `buffer`.
    pub fn next_events(&mut self, buffer: &mut [u8]) -> Written {
        self.engine.next_events(buffer)
    }

    /// Hands datagrams of other processes' connections on to them. `fd`: Unix datagram socket, non-blocking, bound to
    /// `directory`/ID.sock, where ID is in hex the last `id_length` bytes of the connection ids' prefix.
    ///
    /// # Errors
    ///
    /// If the prefix has not so many bytes besides the first octet.
    pub fn set_forwarding(
        &mut self,
        fd: BorrowedFd<'static>,
        directory: PathBuf,
        id_length: usize,
    ) -> Result<(), Error> {
        let server_id = self.engine.factory.layout.own_server_id();
        let own_id = server_id
            .len()
            .checked_sub(id_length)
            .filter(|_| id_length > 0)
            .map(|start| server_id[start..].to_vec())
            .ok_or(Error::Input("the prefix has no such id"))?;
        self.engine.forwarding = Some(Forwarding::new(fd, directory, own_id));
        Ok(())
    }

    /// Sets, replaces or removes the credential of a host; the empty name is for all others.
    pub fn set_credential(&mut self, host: &str, credential: Option<Credential>) {
        self.engine
            .factory
            .credentials
            .borrow_mut()
            .set(host, credential);
    }

    /// False: new connections are refused.
    pub fn set_accepting(&mut self, accepting: bool) {
        self.engine.accepting = accepting;
        self.engine.refuse_waiting(Instant::now());
    }

    pub fn set_retry(&mut self, policy: Policy) {
        self.engine.retry.set_policy(policy);
    }

    pub fn set_max_connections(&mut self, max_connections: usize) {
        self.engine.params.max_connections = max_connections;
        self.engine.admit_waiting(Instant::now());
    }

    #[must_use]
    pub const fn udp_stats(&self) -> &UdpStats {
        self.udp.stats()
    }
}
