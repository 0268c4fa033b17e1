//! Datagrams: to their connection, to a new one, or to nobody.

use std::{net::SocketAddr, rc::Rc, time::Instant};

use neqo_common::{Datagram, IpTos};
use neqo_transport::{
    connection_refused, AddressValidationResult, ConnectionId, ConnectionIdGenerator as _,
    PacketBuilder, PacketType, PublicPacket, MIN_INITIAL_PACKET_SIZE,
};

use super::{
    connection_ids::{Generator, OwnIds},
    credential::Credential,
    engine::Engine,
    entry::{Entry, Initial, Phase},
    factory::Choice,
    sharing::Origin,
    waiting::Waits,
};
use crate::Error;

/// Datagrams that belong to no connection and wait to be sent: a flood must not fill memory.
const MAX_OUTBOX: usize = 1024;
/// The same for stateless resets, so that nobody can make us send them at a high rate.
const MAX_RESETS: usize = 64;
/// The same for refusals. A client that gets none asks again.
const MAX_REFUSALS: usize = 64;
const LONG_HEADER: u8 = 0x80;
/// RFC 8999 5.1: first byte, version, length of the destination connection id.
const LONG_HEADER_ID: usize = 6;

/// The destination connection id of the first packet (RFC 8999 5). Ids in short headers have our own length.
fn destination_id(datagram: &[u8], own_length: usize) -> Option<&[u8]> {
    if datagram.first()? & LONG_HEADER == 0 {
        return datagram.get(1..=own_length);
    }
    let length = usize::from(*datagram.get(LONG_HEADER_ID - 1)?);
    datagram.get(LONG_HEADER_ID..LONG_HEADER_ID + length)
}

/// A datagram that was kept, as one that has just come.
pub(super) fn borrowed(datagram: &mut Datagram) -> Datagram<&mut [u8]> {
    let (source, destination, tos) = (datagram.source(), datagram.destination(), datagram.tos());
    Datagram::from_slice(source, destination, tos, &mut datagram[..])
}

/// Where an answer goes from and to.
#[derive(Clone, Copy)]
pub(super) struct Way {
    pub local: SocketAddr,
    pub remote: SocketAddr,
}

impl Way {
    fn back(datagram: &Datagram<&mut [u8]>) -> Self {
        Self {
            local: datagram.destination(),
            remote: datagram.source(),
        }
    }
}

impl Engine {
    /// Takes a datagram that came for this socket.
    pub fn route(&mut self, datagram: Datagram<&mut [u8]>, origin: Origin, now: Instant) {
        // Nothing can be sent to port 0, and the error of trying makes quinn-udp give up GSO and ECN for good.
        let id = destination_id(&datagram, self.factory.layout.length())
            .filter(|_| datagram.source().port() != 0);
        let Some(id) = id else {
            self.totals.datagrams_discarded += 1;
            return;
        };
        let handle = self.routes.borrow().find(id);
        if let Some(handle) = handle {
            if let Some(entry) = self.table.get_mut(handle) {
                entry.receive(datagram, now);
                self.touch(handle);
            }
            return;
        }
        if origin == Origin::Network && self.hand_on(id, &datagram, now) {
            return;
        }
        if !self.receive_unknown(datagram, origin, now) {
            self.totals.datagrams_discarded += 1;
        }
    }

    /// A datagram of no connection. False if nothing came of it.
    fn receive_unknown(
        &mut self,
        mut datagram: Datagram<&mut [u8]>,
        origin: Origin,
        now: Instant,
    ) -> bool {
        let length = datagram.len();
        let Ok((packet, _)) = PublicPacket::decode(&mut datagram[..], &*self.factory.layout) else {
            return false;
        };
        let known_version = packet
            .version()
            .is_some_and(|version| self.factory.versions.contains(&version));
        match packet.packet_type() {
            PacketType::Short => {
                let id = ConnectionId::from(packet.dcid());
                self.reset(&id, &datagram, origin)
            }
            PacketType::Initial if known_version => {
                // RFC 9000 14.1
                if length < MIN_INITIAL_PACKET_SIZE || packet.dcid().len() < 8 {
                    return false;
                }
                if self.refused.contains(&packet.dcid(), now) {
                    return false;
                }
                let Some(version) = packet.version() else {
                    return false;
                };
                let initial = Initial {
                    version,
                    source_id: ConnectionId::from(packet.scid()),
                    destination_id: ConnectionId::from(packet.dcid()),
                    original_id: None,
                };
                let token = packet.token().to_vec();
                let leaves = !self.accepting && origin != Origin::Process;
                if leaves && self.hand_to_sibling(&initial.destination_id, &datagram, now) {
                    return true;
                }
                self.validate(initial, &token, datagram, now);
                true
            }
            PacketType::Initial | PacketType::OtherVersion => {
                // RFC 9000 6.1
                if length < MIN_INITIAL_PACKET_SIZE {
                    return false;
                }
                let answer = PacketBuilder::version_negotiation(
                    &packet.scid()[..],
                    &packet.dcid()[..],
                    packet.wire_version(),
                    &self.factory.versions,
                );
                let sent = self.answer(Way::back(&datagram), answer);
                self.totals.version_negotiations_sent += u64::from(sent);
                sent
            }
            _ => false,
        }
    }

