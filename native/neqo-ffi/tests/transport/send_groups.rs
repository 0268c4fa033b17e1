//! Whose bytes go first: send groups and send orders.

use std::{
    collections::{BTreeMap, VecDeque},
    mem,
    time::Duration,
};

use neqo_common::Datagram;
use neqo_transport::{StreamId, StreamType};

use crate::peers::Pair;

/// More than some flights can carry.
const LARGE: usize = 900_000;

struct Senders {
    pair: Pair,
    /// Bytes that the server has read of each stream.
    read: BTreeMap<StreamId, usize>,
    /// Packets that the client has sent and the server has not got yet.
    under_way: VecDeque<Datagram>,
}

impl Senders {
    fn new() -> Self {
        Self {
            pair: Pair::connected(),
            read: BTreeMap::new(),
            under_way: VecDeque::new(),
        }
    }

    fn add(&mut self, length: usize, group: u64, order: i64) -> StreamId {
        let stream = self.pair.open(StreamType::UniDi, &vec![7; length]);
        self.order(stream, group, order);
        self.read.insert(stream, 0);
        stream
    }

    fn order(&mut self, stream: StreamId, group: u64, order: i64) {
        self.pair
            .client
            .stream_send_group(stream, group, order)
            .expect("a stream");
    }

    /// Lets packets go one by one until the server has read this much more in all.
    fn transfer(&mut self, bytes: usize) {
        let goal = self.total() + bytes;
        while self.total() < goal {
            if self.under_way.is_empty() {
                let answers = self.pair.server_output();
                self.pair.deliver_to_client(answers);
                self.under_way = self.pair.client_output().into();
                if self.under_way.is_empty() {
                    assert!(self.pair.wait(Duration::from_secs(2)));
                }
            }
            let packet = self.under_way.pop_front();
            self.pair.deliver_to_server(packet.into_iter().collect());
            self.drain();
        }
    }

    /// Delivers what is under way, so that all that comes later was sent later.
    fn deliver(&mut self) {
        let packets = mem::take(&mut self.under_way);
        self.pair.deliver_to_server(packets.into());
        self.drain();
    }

    fn drain(&mut self) {
        for (stream, read) in &mut self.read {
            if let Ok((_, end)) = self.pair.server.stream_recv(*stream, &mut []) {
                assert!(!end);
                *read += self.pair.read(*stream).0.len();
            }
        }
    }

    fn total(&self) -> usize {
        self.read.values().sum()
    }

    /// Bytes read since the last call.
    fn shares(&self, streams: &[StreamId], since: &BTreeMap<StreamId, usize>) -> Vec<usize> {
        streams
            .iter()
            .map(|stream| self.read[stream] - since[stream])
            .collect()
    }
}

fn assert_even(shares: &[usize]) {
    let mean = shares.iter().sum::<usize>() / shares.len();
    for share in shares {
        assert!(share.abs_diff(mean) * 5 <= mean, "{shares:?}");
    }
}

#[test]
fn a_higher_order_is_done_before_a_lower_one_begins() {
    let mut senders = Senders::new();
    let low = senders.add(100_000, 1, -3);
    let high = senders.add(200_000, 1, i64::MAX);
    let middle = senders.add(100_000, 1, 0);
    senders.transfer(150_000);
    assert_eq!(senders.read[&middle] + senders.read[&low], 0);
    senders.transfer(120_000);
    assert_eq!(senders.read[&high], 200_000);
    assert_eq!(senders.read[&low], 0);
    senders.transfer(400_000 - senders.total());
}

#[test]
fn an_order_can_change_in_mid_transfer() {
    let mut senders = Senders::new();
    let first = senders.add(LARGE, 0, 2);
    let second = senders.add(LARGE, 0, 1);
    senders.transfer(200_000);
    assert_eq!(senders.read[&second], 0);
    senders.deliver();
    let halted = senders.read[&first];
    senders.order(second, 0, 3);
    senders.transfer(200_000);
    assert_eq!(senders.read[&first], halted);
    senders.deliver();
    let halted = senders.read[&second];
    senders.order(second, 0, 1);
    senders.transfer(200_000);
    assert_eq!(senders.read[&second], halted);
}

