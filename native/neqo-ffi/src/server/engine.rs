//! The connections of one socket: which of them has something to do, and its turn.
//!
//! Datagrams and calls of the application only mark a connection. Its HTTP/3 layer runs once for all that came in a batch, and
//! its output is asked for in turns, so that no connection keeps the others waiting.

use std::{
    cell::RefCell,
    collections::VecDeque,
    net::SocketAddr,
    rc::Rc,
    time::{Duration, Instant},
};

use neqo_common::Datagram;
use neqo_http3::{Http3ServerConnEvent, Http3State};
use neqo_transport::{CloseReason, Error as TransportError, Output};

use super::{
    connection_ids::{Routes, SharedRoutes},
    entry::{Entry, Phase},
    factory::Factory,
    forward::Forwarding,
    notice::Notice,
    params::ServerParams,
    refused::Refused,
    retry::Retry,
    table::Table,
    timers::Timers,
    waiting::Waiting,
};
use crate::{Error, InitError};

/// Datagrams that a connection may send before it is the next one's turn: one GSO batch.
const TURN: usize = 64;
/// H3_NO_ERROR, RFC 9114 8.1.
const NO_ERROR: u64 = 0x100;
/// Counts since the engine was made.
#[derive(Debug, Default, Clone, Copy)]
pub struct Totals {
    pub accepted: u64,
    pub refused: u64,
    pub handshakes_failed: u64,
    pub retries_sent: u64,
    pub version_negotiations_sent: u64,
    pub stateless_resets_sent: u64,
    pub datagrams_discarded: u64,
    pub datagrams_forwarded: u64,
}

/// All connections of a server.
pub struct Engine {
    pub(super) params: ServerParams,
    pub(super) factory: Factory,
    pub(super) routes: SharedRoutes,
    pub(super) retry: Retry,
    pub(super) waiting: Waiting,
    pub(super) refused: Refused,
    pub(super) forwarding: Option<Forwarding>,
    pub(super) table: Table,
    /// Incomplete handshakes.
    pub(super) pending: usize,
    /// Connections in the table that are closing, draining or closed.
    ended: usize,
    pub(super) accepting: bool,
    pub(super) totals: Totals,
    /// Datagrams that belong to no connection.
    pub(super) outbox: VecDeque<Datagram>,
    /// Connections whose HTTP/3 layer is to run, which may have something to send, which may have events.
    touched: Vec<u32>,
    ready: VecDeque<u32>,
    pub(super) eventful: VecDeque<u32>,
    /// The connection whose turn it is, and how many datagrams it may still send.
    turn: Option<(u32, usize)>,
    timers: Timers,
    pub(super) notices: VecDeque<(u32, Notice)>,
    /// An event that did not fit into the buffer.
    pub(super) carried: Option<(u32, Http3ServerConnEvent)>,
}

impl Engine {
    pub fn new(params: ServerParams, now: Instant) -> Result<Self, InitError> {
        Ok(Self {
            factory: Factory::new(&params, now)?,
            routes: Rc::new(RefCell::new(Routes::default())),
            retry: Retry::new(params.retry, now)?,
            refused: Refused::default(),
            waiting: Waiting::new(params.max_queued_connections, params.queue_timeout),
            forwarding: None,
            table: Table::default(),
            pending: 0,
            ended: 0,
            accepting: true,
            totals: Totals::default(),
            outbox: VecDeque::new(),
            touched: Vec::new(),
            ready: VecDeque::new(),
            eventful: VecDeque::new(),
            turn: None,
            timers: Timers::default(),
            notices: VecDeque::new(),
            carried: None,
            params,
        })
    }

    /// # Errors
    ///
    /// If there is no such connection.
    pub(super) fn entry(&mut self, handle: u32) -> Result<&mut Entry, Error> {
        self.table
            .get_mut(handle)
            .ok_or(Error::Input("no such connection"))
    }

    /// The connection's HTTP/3 layer is to look at what came.
    pub(super) fn touch(&mut self, handle: u32) {
        if let Some(entry) = self.table.get_mut(handle) {
            if !entry.touched {
                entry.touched = true;
                self.touched.push(handle);
            }
        }
    }

    /// The connection may have something to send, and events.
    pub(super) fn mark(&mut self, handle: u32) {
        if let Some(entry) = self.table.get_mut(handle) {
            if !entry.ready {
                entry.ready = true;
                self.ready.push_back(handle);
            }
            if !entry.eventful {
                entry.eventful = true;
                self.eventful.push_back(handle);
            }
        }
    }

    /// Runs HTTP/3 for all connections that were touched.
    pub fn run(&mut self, now: Instant) {
        while let Some(handle) = self.touched.pop() {
            self.run_one(handle, now);
        }
    }