    /// Queues an answer that needs no connection.
    fn answer(&mut self, way: Way, bytes: Vec<u8>) -> bool {
        if self.outbox.len() >= MAX_OUTBOX {
            return false;
        }
        self.outbox.push_back(Datagram::new(
            way.local,
            way.remote,
            IpTos::default(),
            bytes,
        ));
        true
    }

    /// Tells a peer that its connection is lost (RFC 9000 10.3). Ids of other servers are not ours to reset (21.11), unless they
    /// are of a process of this machine that is gone.
    fn reset(&mut self, id: &[u8], datagram: &Datagram<&mut [u8]>, origin: Origin) -> bool {
        let layout = &self.factory.layout;
        let lost =
            origin == Origin::Returned || layout.server_id(id) == Some(layout.own_server_id());
        if !lost || self.outbox.len() >= MAX_RESETS {
            return false;
        }
        let sent = self
            .factory
            .tokens
            .datagram(id, datagram.len())
            .is_some_and(|bytes| self.answer(Way::back(datagram), bytes));
        self.totals.stateless_resets_sent += u64::from(sent);
        sent
    }

    fn validate(
        &mut self,
        mut initial: Initial,
        token: &[u8],
        datagram: Datagram<&mut [u8]>,
        now: Instant,
    ) {
        match self.retry.judge(token, datagram.source(), self.load(), now) {
            AddressValidationResult::Pass => self.admit(initial, datagram, now),
            AddressValidationResult::ValidRetry(original) => {
                initial.original_id = Some(original);
                self.admit(initial, datagram, now);
            }
            AddressValidationResult::Validate => self.send_retry(&initial, &datagram, now),
            AddressValidationResult::Invalid => self.totals.datagrams_discarded += 1,
        }
    }

    /// What an address has to be validated for: places that an Initial takes.
    pub(super) fn load(&self) -> usize {
        self.pending + self.waiting.len()
    }

    fn send_retry(&mut self, initial: &Initial, datagram: &Datagram<&mut [u8]>, now: Instant) {
        if self.outbox.len() >= MAX_OUTBOX {
            return;
        }
        let token = self.retry.validation().borrow().generate_retry_token(
            &initial.destination_id,
            datagram.source(),
            now,
        );
        let id = Generator::new(&self.factory.layout, &self.factory.tokens, None).generate_cid();
        let packet = token.ok().zip(id).and_then(|(token, id)| {
            PacketBuilder::retry(
                initial.version,
                &initial.source_id,
                &id,
                &token,
                &initial.destination_id,
            )
            .ok()
        });
        if packet.is_some_and(|packet| self.answer(Way::back(datagram), packet)) {
            self.totals.retries_sent += 1;
        }
    }

    /// There is a place for one more.
    fn has_room(&self) -> bool {
        let max = self.params.max_connections;
        // Connections that are closing are no use to anybody, but they take memory for some round trips.
        self.live() < max
            && self.table.len() < max.saturating_mul(2)
            && self.pending < self.params.max_pending_handshakes
    }

    fn admit(&mut self, initial: Initial, datagram: Datagram<&mut [u8]>, now: Instant) {
        if !self.accepting {
            self.refuse_initial(&initial, Way::back(&datagram));
        } else if self.has_room() {
            self.connect(initial, datagram, now);
        } else if self.waiting.push(&initial, &datagram, now) == Waits::Full {
            self.refuse_initial(&initial, Way::back(&datagram));
        }
    }

