//! Clients that came when there was no place: they wait a little for one, then they are refused.

use std::{
    collections::{HashMap, VecDeque},
    net::SocketAddr,
    time::{Duration, Instant},
};

use neqo_common::Datagram;

use super::entry::Initial;

struct Waiter {
    /// What the Initial said; its address was validated when it came, if that was asked for.
    initial: Initial,
    datagram: Datagram,
    until: Instant,
}

impl Waiter {
    /// Tells a client's retransmission from another client.
    fn key(source: SocketAddr, initial: &Initial) -> (SocketAddr, Vec<u8>) {
        (source, initial.destination_id.to_vec())
    }
}

/// First come, first served, one datagram for each client.
pub struct Waiting {
    waiters: VecDeque<Waiter>,
    /// Number of each waiter, counted from the first that ever came.
    numbers: HashMap<(SocketAddr, Vec<u8>), u64>,
    /// The number of the one that waits longest.
    first: u64,
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
    pub fn new(max: usize, timeout: Duration) -> Self {
        Self {
            waiters: VecDeque::new(),
            numbers: HashMap::new(),
            first: 0,
            max,
            timeout,
        }
    }

    pub fn len(&self) -> usize {
        self.waiters.len()
    }

    /// Keeps an Initial. A retransmission replaces the one before and keeps its place; a ClientHello of two datagrams loses
    /// the first of them, which its client sends again.
    pub fn push(
        &mut self,
        initial: &Initial,
        datagram: &Datagram<&mut [u8]>,
        now: Instant,
    ) -> Waits {
        let key = Waiter::key(datagram.source(), initial);
        if let Some(number) = self.numbers.get(&key) {
            if let Some(waiter) = self.waiters.get_mut((number - self.first) as usize) {
                waiter.datagram = datagram.to_owned();
            }
            return Waits::Yes;
        }
        if self.waiters.len() >= self.max {
            return Waits::Full;
        }
        let number = self.first + self.waiters.len() as u64;
        self.numbers.insert(key, number);
        self.waiters.push_back(Waiter {
            initial: initial.clone(),
            datagram: datagram.to_owned(),
            until: now + self.timeout,
        });
        Waits::Yes
    }

    /// The one that waits longest.
    pub fn pop(&mut self) -> Option<(Initial, Datagram)> {
        let waiter = self.waiters.pop_front()?;
        self.first += 1;
        self.numbers
            .remove(&Waiter::key(waiter.datagram.source(), &waiter.initial));
        Some((waiter.initial, waiter.datagram))
    }

    /// The next one whose time is over.
    pub fn pop_expired(&mut self, now: Instant) -> Option<(Initial, Datagram)> {
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
    use neqo_transport::{ConnectionId, Version};

    use super::{Initial, Waiting, Waits};

    fn datagram(from: u16, bytes: &mut [u8]) -> Datagram<&mut [u8]> {
        Datagram::from_slice(
            ([127, 0, 0, 1], from).into(),
            ([127, 0, 0, 1], 443).into(),
            IpTos::default(),
            bytes,
        )
    }

    fn initial(id: u8) -> Initial {
        Initial {
            version: Version::Version1,
            source_id: ConnectionId::from(&[9; 8][..]),
            destination_id: ConnectionId::from(&[id; 8][..]),
            original_id: None,
        }
    }

    #[test]
    fn keeps_order_and_bound_and_replaces_retransmissions() {
        let now = Instant::now();
        let mut waiting = Waiting::new(2, Duration::from_millis(100));
        let push = |waiting: &mut Waiting, port, id, byte| {
            waiting.push(&initial(id), &datagram(port, &mut [byte]), now)
        };
        assert_eq!(push(&mut waiting, 1, 1, 1), Waits::Yes);
        assert_eq!(push(&mut waiting, 2, 1, 2), Waits::Yes);
        assert_eq!(push(&mut waiting, 1, 1, 3), Waits::Yes);
        assert_eq!(push(&mut waiting, 3, 1, 4), Waits::Full);
        assert_eq!(push(&mut waiting, 2, 2, 4), Waits::Full);
        assert_eq!(waiting.len(), 2);
        assert!(waiting.pop_expired(now).is_none());
        assert_eq!(waiting.pop().unwrap().1.as_ref(), [3]);
        assert_eq!(push(&mut waiting, 3, 3, 5), Waits::Yes);
        assert_eq!(push(&mut waiting, 2, 1, 6), Waits::Yes);
        assert_eq!(push(&mut waiting, 3, 3, 7), Waits::Yes);
        let expiry = waiting.next_expiry().unwrap();
        let (initial, datagram) = waiting.pop_expired(expiry).unwrap();
        assert_eq!(datagram.as_ref(), [6]);
        assert_eq!(initial.destination_id[..], [1; 8]);
        assert_eq!(waiting.pop().unwrap().1.as_ref(), [7]);
        assert!(waiting.next_expiry().is_none());
        assert!(waiting.numbers.is_empty());
    }
}
