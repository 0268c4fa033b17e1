//! What the handler makes of requests, odd ones too.

use neqo_http3::{Http3Parameters, Http3ServerConnEvent, StreamId};
use neqo_transport::{CloseReason, ConnectionParameters, Error, State, StreamType};

use crate::server_peers::{
    fields, frame, frames, headers_frame, request, Peers, FRAME_DATA, FRAME_GOAWAY, FRAME_HEADERS,
    FRAME_SETTINGS,
};

const H3_NO_ERROR: u64 = 0x100;
const H3_FRAME_UNEXPECTED: u64 = 0x105;
const H3_ID_ERROR: u64 = 0x108;
const H3_REQUEST_REJECTED: u64 = 0x10b;
const H3_REQUEST_CANCELLED: u64 = 0x10c;
const H3_REQUEST_INCOMPLETE: u64 = 0x10d;
const H3_MESSAGE_ERROR: u64 = 0x10e;

/// A short name for each event but those that only tell that more can be written.
fn names(peers: &Peers) -> Vec<String> {
    peers
        .events
        .iter()
        .filter_map(|event| {
            Some(match event {
                Http3ServerConnEvent::Headers { fin, .. } => format!("headers {fin}"),
                Http3ServerConnEvent::Trailers { .. } => "trailers".into(),
                Http3ServerConnEvent::HeadersTooLarge { .. } => "too large".into(),
                Http3ServerConnEvent::DataReadable { .. } => "readable".into(),
                Http3ServerConnEvent::DataWritable { .. } => return None,
                Http3ServerConnEvent::StreamReset { error, .. } => format!("reset {error:#x}"),
                Http3ServerConnEvent::StreamStopSending { error, .. } => format!("stop {error:#x}"),
                other => format!("{other:?}"),
            })
        })
        .collect()
}

fn read(peers: &mut Peers, stream: StreamId) -> (Vec<u8>, bool) {
    let mut buffer = [0; 4096];
    let now = peers.now();
    let (length, end) = peers
        .handler
        .read_data(&mut peers.server, now, stream, &mut buffer)
        .expect("data");
    (buffer[..length].to_vec(), end)
}

fn respond(peers: &mut Peers, stream: StreamId) {
    peers.headers(stream, &[(":status", "200")]);
    peers
        .handler
        .stream_close_send(stream, &mut peers.server)
        .expect("a stream");
    peers.exchange();
}

fn statuses(peers: &mut Peers, stream: StreamId) -> Vec<String> {
    let (octets, end) = peers.receive(stream);
    assert!(end);
    frames(&octets)
        .iter()
        .filter(|(kind, _)| *kind == FRAME_HEADERS)
        .flat_map(|(_, section)| fields(section))
        .collect()
}

fn connected() -> Peers {
    Peers::connected(Http3Parameters::default())
}

#[test]
fn the_clients_limit_for_field_sections_is_known() {
    assert_eq!(connected().handler.peer_max_field_section_size(), None);
    // SETTINGS_MAX_FIELD_SECTION_SIZE (6) of 1000, as a varint of two octets.
    let control = [0x00, 0x04, 0x03, 0x06, 0x43, 0xe8];
    let peers = Peers::connected_with(Http3Parameters::default(), &control);
    assert_eq!(peers.handler.peer_max_field_section_size(), Some(1000));
}

/// Frames of the server's control stream, the first stream that it opens.
fn control_frames(peers: &mut Peers) -> Vec<(u64, Vec<u8>)> {
    let (octets, end) = peers.receive(StreamId::from(3));
    assert!(!end);
    frames(octets.strip_prefix(&[0]).unwrap_or(&octets))
}

fn goaways(peers: &mut Peers) -> Vec<u64> {
    control_frames(peers)
        .iter()
        .filter(|(kind, _)| *kind == FRAME_GOAWAY)
        .map(|(_, payload)| {
            neqo_common::Decoder::from(payload)
                .decode_varint()
                .expect("an id")
        })
        .collect()
}

fn close_code(state: &State) -> u64 {
    match state.error() {
        Some(CloseReason::Application(code)) => *code,
        other => panic!("{other:?}"),
    }
}

#[test]
fn request_and_response() {
    let mut peers = connected();
    let stream = peers.request(&request(&[]));
    peers.exchange();
    assert_eq!(names(&peers), ["headers true"]);
    respond(&mut peers, stream);
    assert_eq!(statuses(&mut peers, stream), [":status: 200"]);
    assert_eq!(
        peers
            .server
            .primary_addresses()
            .map(|(l, r)| (l.port(), r.port())),
        Some((443, 40_000))
    );
}

