//! What a peer sent before it reset a stream or closed the connection, when both arrive in one batch of datagrams.

use std::time::Duration;

use neqo_common::Datagram;
use neqo_transport::{ConnectionEvent, ConnectionParameters, State, StreamId, StreamType};

use crate::peers::{parameters, Pair};

/// A stream of session 4, unidirectional: two integers, of which the first has two bytes.
const HEADER: &[u8] = &[0x40, 0x54, 0x04];
const CODE: u64 = 0x52e4_a40f_a8db;

fn reset(pair: &mut Pair, stream: StreamId) -> Vec<Datagram> {
    pair.client
        .stream_reset_send(stream, CODE)
        .expect("a stream");
    pair.client_output()
}

/// The stream's bytes and its plain reset, each in a datagram of its own.
fn opened_and_reset(pair: &mut Pair, bytes: &[u8]) -> (StreamId, Vec<Datagram>) {
    let stream = pair.open(StreamType::UniDi, bytes);
    let mut flight = pair.client_output();
    flight.extend(reset(pair, stream));
    assert_eq!(flight.len(), 2);
    (stream, flight)
}

#[test]
fn the_head_of_a_stream_is_read_before_its_reset() {
    // The type alone is enough of a head, and more than the head may be read.
    for (sent, head) in [
        (HEADER, HEADER),
        (b"\x40\x54\x04payload", HEADER),
        (&HEADER[..2], &HEADER[..2]),
        (&HEADER[..1], &HEADER[..1]),
        (b"\x00\x04\x00", &[0x00, 0x04]),
    ] {
        let mut pair = Pair::connected();
        let (stream, flight) = opened_and_reset(&mut pair, sent);
        pair.deliver_to_server(flight);
        assert!(pair.resets(stream).is_empty());
        let (read, end) = pair.read(stream);
        assert!(read.starts_with(head));
        assert!(!end);
        assert_eq!(pair.resets(stream), [CODE]);
        pair.settle();
        assert!(pair.server.stream_recv(stream, &mut [0]).is_err());
        assert_eq!(pair.client.stream_counts(), (0, 0));
        assert_eq!(pair.server.stream_counts(), (0, 0));
    }
}

#[test]
fn a_reset_that_comes_twice_is_told_once() {
    let mut pair = Pair::connected();
    let (stream, flight) = opened_and_reset(&mut pair, HEADER);
    pair.deliver_to_server(flight);
    // The acknowledgements are lost, so that both frames are sent again.
    pair.server_output();
    pair.recover();
    assert!(pair.resets(stream).is_empty());
    assert_eq!(pair.read(stream), (HEADER.to_vec(), false));
    assert_eq!(pair.resets(stream), [CODE]);
    pair.recover();
    assert_eq!(pair.resets(stream), [CODE]);
}

#[test]
fn a_reset_takes_what_is_no_head() {
    // Bytes were read before: what the stream is, is known.
    let mut pair = Pair::connected();
    let stream = pair.open(StreamType::UniDi, HEADER);
    pair.settle();
    assert_eq!(pair.read(stream), (HEADER.to_vec(), false));
    let taken = pair.client.stream_send(stream, b"payload");
    assert_eq!(taken, Ok(7));
    let mut flight = pair.client_output();
    flight.extend(reset(&mut pair, stream));
    pair.deliver_to_server(flight);
    assert_eq!(pair.resets(stream), [CODE]);

    // The stream is the receiver's own: an answer.
    let stream = pair
        .server
        .stream_create(StreamType::BiDi)
        .expect("a stream");
    assert_eq!(pair.server.stream_send(stream, HEADER), Ok(3));
    pair.settle();
    assert_eq!(pair.client.stream_send(stream, HEADER), Ok(3));
    let mut flight = pair.client_output();
    flight.extend(reset(&mut pair, stream));
    pair.deliver_to_server(flight);
    assert_eq!(pair.resets(stream), [CODE]);

    // Nothing of the stream has come but its reset.
    let (stream, flight) = opened_and_reset(&mut pair, HEADER);
    pair.deliver_to_server(flight.into_iter().skip(1).collect());
    assert_eq!(pair.resets(stream), [CODE]);
}

/// The bytes of resets that nobody will read count as read for the connection's flow control.
#[test]
fn flow_control_gets_back_what_a_reset_takes() {
    let mut pair = Pair::connected_with(parameters(), parameters().max_data(5_000));
    for _ in 0..20 {
        let bytes = [HEADER, &[1; 900]].concat();
        let (stream, flight) = opened_and_reset(&mut pair, &bytes);
        pair.deliver_to_server(flight);
        let mut head = [0; HEADER.len()];
        assert_eq!(pair.server.stream_recv(stream, &mut head), Ok((3, false)));
        assert_eq!(head, HEADER);
        pair.settle();
        assert_eq!(pair.resets(stream), [CODE]);
    }
    assert_eq!(pair.client.stream_counts(), (0, 0));
}

fn with_datagrams() -> ConnectionParameters {
    parameters().datagram_size(1200)
}

#[test]
fn what_came_with_the_close_can_be_read() {
    let mut pair = Pair::connected_with(with_datagrams(), with_datagrams());
    let ended = pair.open(StreamType::BiDi, b"all of it");
    pair.client.stream_close_send(ended).expect("a stream");
    let open = pair.open(StreamType::UniDi, b"a part");
    pair.client
        .send_datagram(vec![1, 2, 3], None)
        .expect("datagrams");
    let mut flight = pair.client_output();
    flight.extend(pair.close_client(CODE));
    assert!(flight.len() > 1);
    pair.deliver_to_server(flight);
    assert!(matches!(pair.server.state(), State::Draining { .. }));
    assert_eq!(pair.read(ended), (b"all of it".to_vec(), true));
    assert_eq!(pair.read(open), (b"a part".to_vec(), false));
    assert!(pair.server.stream_send(ended, b"answer").is_err());

    let told = &pair.server_events;
    let at = |wanted: fn(&ConnectionEvent) -> bool| told.iter().position(wanted);
    let streams = told
        .iter()
        .filter(|event| matches!(event, ConnectionEvent::NewStream { .. }));
    assert_eq!(streams.count(), 2);
    let datagram = at(|event| matches!(event, ConnectionEvent::Datagram(_)));
    let closed = at(|event| matches!(event, ConnectionEvent::StateChange(State::Draining { .. })));
    assert!(datagram.is_some());
    assert_eq!(closed, Some(told.len() - 1));

    // Nobody has to read: it is gone with the connection.
    while pair.wait(Duration::from_secs(60)) {}
    assert!(matches!(pair.server.state(), State::Closed(_)));
    assert!(pair.server.stream_recv(open, &mut [0]).is_err());
}

#[test]
fn a_reset_that_came_with_the_close_is_told() {
    let mut pair = Pair::connected();
    let (stream, mut flight) = opened_and_reset(&mut pair, HEADER);
    flight.extend(pair.close_client(CODE));
    pair.deliver_to_server(flight);
    assert_eq!(pair.read(stream), (HEADER.to_vec(), false));
    assert_eq!(pair.resets(stream), [CODE]);
}

#[test]
fn who_closes_reads_no_more() {
    let mut pair = Pair::connected();
    let stream = pair.open(StreamType::UniDi, b"too late");
    let flight = pair.client_output();
    pair.deliver_to_server(flight);
    pair.close_server(CODE);
    assert!(pair.server.stream_recv(stream, &mut [0]).is_err());
}
