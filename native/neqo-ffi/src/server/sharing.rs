//! Which datagrams go to other processes that share the port, and what becomes of those that nobody takes.

use std::time::Instant;

use neqo_common::Datagram;

use super::{
    accept::borrowed,
    engine::Engine,
    forward::{Fate, Forwarding},
};

/// How a datagram came here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    Network,
    /// Another process handed it on. It goes no further.
    Process,
    /// It was to be handed on, but that process is gone.
    Returned,
}

impl Engine {
    /// The process that `id` names, if it is another one on this machine. What a load balancer routes by, in front of the
    /// process's id, has to be ours: other machines' connections are none of our business.
    fn process_of<'a>(&self, forwarding: &Forwarding, id: &'a [u8]) -> Option<&'a [u8]> {
        let layout = &self.factory.layout;
        let (own, named) = (layout.own_server_id(), layout.server_id(id)?);
        let machine = own.len().checked_sub(forwarding.own_id().len())?;
        (named[..machine] == own[..machine] && named != own).then(|| &named[machine..])
    }

    /// Keeps a datagram for the process that `id` names. False if it is to be dealt with here.
    pub(super) fn hand_on(
        &mut self,
        id: &[u8],
        datagram: &Datagram<&mut [u8]>,
        now: Instant,
    ) -> bool {
        let Some(mut forwarding) = self.forwarding.take() else {
            return false;
        };
        let fate = self
            .process_of(&forwarding, id)
            .map(|process| forwarding.push(process, datagram));
        self.forwarding = Some(forwarding);
        let handed_on = fate.is_some();
        self.settle(fate.flatten(), now);
        handed_on
    }

    /// While this process ends, new connections go to the others. False if there is none.
    pub(super) fn hand_to_sibling(
        &mut self,
        id: &[u8],
        datagram: &Datagram<&mut [u8]>,
        now: Instant,
    ) -> bool {
        // A client that was given this id by a Retry has to come to us; its token is of no use elsewhere.
        if self.factory.layout.server_id(id) == Some(self.factory.layout.own_server_id()) {
            return false;
        }
        let Some(forwarding) = &mut self.forwarding else {
            return false;
        };
        let Some(sibling) = forwarding.sibling(id, now) else {
            return false;
        };
        let fate = forwarding.push(&sibling, datagram);
        self.settle(fate, now);
        true
    }

    /// Sends what was kept for other processes.
    pub fn flush_forwarding(&mut self, now: Instant) {
        while let Some(fate) = self.forwarding.as_mut().and_then(Forwarding::flush_next) {
            self.settle(Some(fate), now);
        }
    }

    fn settle(&mut self, fate: Option<Fate>, now: Instant) {
        match fate {
            Some(Fate::Sent(datagrams)) => self.totals.datagrams_forwarded += datagrams as u64,
            Some(Fate::Lost(datagrams)) => self.totals.datagrams_discarded += datagrams as u64,
            Some(Fate::Gone(datagrams)) => {
                for mut datagram in datagrams {
                    self.route(borrowed(&mut datagram), Origin::Returned, now);
                }
            }
            None => {}
        }
    }
}