#[test]
fn equal_orders_share_evenly() {
    let mut senders = Senders::new();
    let streams: Vec<_> = (0..10).map(|_| senders.add(LARGE, 5, 9)).collect();
    let start = senders.read.clone();
    senders.transfer(2_000_000);
    assert_even(&senders.shares(&streams, &start));
}

#[test]
fn groups_share_evenly_whatever_they_hold() {
    let mut senders = Senders::new();
    let alone = senders.add(LARGE, 0, 0);
    let many: Vec<_> = (0..8).map(|_| senders.add(LARGE, 1, 100)).collect();
    let strict = [senders.add(LARGE, 2, 7), senders.add(LARGE, 2, 3)];
    senders.transfer(1_500_000);
    let sum = |streams: &[StreamId]| streams.iter().map(|s| senders.read[s]).sum::<usize>();
    assert_even(&[sum(&[alone]), sum(&many), sum(&strict)]);
    assert_eq!(senders.read[&strict[1]], 0);
}

#[test]
fn one_that_comes_later_takes_an_even_share_and_no_more() {
    let mut senders = Senders::new();
    let first = senders.add(LARGE, 0, 0);
    senders.transfer(400_000);
    senders.deliver();
    let second = senders.add(LARGE, 0, 0);
    let start = senders.read.clone();
    senders.transfer(300_000);
    assert_even(&senders.shares(&[first, second], &start));
}

#[test]
fn lost_bytes_of_a_lower_order_do_not_go_before_a_higher_one() {
    let mut senders = Senders::new();
    let low = senders.add(8_000, 0, 1);
    let lost = senders.pair.client_output();
    assert!(lost.len() > 5);
    let high = senders.add(LARGE, 0, 2);
    senders.transfer(300_000);
    assert!(senders.pair.client.stats().lost > 5);
    assert_eq!(senders.read[&low], 0);
    senders.transfer(LARGE + 8_000 - senders.total());
    assert_eq!(senders.read[&high], LARGE);
}

#[test]
fn streams_without_a_group_go_first() {
    let mut senders = Senders::new();
    let grouped = senders.add(LARGE, 0, i64::MAX);
    let plain = senders.pair.open(StreamType::UniDi, &vec![1; 300_000]);
    senders.read.insert(plain, 0);
    senders.transfer(250_000);
    assert_eq!(senders.read[&grouped], 0);
}

#[test]
fn a_reset_does_not_wait_behind_data() {
    let mut senders = Senders::new();
    let low = senders.add(1_000, 0, 0);
    senders.transfer(1_000);
    let high = senders.add(LARGE, 0, 1);
    senders
        .pair
        .client
        .stream_reset_send(low, 77)
        .expect("a stream");
    senders.transfer(50_000);
    assert_eq!(senders.pair.resets(low), [77]);
    assert!(senders.read[&high] < LARGE);
}

#[test]
fn nothing_is_left_of_streams_that_are_done() {
    let mut senders = Senders::new();
    let kept = senders.pair.client.stream_counts();
    for round in 0..20_i64 {
        let streams: Vec<_> = (0..10)
            .map(|n| {
                let stream = senders.pair.open(StreamType::UniDi, b"something");
                senders.order(stream, n % 3, round);
                stream
            })
            .collect();
        for (index, stream) in streams.iter().enumerate() {
            if index % 2 == 0 {
                senders
                    .pair
                    .client
                    .stream_close_send(*stream)
                    .expect("a stream");
            } else {
                senders
                    .pair
                    .client
                    .stream_reset_send(*stream, 1)
                    .expect("a stream");
            }
        }
        senders.pair.settle();
        for stream in streams {
            if let Ok((_, end)) = senders.pair.server.stream_recv(stream, &mut [0; 100]) {
                assert!(end);
            }
            assert!(senders.pair.client.stream_send_group(stream, 0, 0).is_err());
        }
    }
    assert_eq!(senders.pair.client.stream_counts(), kept);
}
