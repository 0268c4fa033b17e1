//! What a connection can tell of itself: the exporter, counters of datagrams and bytes, what is left of streams.

use neqo_transport::{Connection, ConnectionEvent, ConnectionParameters, Error, StreamType};

use crate::peers::{parameters, Pair};

const LABEL: &str = "EXPORTER-WebTransport";

fn with_datagrams() -> ConnectionParameters {
    parameters()
        .datagram_size(1_500)
        .outgoing_datagram_queue(20)
        .incoming_datagram_queue(10)
}

fn export(connection: &Connection, context: &[u8], length: usize) -> Vec<u8> {
    connection
        .export_keying_material(LABEL, context, length)
        .expect("material")
}

#[test]
fn both_ends_export_the_same() {
    let pair = Pair::connected();
    let material = export(&pair.client, b"context", 32);
    assert_eq!(material.len(), 32);
    assert_eq!(material, export(&pair.server, b"context", 32));
    assert_ne!(material, export(&pair.server, b"other", 32));
    assert_ne!(material, export(&pair.server, b"", 32));
    assert_ne!(material, export(&Pair::connected().client, b"context", 32));
    assert_eq!(
        export(&pair.client, b"", 255 * 32),
        export(&pair.server, b"", 255 * 32)
    );
    for (label, length) in [("", 32), (LABEL, 0), (LABEL, 1 << 16)] {
        assert!(pair
            .client
            .export_keying_material(label, b"", length)
            .is_err());
    }
}

#[test]
fn nothing_is_exported_before_the_handshake_or_after_tls_is_released() {
    let mut pair = Pair::unconnected(parameters(), parameters());
    let early = pair.client.export_keying_material(LABEL, b"", 32);
    assert_eq!(early, Err(Error::NotAvailable));
    pair.settle();
    export(&pair.server, b"", 32);
    pair.server.release_tls();
    let late = pair.server.export_keying_material(LABEL, b"", 32);
    assert_eq!(late, Err(Error::NotAvailable));
    export(&pair.client, b"", 32);
}

fn datagrams_waiting(pair: &Pair) -> usize {
    20 - pair.client.datagram_queue_room()
}

fn received(pair: &Pair) -> usize {
    pair.server_events
        .iter()
        .filter(|event| matches!(event, ConnectionEvent::Datagram(_)))
        .count()
}

/// Each datagram is queued, then dropped or sent, then lost or acknowledged.
#[test]
fn datagram_counters_add_up() {
    let mut pair = Pair::connected_with(with_datagrams(), with_datagrams());
    for round in 0..60 {
        for size in [10, 700, 1_400] {
            pair.client
                .send_datagram(vec![1; size], None)
                .expect("small enough");
        }
        if round % 10 == 9 {
            let flight = pair.client_output();
            let kept = flight.into_iter().enumerate().filter(|(n, _)| n % 3 > 0);
            let kept = kept.map(|(_, datagram)| datagram).collect();
            pair.deliver_to_server(kept);
            pair.recover();
        }
        let stats = pair.client.stats();
        let queue = &stats.datagram_tx;
        let dropped = queue.dropped_queue_full + queue.dropped_too_big;
        assert_eq!(
            queue.queued,
            stats.frame_tx.datagram + dropped + datagrams_waiting(&pair)
        );
        assert!(queue.acked + queue.lost <= stats.frame_tx.datagram);
    }
    let stats = pair.client.stats();
    let queue = &stats.datagram_tx;
    assert_eq!(queue.queued, 180);
    assert_eq!(datagrams_waiting(&pair), 0);
    assert!(queue.lost > 0 && queue.dropped_queue_full > 0 && queue.dropped_too_big > 0);
    assert_eq!(queue.acked + queue.lost, stats.frame_tx.datagram);
    let arrived = pair.server.stats();
    assert_eq!(arrived.frame_rx.datagram, queue.acked);
    assert_eq!(
        received(&pair) + arrived.incoming_datagram_dropped,
        queue.acked
    );
}

/// A lost acknowledgement makes the packet be taken for lost, until a later one tells better.
#[test]
fn a_datagram_is_lost_or_acknowledged_but_not_both() {
    let mut pair = Pair::connected_with(with_datagrams(), with_datagrams());
    for _ in 0..15 {
        pair.client
            .send_datagram(vec![1; 1_100], None)
            .expect("small enough");
    }
    let flight = pair.client_output();
    pair.deliver_to_server(flight);
    drop(pair.server_output());
    pair.recover();
    let stats = pair.client.stats();
    assert_eq!(stats.datagram_tx.acked + stats.datagram_tx.lost, 15);
}

