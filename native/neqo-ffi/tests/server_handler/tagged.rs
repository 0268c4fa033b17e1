//! Streams, datagrams and settings of WebTransport at a server: what a client may send, and what it should not.

use neqo_http3::{Http3Parameters, Http3ServerConnEvent, StreamId};
use neqo_transport::{CloseReason, ConnectionParameters, State, StreamType};

use crate::server_peers::{frame, request, Peers};

const H3_STREAM_CREATION_ERROR: u64 = 0x103;
const H3_FRAME_ERROR: u64 = 0x106;
const H3_SETTINGS_ERROR: u64 = 0x109;
const H3_REQUEST_REJECTED: u64 = 0x10b;
const H3_REQUEST_INCOMPLETE: u64 = 0x10d;
const H3_DATAGRAM_ERROR: u64 = 0x33;
const CODE: u64 = 0x52e4_a40f_a8e2;

/// Session 72: 0x40 0x48.
const UNI: [u8; 4] = [0x40, 0x54, 0x40, 0x48];
const BIDI: [u8; 4] = [0x40, 0x41, 0x40, 0x48];
const KINDS: [(StreamType, [u8; 4]); 2] = [(StreamType::UniDi, UNI), (StreamType::BiDi, BIDI)];

fn parameters() -> Http3Parameters {
    Http3Parameters::default()
        .connection_parameters(ConnectionParameters::default().datagram_size(1200))
        .tagged_streams(true)
}

fn connected() -> Peers {
    Peers::connected(parameters())
}

fn name(event: &Http3ServerConnEvent) -> String {
    match event {
        Http3ServerConnEvent::Headers { .. } => "headers".to_string(),
        Http3ServerConnEvent::DataReadable { .. } => "readable".to_string(),
        Http3ServerConnEvent::DataWritable { .. } => "writable".to_string(),
        Http3ServerConnEvent::StreamReset { error, .. } => format!("reset {error:#x}"),
        Http3ServerConnEvent::StreamStopSending { error, .. } => format!("stop {error:#x}"),
        Http3ServerConnEvent::ExtendedConnectNewStream(info) => {
            format!("stream of {}", info.session_id().expect("a session"))
        }
        Http3ServerConnEvent::ExtendedConnectDatagram {
            session_id,
            datagram,
        } => format!("datagram of {session_id}: {datagram:?}"),
        other => format!("{other:?}"),
    }
}

/// What the handler told but changes of state and room for more.
fn names(peers: &Peers) -> Vec<String> {
    peers
        .events
        .iter()
        .filter(|event| {
            !matches!(
                event,
                Http3ServerConnEvent::StateChange(_) | Http3ServerConnEvent::StreamsCreatable(_)
            )
        })
        .map(name)
        .collect()
}

fn close_code(state: &State) -> u64 {
    match state {
        State::Closing { error, .. } | State::Draining { error, .. } | State::Closed(error) => {
            match error {
                CloseReason::Application(code) => *code,
                CloseReason::Transport(error) => panic!("a transport error: {error:?}"),
            }
        }
        other => panic!("not closed: {other:?}"),
    }
}

fn read(peers: &mut Peers, stream: StreamId) -> (Vec<u8>, bool) {
    let mut buffer = [0; 100];
    let now = peers.now();
    let (length, end) = peers
        .handler
        .read_data(&mut peers.server, now, stream, &mut buffer)
        .expect("a stream");
    (buffer[..length].to_vec(), end)
}

#[test]
fn a_header_may_come_octet_by_octet() {
    for (kind, header) in KINDS {
        let mut peers = connected();
        let stream = peers.open(kind, &[]);
        for octet in header {
            assert_eq!(names(&peers), [""; 0]);
            peers.send(stream, &[octet]);
            peers.exchange();
        }
        assert_eq!(names(&peers), ["stream of 72", "readable"]);
        assert_eq!(read(&mut peers, stream), (vec![], false));
        peers.send(stream, b"body");
        peers.end(stream);
        peers.exchange();
        assert_eq!(read(&mut peers, stream), (b"body".to_vec(), true));
    }
}

#[test]
fn a_stream_may_end_with_its_header() {
    for (kind, header) in KINDS {
        for at_once in [true, false] {
            let mut peers = connected();
            let stream = peers.open(kind, &header);
            if !at_once {
                peers.exchange();
            }
            peers.end(stream);
            peers.exchange();
            assert_eq!(names(&peers)[..2], ["stream of 72", "readable"]);
            assert_eq!(read(&mut peers, stream), (vec![], true));
        }
    }
}

#[test]
fn a_stream_that_ends_inside_of_its_header_is_dropped() {
    for (kind, header) in KINDS {
        for length in 1..header.len() {
            for reset in [false, true] {
                let mut peers = connected();
                let stream = peers.open(kind, &header[..length]);
                if reset {
                    peers.exchange();
                    peers
                        .client
                        .stream_reset_send(stream, CODE)
                        .expect("a stream");
                } else {
                    peers.end(stream);
                }
                peers.exchange();
                let told = names(&peers);
                // A request that is incomplete is told as ever (RFC 9114 4.1).
                assert!(
                    told.is_empty() || length == 1 && kind == StreamType::BiDi,
                    "{told:?}"
                );
                assert!(peers.server.state().connected());
                if kind == StreamType::BiDi {
                    assert_eq!(peers.reset_code(stream), Some(H3_REQUEST_INCOMPLETE));
                }
            }
        }
    }
}

