//! Clients that came when there was no place: they wait a little for one, then they are refused.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    time::{Duration, Instant},
};

use neqo_common::Datagram;

struct Waiter {
    source: SocketAddr,
    /// Destination connection id of the Initial: with the source it tells a client's retransmission from another client.
    id: Vec<u8>,
    datagram: Datagram,
    until: Instant,
}

/// First come, first served, one datagram for each client.
pub struct Waiting {
    waiters: VecDeque<Waiter>,
    max: usize,
    timeout: Duration,
}

/// What became of an Initial that was to wait.
#[derive(Debug, PartialEq, Eq)]
pub enum Waits {
    Yes,
    Full,
}

impl Waiting {
    pub const fn new(max: usize, timeout: Duration) -> Self {
        Self {
            waiters: VecDeque::new(),
            max,
            timeout,
        }
    }

    pub fn len(&self) -> usize {
        self.waiters.len()
    }

    /// Keeps an Initial. A retransmission replaces the one before and keeps its place; a ClientHello of two datagrams loses
    /// the first of them, which its client sends again.
    pub fn push(&mut self, id: &[u8], datagram: &Datagram<&mut [u8]>, now: Instant) -> Waits {
        let source = datagram.source();
        if let Some(waiter) = self
            .waiters
            .iter_mut()
            .find(|waiter| waiter.source == source && waiter.id == id)
        {
            waiter.datagram = datagram.to_owned();
            return Waits::Yes;
        }
        if self.waiters.len() >= self.max {
            return Waits::Full;
        }
        self.waiters.push_back(Waiter {
            source,
            id: id.to_vec(),
            datagram: datagram.to_owned(),
            until: now + self.timeout,
        });
        Waits::Yes
    }

    /// The one that waits longest.
    pub fn pop(&mut self) -> Option<Datagram> {
        self.waiters.pop_front().map(|waiter| waiter.datagram)
    }

    /// The next one whose time is over.
    pub fn pop_expired(&mut self, now: Instant) -> Option<Datagram> {
        if self.waiters.front()?.until > now {
            return None;
        }
        self.pop()
    }

    pub fn next_expiry(&self) -> Option<Instant> {
        self.waiters.front().map(|waiter| waiter.until)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use neqo_common::{Datagram, IpTos};

    use super::{Waiting, Waits};

    fn datagram(from: u16, bytes: &mut [u8]) -> Datagram<&mut [u8]> {
        Datagram::from_slice(
            ([127, 0, 0, 1], from).into(),
            ([127, 0, 0, 1], 443).into(),
            IpTos::default(),
            bytes,
        )
    }

    #[test]
    fn keeps_order_and_bound_and_replaces_retransmissions() {
        let now = Instant::now();
        let mut waiting = Waiting::new(2, Duration::from_millis(100));
        let mut push = |port, id: &[u8], byte| waiting.push(id, &datagram(port, &mut [byte]), now);
        assert_eq!(push(1, &[1], 1), Waits::Yes);
        assert_eq!(push(2, &[1], 2), Waits::Yes);
        assert_eq!(push(1, &[1], 3), Waits::Yes);
        assert_eq!(push(3, &[1], 4), Waits::Full);
        assert_eq!(waiting.len(), 2);
        assert!(waiting.pop_expired(now).is_none());
        assert_eq!(waiting.pop().unwrap().as_ref(), [3]);
        let expiry = waiting.next_expiry().unwrap();
        assert_eq!(waiting.pop_expired(expiry).unwrap().as_ref(), [2]);
        assert!(waiting.next_expiry().is_none());
    }
}