    fn run_one(&mut self, handle: u32, now: Instant) {
        let Some(entry) = self.table.get_mut(handle) else {
            return;
        };
        entry.touched = false;
        if entry.phase == Phase::Handshaking {
            let wanted = entry
                .link
                .as_ref()
                .and_then(|link| link.sni.wanted(&link.connection));
            if let Some(name) = wanted {
                // TLS stopped for want of a credential. Nothing has been sent: it begins again when there is one.
                entry.link = None;
                self.notices.push_back((handle, Notice::ServerName(name)));
                return;
            }
        }
        if !entry.begun() {
            // Not a valid packet in it: as if it had never come.
            self.totals.datagrams_discarded += entry.datagrams_received;
            self.retry.note_forged();
            self.remove(handle, now);
            return;
        }
        if entry.waits_for_credential() {
            return;
        }
        let addresses = entry.enter(|link| {
            link.handler.process_http3(&mut link.connection, now);
            link.connection.primary_addresses()
        });
        let addresses = addresses.flatten();
        self.note_phase(handle, now);
        self.note_path(handle, addresses);
        self.mark(handle);
    }

    /// Follows the connection from the ClientHello to its end.
    fn note_phase(&mut self, handle: u32, now: Instant) {
        let Some(entry) = self.table.get_mut(handle) else {
            return;
        };
        if !entry.announced && entry.greeted() {
            entry.announced = true;
            entry.saved = None;
            let (local, remote) = (entry.local, entry.remote);
            self.notices
                .push_back((handle, Notice::Connection { local, remote }));
        }
        if entry.failed && !std::mem::replace(&mut entry.failure_told, true) {
            let error = CloseReason::Transport(TransportError::InternalError);
            let notice = Notice::Failed(Http3State::Closed(error));
            self.notices.push_back((handle, notice));
        }
        let phase = entry.current_phase();
        if phase == Phase::Established && !entry.tls_released {
            entry.release_tls(self.params.transport.webtransport);
        }
        if phase == entry.phase || entry.phase == Phase::Ended {
            return;
        }
        if entry.phase == Phase::Handshaking {
            self.pending -= 1;
            match phase {
                Phase::Established => self.totals.accepted += 1,
                _ => self.totals.handshakes_failed += 1,
            }
        }
        entry.phase = phase;
        if phase == Phase::Ended {
            self.ended += 1;
            self.admit_waiting(now);
        }
    }

    /// Connections but those that have ended.
    pub(super) fn live(&self) -> usize {
        self.table.len() - self.ended
    }

    fn note_path(&mut self, handle: u32, addresses: Option<(SocketAddr, SocketAddr)>) {
        let (Some(entry), Some((local, remote))) = (self.table.get_mut(handle), addresses) else {
            return;
        };
        if entry.phase != Phase::Established || (entry.local, entry.remote) == (local, remote) {
            return;
        }
        (entry.local, entry.remote) = (local, remote);
        self.notices
            .push_back((handle, Notice::Path { local, remote }));
    }

    /// Marks the connections whose time has come.
    pub fn run_timers(&mut self, now: Instant) {
        while let Some(handle) = self.timers.due(now) {
            let Some(entry) = self.table.get_mut(handle) else {
                return;
            };
            self.timers.set(handle, &mut entry.timer, None);
            if entry.phase == Phase::Handshaking && entry.deadline <= now {
                self.give_up(handle, now);
            } else {
                // Its turn sets the next timer.
                self.mark(handle);
            }
        }
        self.refuse_waiting(now);
    }

    /// The handshake took too long.
    fn give_up(&mut self, handle: u32, now: Instant) {
        let Some(entry) = self.table.get_mut(handle) else {
            return;
        };
        entry.timed_out = true;
        if entry.waits_for_credential() {
            // The application has not found one in time. Nothing was sent, so one packet ends it.
            let (initial, way) = (entry.initial.clone(), entry.way());
            entry.failed = true;
            entry.failure_told = true;
            entry.announced = true;
            entry.saved = None;
            self.notices.push_back((handle, Notice::TimedOut));
            self.refuse_initial(&initial, way);
            self.note_phase(handle, now);
            return;
        }
        entry.enter(|link| link.connection.close(now, NO_ERROR, "handshake timeout"));
        self.touch(handle);
        self.run(now);
    }

    /// Sets the timer that the connection needs.
    pub(super) fn schedule(&mut self, handle: u32) {
        let Some(entry) = self.table.get_mut(handle) else {
            return;
        };
        let deadline = (entry.phase == Phase::Handshaking).then_some(entry.deadline);
        let next = match (entry.wake, deadline) {
            (Some(wake), Some(deadline)) => Some(wake.min(deadline)),
            (at, None) | (None, at) => at,
        };
        self.timers.set(handle, &mut entry.timer, next);
    }