#[test]
fn tickets_can_be_off() {
    for on in [true, false] {
        let mut peers = Peers::new(Http3Parameters::default(), ConnectionParameters::default());
        peers.handler.set_send_tickets(on);
        peers.exchange();
        let now = peers.now();
        assert_eq!(peers.client.take_resumption_token(now).is_some(), on);
    }
}

#[test]
fn a_refused_client_is_told_so() {
    let mut peers = Peers::new(Http3Parameters::default(), ConnectionParameters::default());
    let now = peers.now();
    while let Some(datagram) = peers.client.process_output(now).dgram() {
        peers.server.process_input(datagram, now);
        peers.server.refuse(now);
    }
    peers.exchange();
    let reason = CloseReason::Transport(Error::PeerError(2));
    assert_eq!(peers.client.state().error(), Some(&reason));
    assert!(matches!(
        peers.server.state().error(),
        Some(CloseReason::Transport(Error::ConnectionRefused))
    ));
}

#[test]
fn goaway_warns_first() {
    let mut peers = connected();
    let first = peers.request(&request(&[]));
    peers.exchange();
    let largest = StreamId::from((1 << 62) - 4);
    assert_eq!(peers.handler.goaway(false), Ok(largest));
    assert_eq!(peers.handler.goaway(false), Ok(largest));
    peers.exchange();
    let second = peers.request(&request(&[]));
    peers.exchange();
    assert_eq!(names(&peers), ["headers true", "headers true"]);
    assert_eq!(peers.handler.goaway(true), Ok(StreamId::from(8)));
    assert_eq!(peers.handler.goaway(false), Ok(StreamId::from(8)));
    peers.exchange();
    assert_eq!(goaways(&mut peers), [(1 << 62) - 4, 8]);
    peers.events.clear();
    let third = peers.open(StreamType::BiDi, &request(&[]));
    peers.exchange();
    assert_eq!(names(&peers), [""; 0]);
    assert_eq!(peers.reset_code(third), Some(H3_REQUEST_REJECTED));
    assert_eq!(peers.stop_code(third), Some(H3_REQUEST_REJECTED));
    assert_eq!(peers.handler.goaway(true), Ok(StreamId::from(8)));
    for stream in [first, second] {
        respond(&mut peers, stream);
        assert_eq!(statuses(&mut peers, stream), [":status: 200"]);
    }
}

#[test]
fn goaway_needs_a_connection() {
    let mut peers = Peers::new(Http3Parameters::default(), ConnectionParameters::default());
    assert_eq!(
        peers.handler.goaway(true),
        Err(neqo_http3::Error::InvalidState)
    );
}

#[test]
fn a_clients_goaway_must_not_increase() {
    let mut peers = connected();
    let control = peers.control;
    for id in [9, 9, 0] {
        peers.send(control, &frame(FRAME_GOAWAY, &[id]));
        peers.exchange();
        assert!(peers.server.state().connected());
    }
    peers.send(control, &frame(FRAME_GOAWAY, &[1]));
    peers.exchange();
    assert_eq!(close_code(peers.server.state()), H3_ID_ERROR);
}

#[test]
fn trailers_of_a_request_come_before_its_end() {
    let mut peers = connected();
    let mut octets = request(&[]);
    octets.extend(frame(FRAME_DATA, b"body"));
    octets.extend(headers_frame(&[("x-sum", "1")]));
    let stream = peers.request(&octets);
    peers.exchange();
    assert_eq!(names(&peers), ["headers false", "readable"]);
    peers.events.clear();
    assert_eq!(read(&mut peers, stream), (b"body".to_vec(), false));
    peers.exchange();
    assert_eq!(names(&peers), ["trailers", "readable"]);
    assert_eq!(read(&mut peers, stream), (vec![], false));
    assert_eq!(read(&mut peers, stream), (vec![], true));
}

#[test]
fn trailers_of_a_response_follow_blocked_data() {
    let mut peers = Peers::new(
        Http3Parameters::default(),
        ConnectionParameters::default().max_stream_data(StreamType::BiDi, false, 100),
    );
    peers.exchange();
    peers.open(StreamType::UniDi, &[0, 4, 0]);
    let stream = peers.request(&request(&[]));
    peers.exchange();
    peers.headers(stream, &[(":status", "200")]);
    peers.exchange();
    let mut sent = peers
        .handler
        .send_data(stream, &[7; 500], &mut peers.server)
        .expect("data");
    peers.headers(
        stream,
        &[(
            "x-sum",
            "a long trailer that does not fit the rest of the window",
        )],
    );
    peers
        .handler
        .stream_close_send(stream, &mut peers.server)
        .expect("a stream");
    assert!(sent < 500);
    let mut octets = Vec::new();
    loop {
        peers.exchange();
        let (more, end) = peers.receive(stream);
        octets.extend(more);
        if end {
            break;
        }
    }
    let received = frames(&octets);
    for (kind, payload) in &received {
        if *kind == FRAME_DATA {
            sent -= payload.len();
        }
    }
    assert_eq!(sent, 0);
    let (kind, section) = received.last().expect("frames");
    assert_eq!(*kind, FRAME_HEADERS);
    assert!(fields(section)[0].starts_with("x-sum: "));
}

