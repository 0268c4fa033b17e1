//! Datagrams: to their connection, to a new one, or to nobody.

use std::{rc::Rc, time::Instant};

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

impl Engine {
    /// Takes a datagram that came for this socket.
    pub fn route(&mut self, datagram: Datagram<&mut [u8]>, origin: Origin, now: Instant) {
        let Some(id) = destination_id(&datagram, self.factory.layout.length()) else {
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
                let sent = self.answer(&datagram, answer);
                self.totals.version_negotiations_sent += u64::from(sent);
                sent
            }
            _ => false,
        }
    }

    /// Queues an answer that needs no connection.
    fn answer(&mut self, to: &Datagram<&mut [u8]>, bytes: Vec<u8>) -> bool {
        if self.outbox.len() >= MAX_OUTBOX {
            return false;
        }
        self.outbox.push_back(Datagram::new(
            to.destination(),
            to.source(),
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
            .is_some_and(|bytes| self.answer(datagram, bytes));
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
        match self
            .retry
            .judge(token, datagram.source(), self.pending, now)
        {
            AddressValidationResult::Pass => self.admit(initial, datagram, now),
            AddressValidationResult::ValidRetry(original) => {
                initial.original_id = Some(original);
                self.admit(initial, datagram, now);
            }
            AddressValidationResult::Validate => self.send_retry(&initial, &datagram, now),
            AddressValidationResult::Invalid => self.totals.datagrams_discarded += 1,
        }
    }

    fn send_retry(&mut self, initial: &Initial, datagram: &Datagram<&mut [u8]>, now: Instant) {
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
        if packet.is_some_and(|packet| self.answer(datagram, packet)) {
            self.totals.retries_sent += 1;
        }
    }

    /// There is a place for one more.
    fn has_room(&self) -> bool {
        self.table.len() < self.params.max_connections
            && self.pending < self.params.max_pending_handshakes
    }

    fn admit(&mut self, initial: Initial, datagram: Datagram<&mut [u8]>, now: Instant) {
        if !self.accepting {
            self.refuse_initial(&initial, &datagram);
        } else if self.has_room() {
            self.connect(initial, datagram, now);
        } else if self.waiting.push(&initial.destination_id, &datagram, now) == Waits::Full {
            self.refuse_initial(&initial, &datagram);
        }
    }

    /// CONNECTION_REFUSED (RFC 9000 5.2.2) without making a connection for it.
    fn refuse_initial(&mut self, initial: &Initial, datagram: &Datagram<&mut [u8]>) {
        self.totals.refused += 1;
        let id = Generator::new(&self.factory.layout, &self.factory.tokens, None).generate_cid();
        let packet = id.and_then(|id| {
            connection_refused(
                initial.version,
                &initial.destination_id,
                &initial.source_id,
                &id,
            )
            .ok()
        });
        if let Some(packet) = packet {
            self.answer(datagram, packet);
        }
    }

    /// Lets in those that wait, as far as there is room.
    pub(super) fn admit_waiting(&mut self, now: Instant) {
        while self.has_room() {
            let Some(mut datagram) = self.waiting.pop() else {
                return;
            };
            self.reenter(&mut datagram, now, Self::admit);
        }
    }

    /// Refuses those that waited too long.
    pub(super) fn refuse_expired(&mut self, now: Instant) {
        while let Some(mut datagram) = self.waiting.pop_expired(now) {
            self.reenter(&mut datagram, now, |engine, initial, datagram, _| {
                engine.refuse_initial(&initial, &datagram);
            });
        }
    }

    /// Reads a kept Initial again. Its address was validated when it came, if that was asked for.
    fn reenter(
        &mut self,
        datagram: &mut Datagram,
        now: Instant,
        then: impl FnOnce(&mut Self, Initial, Datagram<&mut [u8]>, Instant),
    ) {
        let (source, destination, tos) =
            (datagram.source(), datagram.destination(), datagram.tos());
        let Ok((packet, _)) = PublicPacket::decode(&mut datagram[..], &*self.factory.layout) else {
            return;
        };
        let Some(version) = packet.version() else {
            return;
        };
        let original = match self.retry.judge(packet.token(), source, self.pending, now) {
            AddressValidationResult::ValidRetry(original) => Some(original),
            _ => None,
        };
        let initial = Initial {
            version,
            source_id: ConnectionId::from(packet.scid()),
            destination_id: ConnectionId::from(packet.dcid()),
            original_id: original,
        };
        let datagram = Datagram::from_slice(source, destination, tos, &mut datagram[..]);
        then(self, initial, datagram, now);
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
                close_when_sent: None,
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
        if entry.link.is_some() {
            return Err(Error::State("the connection waits for no credential"));
        }
        let choice = credential.map_or(Choice::Table, Choice::Given);
        let link = self
            .factory
            .link(&entry.initial, &entry.ids, choice, validation)?;
        entry.link = Some(link);
        for mut datagram in entry.saved.take().unwrap_or_default() {
            let (source, destination, tos) =
                (datagram.source(), datagram.destination(), datagram.tos());
            if let Some(link) = &mut entry.link {
                link.connection.process_input(
                    Datagram::from_slice(source, destination, tos, &mut datagram[..]),
                    now,
                );
            }
        }
        self.touch(handle);
        Ok(())
    }
}