#[test]
fn the_oldest_incoming_datagrams_give_way_and_nothing_else_does() {
    let mut pair = Pair::connected_with(with_datagrams(), with_datagrams());
    let stream = pair.open(StreamType::UniDi, b"something");
    let flight = pair.client_output();
    let mut packets = flight;
    for number in 0..20 {
        pair.client
            .send_datagram(vec![number; 5], None)
            .expect("small enough");
    }
    packets.extend(pair.client_output());
    pair.deliver_to_server(packets);
    let numbers: Vec<_> = pair
        .server_events
        .iter()
        .filter_map(|event| match event {
            ConnectionEvent::Datagram(bytes) => Some(bytes[0]),
            _ => None,
        })
        .collect();
    assert_eq!(numbers, (10..20).collect::<Vec<_>>());
    assert_eq!(pair.server.stats().incoming_datagram_dropped, 10);
    let told =
        |wanted: &ConnectionEvent| pair.server_events.iter().filter(|e| *e == wanted).count();
    assert_eq!(told(&ConnectionEvent::NewStream { stream_id: stream }), 1);
    assert_eq!(told(&ConnectionEvent::IncomingDatagramDropped), 1);
}

#[test]
fn bytes_and_the_path_are_told() {
    let mut pair = Pair::connected();
    assert!(pair.client.path_facts().is_some());
    let stream = pair.open(StreamType::UniDi, &vec![1; 500_000]);
    let flight = pair.client_output();
    let busy = pair.client.path_facts().expect("a path");
    assert!(busy.congestion_limited);
    assert!(busy.bytes_in_flight > 0 && busy.bytes_in_flight <= busy.cwnd);
    pair.deliver_to_server(flight.into_iter().skip(2).collect());
    for _ in 0..50 {
        pair.recover();
        if let Ok((_, false)) = pair.server.stream_recv(stream, &mut []) {
            pair.read(stream);
        }
    }
    let (client, server) = (pair.client.stats(), pair.server.stats());
    assert!(client.bytes_lost >= 2_000);
    assert!(client.bytes_tx > 500_000);
    assert!(server.bytes_rx < client.bytes_tx);
    assert_eq!(client.bytes_rx, server.bytes_tx);
    assert!(client.bytes_acked + client.bytes_lost <= client.bytes_tx);
    let idle = pair.client.path_facts().expect("a path");
    assert_eq!(idle.bytes_in_flight, 0);
    assert!(!idle.congestion_limited);
    assert!(idle.min_rtt <= idle.rtt);
    assert!(idle.send_rate > Some(0));
}

/// Streams of every kind of end, one after the other.
#[test]
fn nothing_is_left_of_many_streams() {
    let with_reset_at = || parameters().reset_stream_at(true);
    let mut pair = Pair::connected_with(with_reset_at(), with_reset_at());
    for round in 0..4_000_u64 {
        let kind = [StreamType::UniDi, StreamType::BiDi][usize::from(round % 2 == 1)];
        let stream = pair.open(kind, b"some bytes");
        if round % 3 > 0 {
            pair.client
                .stream_send_group(stream, round % 4, 3)
                .expect("a stream");
        }
        let end = round / 2 % 5;
        match end {
            0 => pair.client.stream_close_send(stream),
            1 => pair.client.stream_reset_send(stream, 1),
            2 => pair.client.stream_reset_send_at(stream, 1, 4),
            // The answer to STOP_SENDING is a reset.
            _ => Ok(()),
        }
        .expect("a stream");
        pair.round();
        if end > 2 {
            let stopped = pair.server.stream_stop_sending(stream, 2);
            stopped.expect("a stream");
        } else if kind == StreamType::UniDi && end == 1 {
            // The reset was all that came of it, and it is done.
            let gone = pair.server.stream_recv(stream, &mut [0]);
            assert_eq!(gone, Err(Error::InvalidStreamId));
        } else {
            _ = pair.server.stream_recv(stream, &mut [0; 100]);
        }
        if kind == StreamType::BiDi {
            // The other way: ended, reset or stopped.
            match round / 20 % 3 {
                0 => pair.server.stream_close_send(stream),
                1 => pair.server.stream_reset_send(stream, 1),
                _ => pair.client.stream_stop_sending(stream, 1),
            }
            .expect("a stream");
            pair.settle();
            _ = pair.client.stream_recv(stream, &mut [0; 10]);
        }
        if round % 50 == 49 {
            pair.settle();
            assert_eq!(pair.client.stream_counts(), (0, 0), "{round}");
            assert_eq!(pair.server.stream_counts(), (0, 0), "{round}");
        }
    }
}