#[test]
fn a_request_beyond_the_limit_can_be_answered() {
    let long = "v".repeat(1500);
    let too_long = "v".repeat(5000);
    for value in [&long, &too_long] {
        let mut peers = Peers::connected(Http3Parameters::default().max_field_section_size(1000));
        let settings = control_frames(&mut peers);
        assert_eq!(settings[0].0, FRAME_SETTINGS);
        assert!(
            settings[0].1.windows(3).any(|w| w == [6, 0x43, 0xe8]),
            "{settings:?}"
        );
        let stream = peers.open(StreamType::BiDi, &request(&[("x", value)]));
        peers.exchange();
        assert_eq!(names(&peers), ["too large"]);
        assert_eq!(peers.stop_code(stream), Some(H3_NO_ERROR));
        respond(&mut peers, stream);
        assert_eq!(statuses(&mut peers, stream), [":status: 200"]);
        peers.events.clear();
        peers.request(&request(&[]));
        peers.exchange();
        assert_eq!(names(&peers), ["headers true"]);
    }
}

#[test]
fn small_fields_count_as_they_are_decoded() {
    let mut peers = Peers::connected(Http3Parameters::default().max_field_section_size(1000));
    peers.request(&request(&[("x", ""); 30]));
    peers.exchange();
    assert_eq!(names(&peers), ["too large"]);
}

#[test]
fn trailers_beyond_the_limit_are_malformed() {
    let mut peers = Peers::connected(Http3Parameters::default().max_field_section_size(1000));
    let mut octets = request(&[]);
    octets.extend(frame(FRAME_DATA, b"body"));
    octets.extend(headers_frame(&[("x-sum", &"v".repeat(2000))]));
    let stream = peers.open(StreamType::BiDi, &octets);
    peers.exchange();
    assert_eq!(read(&mut peers, stream), (vec![], false));
    peers.exchange();
    assert_eq!(names(&peers), ["headers false", "readable", "reset 0x10e"]);
    assert_eq!(peers.stop_code(stream), Some(H3_MESSAGE_ERROR));
}

/// The client's QPACK encoder stream: capacity 220, one entry `a: b`.
const ENCODER: [u8; 8] = [0x02, 0x3f, 0xbd, 0x01, 0x41, b'a', 0x01, b'b'];

/// A section that has to wait for that entry, then a request's fields.
fn waiting_request() -> Vec<u8> {
    let (_, section) = frames(&request(&[])).remove(0);
    let mut waiting = vec![0x02, 0x00];
    waiting.extend_from_slice(&section[2..]);
    waiting.push(0x80);
    frame(FRAME_HEADERS, &waiting)
}

#[test]
fn a_waiting_request_can_end_while_it_is_unblocked() {
    let mut peers = connected();
    let stream = peers.open(StreamType::BiDi, &waiting_request());
    peers.exchange();
    assert_eq!(names(&peers), [""; 0]);
    peers.open(StreamType::UniDi, &ENCODER);
    peers.deliver_to_server();
    peers.end(stream);
    peers.deliver_to_server();
    peers.exchange();
    assert_eq!(names(&peers), ["headers false", "readable"]);
    assert_eq!(read(&mut peers, stream), (vec![], true));
    respond(&mut peers, stream);
    assert_eq!(statuses(&mut peers, stream), [":status: 200"]);
}

#[test]
fn a_waiting_request_can_be_reset_while_it_is_unblocked() {
    let mut peers = connected();
    let stream = peers.open(StreamType::BiDi, &waiting_request());
    peers.exchange();
    peers.open(StreamType::UniDi, &ENCODER);
    peers.deliver_to_server();
    peers
        .client
        .stream_reset_send(stream, H3_REQUEST_CANCELLED)
        .expect("a stream");
    peers.exchange();
    assert_eq!(names(&peers), ["reset 0x10c"]);
    assert!(peers.server.state().connected());
}

