//! Datagrams and streams that both want all there is: neither starves the other.

use std::time::Duration;

use neqo_transport::{Connection, StreamType};

use crate::peers::{parameters, Pair};

/// Bytes that went through, of streams and of datagrams, with both at full speed for a while.
fn shares(grouped: bool, datagram: impl Fn(&Connection) -> usize, answers: bool) -> (usize, usize) {
    // More than one flight can carry.
    let with_datagrams = || {
        parameters()
            .datagram_size(1_500)
            .outgoing_datagram_queue(20_000)
    };
    let mut pair = Pair::connected_with(with_datagrams(), with_datagrams());
    let stream = pair.open(StreamType::BiDi, b"first");
    if grouped {
        pair.client
            .stream_send_group(stream, 0, 0)
            .expect("a stream");
    }
    pair.settle();
    let (mut of_streams, mut of_datagrams) = (0, 0);
    let mut size = 0;
    while of_streams + of_datagrams < 3_000_000 {
        _ = pair
            .client
            .stream_send(stream, &[1; 200_000])
            .expect("a stream");
        if answers {
            _ = pair
                .server
                .stream_send(stream, &[1; 200_000])
                .expect("a stream");
        }
        while pair.client.datagram_queue_room() > 0 {
            size = datagram(&pair.client);
            pair.client
                .send_datagram(vec![2; size], None)
                .expect("small enough");
        }
        let sent = pair.client.stats().frame_tx.datagram;
        if !pair.round() {
            assert!(pair.wait(Duration::from_secs(2)));
        }
        of_datagrams += (pair.client.stats().frame_tx.datagram - sent) * size;
        of_streams += pair.read(stream).0.len();
        while pair
            .client
            .stream_recv(stream, &mut [0; 20_000])
            .expect("a stream")
            .0
            > 0
        {}
    }
    assert_eq!(pair.client.stats().datagram_tx.dropped_too_big, 0);
    (of_streams, of_datagrams)
}

fn assert_neither_starves((of_streams, of_datagrams): (usize, usize)) {
    assert!(of_streams * 2 > of_datagrams, "{of_streams} {of_datagrams}");
    assert!(of_datagrams * 2 > of_streams, "{of_streams} {of_datagrams}");
}

fn largest(connection: &Connection) -> usize {
    let size = connection.max_datagram_size().expect("datagrams");
    usize::try_from(size).expect("a size")
}

#[test]
fn small_datagrams_share_with_a_stream() {
    assert_neither_starves(shares(true, |_| 100, false));
    assert_neither_starves(shares(false, |_| 100, false));
}

#[test]
fn datagrams_of_middle_size_share_with_a_stream() {
    assert_neither_starves(shares(true, |_| 700, false));
    assert_neither_starves(shares(false, |_| 1_000, true));
}

#[test]
fn datagrams_that_need_a_packet_share_with_a_stream() {
    assert_neither_starves(shares(true, largest, false));
    assert_neither_starves(shares(true, largest, true));
    assert_neither_starves(shares(false, largest, true));
}

#[test]
fn datagrams_have_all_when_streams_are_silent() {
    let with_datagrams = || {
        parameters()
            .datagram_size(1_500)
            .outgoing_datagram_queue(100)
    };
    let mut pair = Pair::connected_with(with_datagrams(), with_datagrams());
    for _ in 0..100 {
        pair.client
            .send_datagram(vec![2; 1_000], None)
            .expect("small enough");
    }
    pair.settle();
    assert_eq!(pair.server.stats().frame_rx.datagram, 100);
    assert_eq!(pair.client.stats().datagram_tx.acked, 100);
}
