//! RESET_STREAM_AT: a stream that is reset, of which the first bytes arrive nevertheless.

use neqo_transport::{Connection, StreamId, StreamType};

use crate::peers::{parameters, Pair};

const HEADER: &[u8] = &[0x40, 0x54, 0x04];
const CODE: u64 = 0x52e4_a40f_a8db;

fn negotiated() -> Pair {
    let pair = Pair::connected_with(
        parameters().reset_stream_at(true),
        parameters().reset_stream_at(true),
    );
    assert!(pair.client.reset_stream_at_negotiated());
    assert!(pair.server.reset_stream_at_negotiated());
    pair
}

fn reset_at(connection: &mut Connection, stream: StreamId, reliable_size: usize) {
    let size = u64::try_from(reliable_size).expect("a size");
    connection
        .stream_reset_send_at(stream, CODE, size)
        .expect("a stream");
}

/// A stream with a header and as many further bytes.
fn open(pair: &mut Pair, further: usize) -> StreamId {
    let stream = pair.open(StreamType::UniDi, HEADER);
    if further > 0 {
        let taken = pair.client.stream_send(stream, &vec![1; further]);
        assert_eq!(taken, Ok(further));
    }
    stream
}

#[test]
fn what_was_never_sent_arrives_before_the_reset() {
    let mut pair = negotiated();
    let stream = open(&mut pair, 5_000);
    reset_at(&mut pair.client, stream, HEADER.len());
    pair.settle();
    assert!(pair.resets(stream).is_empty());
    let (bytes, end) = pair.read(stream);
    assert_eq!((&bytes[..], end), (HEADER, false));
    assert_eq!(pair.resets(stream), [CODE]);
    pair.settle();
    assert!(pair.server.stream_recv(stream, &mut [0]).is_err());
    assert_eq!(pair.client.stream_counts(), (0, 0));
    assert_eq!(pair.server.stream_counts(), (0, 0));
}

#[test]
fn what_was_read_already_is_not_waited_for() {
    let mut pair = negotiated();
    let stream = open(&mut pair, 5_000);
    pair.settle();
    assert_eq!(pair.read(stream).0.len(), HEADER.len() + 5_000);
    reset_at(&mut pair.client, stream, HEADER.len());
    pair.settle();
    assert_eq!(pair.resets(stream), [CODE]);
    assert_eq!(pair.client.stream_counts(), (0, 0));
    assert_eq!(pair.server.stream_counts(), (0, 0));
}

/// Every packet of the client is lost once, one at a time.
#[test]
fn the_first_bytes_arrive_through_losses() {
    for lost in 0..6 {
        for grouped in [false, true] {
            let mut pair = negotiated();
            let stream = open(&mut pair, 4_000);
            if grouped {
                pair.client
                    .stream_send_group(stream, 0, 0)
                    .expect("a stream");
            }
            let mut flight = pair.client_output();
            reset_at(&mut pair.client, stream, HEADER.len());
            flight.extend(pair.client_output());
            assert!(lost < flight.len() + 2);
            if lost < flight.len() {
                flight.remove(lost);
            } else {
                flight.clear();
            }
            pair.deliver_to_server(flight);
            pair.recover();
            let (bytes, end) = pair.read(stream);
            assert!(bytes.starts_with(HEADER), "{lost}");
            assert!(!end);
            assert_eq!(pair.resets(stream), [CODE]);
            pair.recover();
            assert_eq!(pair.client.stream_counts(), (0, 0));
            assert_eq!(pair.server.stream_counts(), (0, 0));
        }
    }
}

#[test]
fn the_frame_may_be_alone_at_first() {
    let mut pair = negotiated();
    let stream = open(&mut pair, 0);
    let header = pair.client_output();
    reset_at(&mut pair.client, stream, HEADER.len());
    let reset = pair.client_output();
    pair.deliver_to_server(reset);
    assert_eq!(pair.read(stream), (vec![], false));
    assert!(pair.resets(stream).is_empty());
    pair.deliver_to_server(header);
    assert_eq!(pair.read(stream), (HEADER.to_vec(), false));
    assert_eq!(pair.resets(stream), [CODE]);
}

#[test]
fn a_stream_that_was_ended_can_be_reset_at_its_end() {
    let mut pair = negotiated();
    let stream = open(&mut pair, 10);
    pair.client.stream_close_send(stream).expect("a stream");
    let with_end = pair.client_output();
    // More than there is: all of it.
    reset_at(&mut pair.client, stream, 1_000);
    let reset = pair.client_output();
    pair.deliver_to_server(reset);
    drop(with_end);
    pair.recover();
    let (bytes, end) = pair.read(stream);
    assert_eq!((bytes.len(), end), (HEADER.len() + 10, false));
    assert_eq!(pair.resets(stream), [CODE]);
    pair.recover();
    assert_eq!(pair.client.stream_counts(), (0, 0));
    assert_eq!(pair.server.stream_counts(), (0, 0));
}

#[test]
fn without_the_peers_parameter_it_is_an_ordinary_reset() {
    for (client, server) in [(true, false), (false, true), (false, false)] {
        let mut pair = Pair::connected_with(
            parameters().reset_stream_at(client),
            parameters().reset_stream_at(server),
        );
        assert!(!pair.client.reset_stream_at_negotiated());
        let stream = open(&mut pair, 10);
        reset_at(&mut pair.client, stream, HEADER.len());
        pair.settle();
        assert_eq!(pair.resets(stream), [CODE]);
        assert_eq!(pair.client.stream_counts(), (0, 0));
    }
}

#[test]
fn a_reader_that_stops_is_told_of_the_reset() {
    let mut pair = negotiated();
    let stream = open(&mut pair, 100);
    reset_at(&mut pair.client, stream, HEADER.len());
    pair.settle();
    pair.server
        .stream_stop_sending(stream, 5)
        .expect("a stream");
    pair.settle();
    assert_eq!(pair.resets(stream), [CODE]);
    assert_eq!(pair.server.stream_counts(), (0, 0));
}

#[test]
fn stop_sending_after_the_reset_changes_nothing() {
    let mut pair = negotiated();
    let stream = open(&mut pair, 100);
    let header = pair.client_output();
    pair.deliver_to_server(header);
    pair.server
        .stream_stop_sending(stream, 5)
        .expect("a stream");
    reset_at(&mut pair.client, stream, HEADER.len());
    pair.settle();
    assert_eq!(pair.resets(stream), [CODE]);
    assert_eq!(pair.client.stream_counts(), (0, 0));
    assert_eq!(pair.server.stream_counts(), (0, 0));
}

/// The bytes that a reset throws away count as read for the connection's flow control.
#[test]
fn flow_control_gets_back_what_is_not_delivered() {
    let server = parameters().reset_stream_at(true).max_data(20_000);
    let mut pair = Pair::connected_with(parameters().reset_stream_at(true), server);
    for _ in 0..10 {
        let stream = open(&mut pair, 15_000);
        pair.settle();
        reset_at(&mut pair.client, stream, HEADER.len());
        pair.settle();
        assert!(pair.read(stream).0.starts_with(HEADER));
        assert_eq!(pair.resets(stream), [CODE]);
        pair.settle();
    }
    assert_eq!(pair.client.stream_counts(), (0, 0));
}