#[test]
fn a_stream_that_ends_before_its_request_is_incomplete() {
    let mut peers = connected();
    let stream = peers.request(&[]);
    peers.exchange();
    assert_eq!(peers.reset_code(stream), Some(H3_REQUEST_INCOMPLETE));
    // An unknown frame is skipped; it is not a request.
    let stream = peers.request(&frame(0x21, b"grease"));
    peers.exchange();
    assert_eq!(
        names(&peers),
        [format!("reset {H3_REQUEST_INCOMPLETE:#x}").as_str()]
    );
    let _ = peers
        .handler
        .stream_reset_send(stream, H3_REQUEST_INCOMPLETE, &mut peers.server);
    peers.exchange();
    assert_eq!(peers.reset_code(stream), Some(H3_REQUEST_INCOMPLETE));
    assert!(peers.server.state().connected());
}

#[test]
fn a_stream_that_is_reset_before_its_request_is_given_up() {
    let mut peers = connected();
    let stream = peers.open(StreamType::BiDi, &[]);
    peers
        .client
        .stream_reset_send(stream, H3_REQUEST_CANCELLED)
        .expect("a stream");
    peers.exchange();
    assert_eq!(peers.reset_code(stream), Some(H3_REQUEST_INCOMPLETE));
    assert!(peers.server.state().connected());
}

#[test]
fn unidirectional_streams_may_end_at_any_time() {
    let mut peers = connected();
    for octets in [&[][..], &[0x21], &[0x21, 1, 2, 3], &[0x40]] {
        let stream = peers.open(StreamType::UniDi, octets);
        peers.end(stream);
        peers.exchange();
        assert!(peers.server.state().connected(), "{octets:?}");
    }
}

#[test]
fn a_request_starts_with_headers() {
    let mut peers = connected();
    peers.open(StreamType::BiDi, &frame(FRAME_DATA, b"body"));
    peers.exchange();
    assert_eq!(close_code(peers.server.state()), H3_FRAME_UNEXPECTED);
}

#[test]
fn stop_sending_may_come_before_the_request() {
    let mut peers = connected();
    let stream = peers.open(StreamType::BiDi, &[]);
    peers
        .client
        .stream_stop_sending(stream, H3_REQUEST_CANCELLED)
        .expect("a stream");
    peers.exchange();
    peers.send(stream, &request(&[]));
    peers.end(stream);
    peers.exchange();
    assert_eq!(names(&peers), ["headers true", "stop 0x10c"]);
    assert!(peers.server.state().connected());
}

#[test]
fn a_client_may_reset_after_the_end() {
    let mut peers = connected();
    let stream = peers.request(&request(&[]));
    peers.exchange();
    let _ = peers.client.stream_reset_send(stream, H3_REQUEST_CANCELLED);
    peers
        .client
        .stream_stop_sending(stream, H3_REQUEST_CANCELLED)
        .expect("a stream");
    peers.exchange();
    assert_eq!(names(&peers), ["headers true", "stop 0x10c"]);
    assert!(peers.server.state().connected());
}

#[test]
fn what_the_server_cancels_is_no_news_to_it() {
    let mut peers = connected();
    let stream = peers.open(StreamType::BiDi, &request(&[]));
    peers.exchange();
    peers.events.clear();
    peers
        .handler
        .cancel_fetch(stream, H3_REQUEST_CANCELLED, &mut peers.server)
        .expect("a stream");
    peers.exchange();
    assert_eq!(names(&peers), [""; 0]);
    assert_eq!(peers.reset_code(stream), Some(H3_REQUEST_CANCELLED));
    assert_eq!(peers.stop_code(stream), Some(H3_REQUEST_CANCELLED));
}

#[test]
fn a_malformed_request_is_reset_and_the_rest_goes_on() {
    let mut peers = connected();
    let stream = peers.request(&headers_frame(&[(":method", "GET")]));
    peers.exchange();
    assert_eq!(
        names(&peers),
        [format!("reset {H3_MESSAGE_ERROR:#x}").as_str()]
    );
    let _ = peers
        .handler
        .stream_reset_send(stream, H3_MESSAGE_ERROR, &mut peers.server);
    peers.exchange();
    assert_eq!(peers.reset_code(stream), Some(H3_MESSAGE_ERROR));
    assert!(peers.server.state().connected());
}

#[test]
fn extended_connect_is_a_request_where_there_is_no_webtransport() {
    for (webtransport, is_request) in [(false, true), (true, false)] {
        let mut peers = Peers::connected(Http3Parameters::default().webtransport(webtransport));
        peers.open(
            StreamType::BiDi,
            &headers_frame(&[
                (":method", "CONNECT"),
                (":protocol", "webtransport"),
                (":scheme", "https"),
                (":authority", "localhost"),
                (":path", "/"),
            ]),
        );
        peers.exchange();
        assert_eq!(names(&peers) == ["headers false"], is_request);
    }
}