    /// The next datagram of whoever's turn it is, or when to ask again.
    pub fn next_output(&mut self, now: Instant) -> Output {
        if let Some(datagram) = self.outbox.pop_front() {
            return Output::Datagram(datagram);
        }
        while let Some((handle, left)) = self.turn.or_else(|| self.begin_turn(now)) {
            let Some(entry) = self.table.get_mut(handle) else {
                self.turn = None;
                continue;
            };
            let output = if entry.is_mute() {
                None
            } else {
                entry.enter(|link| link.connection.process_output(now))
            };
            match output.unwrap_or(Output::None) {
                Output::Datagram(datagram) => {
                    self.count_sent(handle, &datagram);
                    self.turn = (left > 1).then_some((handle, left - 1));
                    if self.turn.is_none() {
                        self.mark(handle);
                    }
                    return Output::Datagram(datagram);
                }
                Output::Callback(delay) => self.end_turn(handle, Some(now + delay), now),
                Output::None => self.end_turn(handle, None, now),
            }
        }
        self.next_wakeup(now).map_or(Output::None, Output::Callback)
    }

    fn begin_turn(&mut self, now: Instant) -> Option<(u32, usize)> {
        if self.ready.is_empty() {
            // One that ended in its turn may have made room for one that waited.
            self.run(now);
        }
        let handle = self.ready.pop_front()?;
        if let Some(entry) = self.table.get_mut(handle) {
            entry.ready = false;
            entry.enter(|link| {
                if link.handler.should_be_processed() {
                    link.handler.process_http3(&mut link.connection, now);
                }
            });
        }
        self.turn = Some((handle, TURN));
        self.turn
    }

    fn end_turn(&mut self, handle: u32, wake: Option<Instant>, now: Instant) {
        self.turn = None;
        let Some(entry) = self.table.get_mut(handle) else {
            return;
        };
        entry.wake = wake;
        let close = entry.close_when_sent;
        let closed = entry.enter(|link| {
            let code = close.filter(|_| !link.connection.bidi_send_active());
            if let Some(code) = code {
                link.connection.close(now, code, "");
            }
            // Timers of neqo run inside process_output: that is where a connection ends by itself.
            link.handler.process_http3(&mut link.connection, now);
            code.is_some()
        });
        let closed = closed == Some(true);
        if closed {
            entry.close_when_sent = None;
        }
        self.note_phase(handle, now);
        self.schedule(handle);
        if closed {
            self.mark(handle);
        } else if !self.remove_if_gone(handle, now) {
            if let Some(entry) = self.table.get_mut(handle) {
                if !entry.eventful {
                    entry.eventful = true;
                    self.eventful.push_back(handle);
                }
            }
        }
    }

    fn count_sent(&mut self, handle: u32, datagram: &Datagram) {
        if let Some(entry) = self.table.get_mut(handle) {
            entry.datagrams_sent += 1;
            entry.bytes_sent += datagram.len() as u64;
        }
    }

    fn next_wakeup(&self, now: Instant) -> Option<Duration> {
        let at = match (self.timers.next(), self.waiting.next_expiry()) {
            (Some(a), Some(b)) => a.min(b),
            (a, b) => a.or(b)?,
        };
        Some(at.saturating_duration_since(now))
    }

    /// Removes a connection of which nothing is left to send or to tell.
    pub(super) fn remove_if_gone(&mut self, handle: u32, now: Instant) -> bool {
        let gone = self
            .table
            .get(handle)
            .is_some_and(|entry| entry.gone() && (entry.released || !entry.announced));
        if gone {
            self.remove(handle, now);
        }
        gone
    }

    /// Forgets a connection, and lets in one that waits for its place.
    pub(super) fn remove(&mut self, handle: u32, now: Instant) {
        let Some(entry) = self.table.get_mut(handle) else {
            return;
        };
        match entry.phase {
            Phase::Handshaking => self.pending -= 1,
            Phase::Established => {}
            Phase::Ended => self.ended -= 1,
        }
        self.timers.set(handle, &mut entry.timer, None);
        // The place may be another connection's at once: nothing may be told under its handle.
        self.notices.retain(|(of, _)| *of != handle);
        self.carried.take_if(|(of, _)| *of == handle);
        if self.turn.is_some_and(|(of, _)| of == handle) {
            self.turn = None;
        }
        self.table.remove(handle);
        self.admit_waiting(now);
    }
}