    /// CONNECTION_REFUSED (RFC 9000 5.2.2) without making a connection for it.
    pub(super) fn refuse_initial(&mut self, initial: &Initial, way: Way) {
        self.totals.refused += 1;
        // Its keys are derived for this one packet: a flood of Initials must not be worth that.
        if self.outbox.len() >= MAX_REFUSALS {
            return;
        }
        let now = Instant::now();
        let id = Generator::new(&self.factory.layout, &self.factory.tokens, None).generate_cid();
        let packet = id.and_then(|id| {
            self.refused.add(&id, now);
            connection_refused(
                initial.version,
                &initial.destination_id,
                &initial.source_id,
                &id,
            )
            .ok()
        });
        if let Some(packet) = packet {
            self.refused.add(&initial.destination_id, now);
            self.answer(way, packet);
        }
    }

    /// Lets in those that wait, as far as there is room.
    pub(super) fn admit_waiting(&mut self, now: Instant) {
        while self.accepting && self.has_room() {
            let Some((initial, mut datagram)) = self.waiting.pop() else {
                return;
            };
            self.connect(initial, borrowed(&mut datagram), now);
        }
    }

    /// Refuses those that waited too long; all of them, if there will be no place any more.
    pub(super) fn refuse_waiting(&mut self, now: Instant) {
        loop {
            let next = if self.accepting {
                self.waiting.pop_expired(now)
            } else {
                self.waiting.pop()
            };
            let Some((initial, mut datagram)) = next else {
                return;
            };
            self.refuse_initial(&initial, Way::back(&borrowed(&mut datagram)));
        }
    }

    /// Makes a connection for an Initial.
    fn connect(&mut self, initial: Initial, datagram: Datagram<&mut [u8]>, now: Instant) {
        let (local, remote) = (datagram.destination(), datagram.source());
        let routes = Rc::clone(&self.routes);
        let deadline = now + self.params.handshake_timeout;
        let saved = self.params.ask_server_name.then(Vec::new);
        let validation = self.retry.validation();
        let made = self.table.insert(|handle| {
            let ids = OwnIds::new(&routes, handle);
            ids.borrow_mut().add(&initial.destination_id);
            let credential = if saved.is_some() {
                Choice::Ask
            } else {
                Choice::Table
            };
            let link = self.factory.link(&initial, &ids, credential, validation)?;
            Ok::<_, Error>(Box::new(Entry {
                link: Some(link),
                phase: Phase::Handshaking,
                initial,
                ids,
                local,
                remote,
                saved,
                deadline,
                timed_out: false,
                close_when_sent: None,
                failed: false,
                tls_released: false,
                failure_told: false,
                announced: false,
                released: false,
                touched: false,
                ready: false,
                eventful: false,
                wake: None,
                timer: None,
                datagrams_received: 0,
                datagrams_sent: 0,
                bytes_received: 0,
                bytes_sent: 0,
            }))
        });
        let Ok(handle) = made else {
            // NSS or the system is out of something. The client tries again.
            self.totals.handshakes_failed += 1;
            return;
        };
        self.pending += 1;
        if let Some(entry) = self.table.get_mut(handle) {
            entry.receive(datagram, now);
        }
        self.schedule(handle);
        self.touch(handle);
    }

    /// Goes on with a handshake that waited for a credential; none: with the default one.
    ///
    /// # Errors
    ///
    /// If the connection does not wait for one.
    pub fn provide_credential(
        &mut self,
        handle: u32,
        credential: Option<Credential>,
        now: Instant,
    ) -> Result<(), Error> {
        let validation = self.retry.validation();
        let Some(entry) = self.table.get_mut(handle) else {
            return Err(Error::Input("no such connection"));
        };
        if !entry.waits_for_credential() {
            return Err(Error::State("the connection waits for no credential"));
        }
        let choice = credential.map_or(Choice::Table, Choice::Given);
        let link = self
            .factory
            .link(&entry.initial, &entry.ids, choice, validation)?;
        entry.link = Some(link);
        for mut datagram in entry.saved.take().unwrap_or_default() {
            entry.enter(|link| {
                link.connection.process_input(borrowed(&mut datagram), now);
            });
        }
        self.touch(handle);
        Ok(())
    }
}
