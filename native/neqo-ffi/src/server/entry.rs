//! One connection in the engine's table.

use std::{
    cell::RefCell,
    net::SocketAddr,
    panic::{catch_unwind, AssertUnwindSafe},
    rc::Rc,
    time::Instant,
};

use neqo_common::Datagram;
use neqo_http3::Http3ServerHandler;
use neqo_transport::{Connection, ConnectionId, State, Version};

use super::{accept::Way, connection_ids::OwnIds, sni::SniState};

/// Datagrams kept until the server name is known: a ClientHello with a post-quantum key share needs two, and each may be sent
/// again.
const MAX_SAVED: usize = 8;

/// neqo's half of a connection.
pub struct Link {
    pub connection: Connection,
    pub handler: Http3ServerHandler,
    pub sni: SniState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    Handshaking,
    Established,
    /// Closing, draining or closed.
    Ended,
}

/// What an Initial said, kept to begin again when the credential is known.
#[derive(Debug, Clone)]
pub struct Initial {
    pub version: Version,
    /// The client's connection id.
    pub source_id: ConnectionId,
    /// The id that the client sent to.
    pub destination_id: ConnectionId,
    /// The id that the client sent to before it got a Retry.
    pub original_id: Option<ConnectionId>,
}

pub struct Entry {
    /// None while the application looks for a credential.
    pub link: Option<Link>,
    pub phase: Phase,
    pub initial: Initial,
    pub ids: Rc<RefCell<OwnIds>>,
    pub local: SocketAddr,
    pub remote: SocketAddr,
    /// What came before the server name was known, if somebody is to be asked for a credential.
    pub saved: Option<Vec<Datagram>>,
    /// The handshake must be complete by then.
    pub deadline: Instant,
    /// It was not: the engine has given it up.
    pub timed_out: bool,
    /// HTTP/3 error to close with when all responses have arrived.
    pub close_when_sent: Option<u64>,
    /// It ended outside of neqo: neqo panicked on it, or no credential was found in time.
    pub failed: bool,
    /// Half of an idle connection's memory is given back.
    pub tls_released: bool,
    pub failure_told: bool,
    /// The application knows of it.
    pub announced: bool,
    /// The application will not use the handle again.
    pub released: bool,
    /// It is in the engine's list of that name.
    pub touched: bool,
    pub ready: bool,
    pub eventful: bool,
    /// When neqo wants to be called, and when the engine's timer calls it.
    pub wake: Option<Instant>,
    pub timer: Option<Instant>,
    pub datagrams_received: u64,
    pub datagrams_sent: u64,
    pub bytes_received: u64,
    pub bytes_sent: u64,
}

impl Entry {
    /// Gives a datagram to neqo, or keeps it until there is a credential.
    pub fn receive(&mut self, datagram: Datagram<&mut [u8]>, now: Instant) {
        self.datagrams_received += 1;
        self.bytes_received += datagram.len() as u64;
        if let Some(saved) = &mut self.saved {
            if saved.len() < MAX_SAVED {
                saved.push(datagram.to_owned());
            }
        }
        self.enter(|link| link.connection.process_input(datagram, now));
    }

    /// Runs `f` on neqo's half, if there is one. neqo has assertions: should a peer find a way to one, it loses its own
    /// connection and nobody else's. Nothing is returned then.
    pub fn enter<R>(&mut self, f: impl FnOnce(&mut Link) -> R) -> Option<R> {
        let link = self.link.as_mut()?;
        // After a panic it is not entered again, so nobody sees a broken invariant. What it shares with others, the routes
        // and the credentials, is not entered by neqo but by us.
        match catch_unwind(AssertUnwindSafe(|| f(link))) {
            Ok(result) => Some(result),
            Err(_) => {
                self.failed = true;
                let link = self.link.take();
                // Its destructor may panic too; there is nobody to tell.
                drop(catch_unwind(AssertUnwindSafe(|| drop(link))));
                None
            }
        }
    }

    pub const fn way(&self) -> Way {
        Way {
            local: self.local,
            remote: self.remote,
        }
    }

    /// It must not send yet: another credential begins another connection, with packet numbers and connection ids of its
    /// own, and a client that has seen those of the first takes no others.
    pub const fn is_mute(&self) -> bool {
        self.saved.is_some()
    }

    /// The application is looking for a credential.
    pub const fn waits_for_credential(&self) -> bool {
        self.link.is_none() && !self.failed
    }

    /// neqo has taken a valid Initial.
    pub fn begun(&self) -> bool {
        self.link
            .as_ref()
            .is_none_or(|link| !matches!(link.connection.state(), State::Init | State::WaitInitial))
    }

    /// The ClientHello was processed, for better or worse.
    pub fn greeted(&self) -> bool {
        let greeted = |link: &Link| {
            !matches!(
                link.connection.state(),
                State::Init | State::WaitInitial | State::WaitVersion
            )
        };
        self.failed || self.link.as_ref().is_some_and(greeted)
    }

    /// The handshake is complete and HTTP/3 has sent its ticket: only the exporter of WebTransport sessions still needs TLS. All of
    /// their drafts ask for HTTP datagrams, so that there are none with a client that takes no datagrams.
    pub fn release_tls(&mut self, webtransport: bool) {
        let Some(link) = &mut self.link else {
            return;
        };
        let needed = webtransport && link.handler.peer_takes_datagrams() != Some(false);
        if !needed && *link.connection.state() == State::Confirmed {
            link.connection.release_tls();
            self.tls_released = true;
        }
    }

    /// What neqo's state means here.
    pub fn current_phase(&self) -> Phase {
        match self.link.as_ref().map(|link| link.connection.state()) {
            Some(state) if state.connected() => Phase::Established,
            Some(state) if state.closed() => Phase::Ended,
            None if self.failed => Phase::Ended,
            _ => Phase::Handshaking,
        }
    }

    /// Nothing more will come of it.
    pub fn gone(&self) -> bool {
        let closed = |link: &Link| matches!(link.connection.state(), State::Closed(_));
        self.failed || self.link.as_ref().is_some_and(closed)
    }
}