#[test]
fn stop_sending_may_come_before_the_header() {
    for first in [&[][..], &BIDI[..1], &BIDI[..3]] {
        let mut peers = connected();
        let stream = peers.open(StreamType::BiDi, first);
        peers.exchange();
        peers
            .client
            .stream_stop_sending(stream, CODE)
            .expect("a stream");
        peers.exchange();
        peers.send(stream, &BIDI[first.len()..]);
        peers.exchange();
        assert_eq!(
            names(&peers),
            [
                "stream of 72".to_string(),
                "readable".to_string(),
                format!("stop {CODE:#x}")
            ]
        );
        assert!(peers.server.state().connected());
    }
}

#[test]
fn goaway_rejects_requests_and_no_streams() {
    let mut peers = connected();
    peers.handler.goaway(true).expect("a connection");
    peers.exchange();
    let session_stream = peers.open(StreamType::BiDi, &BIDI);
    let stopped = peers.open(StreamType::BiDi, &request(&[]));
    peers
        .client
        .stream_stop_sending(stopped, CODE)
        .expect("a stream");
    let refused = peers.request(&request(&[]));
    peers.exchange();
    assert_eq!(names(&peers), ["stream of 72", "readable"]);
    assert_eq!(peers.reset_code(refused), Some(H3_REQUEST_REJECTED));
    assert_eq!(peers.reset_code(session_stream), None);
    assert!(peers.server.state().connected());
}

#[test]
fn the_type_of_a_header_is_none_of_a_frame() {
    let mut misplaced = request(&[]);
    misplaced.extend(frame(0x41, b"x"));
    for (tagged, code) in [(true, Some(H3_FRAME_ERROR)), (false, None)] {
        let mut peers = Peers::connected(Http3Parameters::default().tagged_streams(tagged));
        peers.open(StreamType::BiDi, &misplaced);
        peers.exchange();
        let closed = !peers.server.state().connected();
        assert_eq!(closed.then(|| close_code(peers.server.state())), code);

        let mut peers = Peers::connected(Http3Parameters::default().tagged_streams(tagged));
        let control = peers.control;
        peers.send(control, &frame(0x41, b"x"));
        peers.exchange();
        let closed = !peers.server.state().connected();
        assert_eq!(closed.then(|| close_code(peers.server.state())), code);
    }
}

#[test]
fn without_tagged_streams_there_are_none() {
    let mut peers = Peers::connected(Http3Parameters::default());
    let stream = peers.open(StreamType::UniDi, &UNI);
    peers.exchange();
    assert_eq!(names(&peers), [""; 0]);
    assert_eq!(peers.stop_code(stream), Some(H3_STREAM_CREATION_ERROR));
    let opened =
        peers
            .handler
            .tagged_stream_create(&mut peers.server, StreamId::from(0), StreamType::UniDi);
    assert_eq!(opened, Err(neqo_http3::Error::Unavailable));
}

#[test]
fn datagrams_name_a_request() {
    let mut peers = connected();
    let largest = [0xcf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
    for datagram in [&[0][..], &[0x12, 1, 2], &largest] {
        peers
            .client
            .send_datagram(datagram.to_vec(), None)
            .expect("datagrams");
    }
    peers.exchange();
    let session = (1_u64 << 62) - 4;
    assert_eq!(
        names(&peers),
        [
            "datagram of 0: []".to_string(),
            "datagram of 72: [1, 2]".to_string(),
            format!("datagram of {session}: []"),
        ]
    );
}

#[test]
fn a_datagram_that_names_none_is_an_error() {
    let too_large = [0xd0, 0, 0, 0, 0, 0, 0, 0, 1];
    for datagram in [&[][..], &[0x40], &[0xc0, 0, 0], &too_large] {
        let mut peers = connected();
        peers
            .client
            .send_datagram(datagram.to_vec(), None)
            .expect("datagrams");
        peers.exchange();
        assert_eq!(close_code(peers.server.state()), H3_DATAGRAM_ERROR);
    }
}

/// A control stream with these settings.
fn control(settings: &[u8]) -> Vec<u8> {
    [&[0x00][..], &frame(0x4, settings)].concat()
}

#[test]
fn settings_are_told_and_may_not_repeat() {
    let mut peers = Peers::new(parameters(), ConnectionParameters::default());
    peers.exchange();
    peers.open(StreamType::UniDi, &control(&[0x33, 1, 0x21, 5]));
    peers.exchange();
    assert_eq!(
        names(&peers),
        [format!(
            "{:?}",
            Http3ServerConnEvent::Settings(vec![(0x33, 1), (0x21, 5)])
        )]
    );
    for settings in [&[0x33, 1, 0x33, 1][..], &[0x21, 5, 1, 0, 0x21, 5]] {
        let peers = Peers::connected_with(parameters(), &control(settings));
        assert_eq!(close_code(peers.server.state()), H3_SETTINGS_ERROR);
    }
}
