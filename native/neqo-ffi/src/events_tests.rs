//! Tests of the record layout, of carrying over and of growing the buffer.

use std::{collections::VecDeque, time::Duration};

use neqo_http3::{Header, Http3ClientEvent, Http3State, StreamId, WebTransportEvent};
use neqo_transport::{CloseReason, Error as TransportError};

use super::{EventQueue, Written};
use crate::constants::{
    NEQO_CLOSE_PEER_TRANSPORT, NEQO_EVENT_DATAGRAM, NEQO_EVENT_DATA_READABLE,
    NEQO_EVENT_GOAWAY_RECEIVED, NEQO_EVENT_HEADER_READY, NEQO_EVENT_PING_ACKNOWLEDGED,
    NEQO_EVENT_RESET, NEQO_EVENT_STATE_CHANGE, NEQO_STATE_CLOSING,
};

/// A record read back.
#[derive(Debug, PartialEq)]
struct Read {
    kind: u32,
    stream_id: f64,
    a: f64,
    flags: u32,
    count: usize,
    payload: Vec<u8>,
}

impl Read {
    fn headers(&self) -> Vec<(Vec<u8>, Vec<u8>)> {
        let mut at = 8 * self.count;
        (0..self.count)
            .map(|i| {
                let mut take = |offset: usize| {
                    let length = u32_at(&self.payload, offset) as usize;
                    at += length;
                    self.payload[at - length..at].to_vec()
                };
                (take(8 * i), take(8 * i + 4))
            })
            .collect()
    }
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

fn f64_at(bytes: &[u8], at: usize) -> f64 {
    f64::from_le_bytes(bytes[at..at + 8].try_into().unwrap())
}

fn read(mut bytes: &[u8]) -> Vec<Read> {
    let mut records = Vec::new();
    while !bytes.is_empty() {
        let length = u32_at(bytes, 4) as usize;
        assert_eq!(length % 8, 0);
        records.push(Read {
            kind: u32_at(bytes, 0),
            stream_id: f64_at(bytes, 8),
            a: f64_at(bytes, 16),
            flags: u32_at(bytes, 24),
            count: u32_at(bytes, 28) as usize,
            payload: bytes[32..length].to_vec(),
        });
        bytes = &bytes[length..];
    }
    records
}

fn write(
    queue: &mut EventQueue,
    events: &mut VecDeque<Http3ClientEvent>,
    capacity: usize,
) -> (Written, Vec<Read>) {
    let mut buffer = vec![0xff; capacity];
    let written = queue.write(&mut buffer, None, || events.pop_front());
    let records = read(&buffer[..written.bytes]);
    (written, records)
}

fn header_ready(stream_id: u64, value: &str) -> Http3ClientEvent {
    Http3ClientEvent::HeaderReady {
        stream_id: StreamId::from(stream_id),
        headers: vec![
            Header::new(":status", "103"),
            Header::new("x-latin", "caf\u{e9}\u{ff}"),
            Header::new("x", value),
        ],
        interim: true,
        fin: false,
    }
}

#[test]
fn records_are_read_back() {
    let mut events = VecDeque::from([
        header_ready(4, ""),
        Http3ClientEvent::Reset {
            stream_id: StreamId::from(8),
            error: 0x10c,
            local: true,
        },
        Http3ClientEvent::StateChange(Http3State::Closing(CloseReason::Transport(
            TransportError::PeerError(10),
        ))),
        Http3ClientEvent::WebTransport(WebTransportEvent::Datagram {
            session_id: StreamId::from(12),
            datagram: vec![9, 8, 7],
        }),
    ]);
    let (written, records) = write(&mut EventQueue::default(), &mut events, 4096);
    assert!(!written.more);
    assert_eq!(written.needed, 0);
    assert_eq!(records.len(), 4);

    let headers = &records[0];
    assert_eq!(
        (headers.kind, headers.stream_id, headers.flags),
        (NEQO_EVENT_HEADER_READY, 4.0, 1)
    );
    assert_eq!(
        headers.headers(),
        [
            (b":status".to_vec(), b"103".to_vec()),
            (b"x-latin".to_vec(), b"caf\xe9\xff".to_vec()),
            (b"x".to_vec(), Vec::new()),
        ]
    );

    let reset = &records[1];
    assert_eq!(
        (reset.kind, reset.stream_id, reset.a, reset.flags),
        (NEQO_EVENT_RESET, 8.0, 268.0, 1)
    );

    let state = &records[2];
    assert_eq!(state.kind, NEQO_EVENT_STATE_CHANGE);
    assert_eq!(
        state.flags,
        NEQO_STATE_CLOSING | NEQO_CLOSE_PEER_TRANSPORT << 8
    );
    assert_eq!(state.a, 10.0);
    assert_eq!(&state.payload[..state.count], b"PeerError(10)");

    let datagram = &records[3];
    assert_eq!(
        (datagram.kind, datagram.stream_id),
        (NEQO_EVENT_DATAGRAM, 12.0)
    );
    assert_eq!(&datagram.payload[..datagram.count], [9, 8, 7]);
    assert!(datagram.payload[datagram.count..].iter().all(|&b| b == 0));
}

#[test]
fn goaway_carries_its_id() {
    let mut events = VecDeque::from([Http3ClientEvent::GoawayReceived]);
    let mut buffer = [0; 32];
    let written = EventQueue::default().write(&mut buffer, Some(StreamId::from(400)), || {
        events.pop_front()
    });
    let records = read(&buffer[..written.bytes]);
    assert_eq!(records[0].kind, NEQO_EVENT_GOAWAY_RECEIVED);
    assert_eq!(records[0].stream_id, 400.0);
}

#[test]
fn a_ping_has_its_milliseconds() {
    let mut events = VecDeque::from([Http3ClientEvent::PingAcknowledged(Duration::from_micros(
        1500,
    ))]);
    let (_, records) = write(&mut EventQueue::default(), &mut events, 4096);
    assert_eq!(records[0].kind, NEQO_EVENT_PING_ACKNOWLEDGED);
    assert_eq!(records[0].a, 1.5);
}

#[test]
fn what_does_not_fit_is_carried_over_in_order() {
    let readable = |id: u64| Http3ClientEvent::DataReadable {
        stream_id: StreamId::from(id),
    };
    let mut events: VecDeque<_> = (0..5).map(|i| readable(4 * i)).collect();
    let mut queue = EventQueue::default();
    let mut ids = Vec::new();
    for round in 0..3 {
        // 72 bytes hold two records of 32 and part of a third.
        let (written, records) = write(&mut queue, &mut events, 72);
        assert_eq!(written.more, round < 2);
        assert_eq!(written.needed, 0);
        for record in records {
            assert_eq!(record.kind, NEQO_EVENT_DATA_READABLE);
            ids.push(record.stream_id);
        }
    }
    assert_eq!(ids, [0.0, 4.0, 8.0, 12.0, 16.0]);
    let (written, records) = write(&mut queue, &mut events, 72);
    assert_eq!(written, Written::default());
    assert!(records.is_empty());
}

#[test]
fn an_event_larger_than_the_buffer_asks_for_room() {
    let mut events = VecDeque::from([
        Http3ClientEvent::RequestsCreatable,
        header_ready(0, &"v".repeat(1000)),
        Http3ClientEvent::RequestsCreatable,
    ]);
    let mut queue = EventQueue::default();
    let (first, records) = write(&mut queue, &mut events, 256);
    assert_eq!(records.len(), 1);
    assert!(first.more);
    assert!(first.needed > 1000);
    // It stays queued, and nothing overtakes it.
    let (second, records) = write(&mut queue, &mut events, 256);
    assert!(records.is_empty());
    assert_eq!((second.bytes, second.needed), (0, first.needed));
    let (third, records) = write(&mut queue, &mut events, first.needed);
    assert_eq!(third.bytes, first.needed);
    assert_eq!(records[0].headers()[2].1.len(), 1000);
    assert!(third.more);
    let (last, records) = write(&mut queue, &mut events, 256);
    assert_eq!(records.len(), 1);
    assert!(!last.more);
}
