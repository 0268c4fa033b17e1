//! Streams of WebTransport at a client: what a server may send, and what it should not. The server's every octet can be chosen.

use std::{iter, net::SocketAddr, time::Instant};

use neqo_common::{event::Provider as _, Datagram};
use neqo_crypto::AuthenticationStatus;
use neqo_http3::{
    Http3Client, Http3ClientEvent, Http3Parameters, Http3State, StreamId, WebTransportEvent,
};
use neqo_transport::{
    CloseReason, Connection, ConnectionEvent, ConnectionParameters, Output, StreamType,
};

#[path = "server_peers/database.rs"]
mod database;

use database::{open_database, random_ids, CERTIFICATE};

const H3_STREAM_CREATION_ERROR: u64 = 0x103;
const H3_FRAME_ERROR: u64 = 0x106;
const H3_SETTINGS_ERROR: u64 = 0x109;
const H3_REQUEST_INCOMPLETE: u64 = 0x10d;
const H3_DATAGRAM_ERROR: u64 = 0x33;
const CODE: u64 = 0x52e4_a40f_a8e2;

/// A control stream with empty SETTINGS.
const CONTROL: [u8; 3] = [0x00, 0x04, 0x00];
/// Session 72: 0x40 0x48.
const UNI: [u8; 4] = [0x40, 0x54, 0x40, 0x48];
const BIDI: [u8; 4] = [0x40, 0x41, 0x40, 0x48];

struct Peers {
    client: Http3Client,
    server: Connection,
    /// What the client told of streams and datagrams, in order.
    names: Vec<String>,
    reset: Vec<(StreamId, u64)>,
    control: StreamId,
    now: Instant,
}

impl Peers {
    /// Two ends that are connected; `control` is what the server says first.
    fn connected(parameters: Http3Parameters, control: &[u8]) -> Self {
        open_database();
        let now = Instant::now();
        let parameters = parameters.connection_parameters(
            ConnectionParameters::default()
                .pmtud(false)
                .datagram_size(1200),
        );
        let client = Http3Client::new(
            "localhost",
            random_ids(),
            SocketAddr::from(([127, 0, 0, 1], 40_000)),
            SocketAddr::from(([127, 0, 0, 1], 443)),
            parameters,
            now,
        )
        .expect("a client");
        let server = Connection::new_server(
            &[CERTIFICATE],
            &["h3"],
            random_ids(),
            ConnectionParameters::default().pmtud(false),
        )
        .expect("a server");
        let mut peers = Self {
            client,
            server,
            names: Vec::new(),
            reset: Vec::new(),
            control: StreamId::from(0),
            now,
        };
        peers.exchange();
        peers.control = peers.open(StreamType::UniDi, control);
        peers.exchange();
        peers
    }

    fn exchange(&mut self) {
        let mut sent = true;
        while sent {
            sent = false;
            while let Output::Datagram(datagram) = self.client.process_output(self.now) {
                self.server.process_input(datagram, self.now);
                sent = true;
            }
            while let Output::Datagram(datagram) = self.server.process_output(self.now) {
                self.client.process_input(datagram, self.now);
                sent = true;
            }
            sent |= self.take_client_events();
            while let Some(event) = self.server.next_event() {
                if let ConnectionEvent::RecvStreamReset {
                    stream_id,
                    app_error,
                } = event
                {
                    self.reset.push((stream_id, app_error));
                }
            }
        }
    }

    /// Whether it made the client go on.
    fn take_client_events(&mut self) -> bool {
        let mut authenticated = false;
        while let Some(event) = self.client.next_event() {
            if event == Http3ClientEvent::AuthenticationNeeded {
                self.client
                    .authenticated(AuthenticationStatus::Ok, self.now);
                authenticated = true;
            }
            self.names.extend(name(&event));
        }
        authenticated
    }

    /// What the server sends now.
    fn server_output(&mut self) -> Vec<Datagram> {
        iter::from_fn(|| self.server.process_output(self.now).dgram()).collect()
    }

    fn open(&mut self, kind: StreamType, octets: &[u8]) -> StreamId {
        let stream = self.server.stream_create(kind).expect("a stream");
        self.send(stream, octets);
        stream
    }

    fn send(&mut self, stream: StreamId, octets: &[u8]) {
        if !octets.is_empty() {
            let sent = self.server.stream_send(stream, octets).expect("a stream");
            assert_eq!(sent, octets.len());
        }
    }

    fn close_code(&self) -> Option<u64> {
        match self.client.state() {
            Http3State::Closing(CloseReason::Application(code))
            | Http3State::Closed(CloseReason::Application(code)) => Some(code),
            state if state.active() => None,
            other => panic!("{other:?}"),
        }
    }
}

fn name(event: &Http3ClientEvent) -> Option<String> {
    Some(match event {
        Http3ClientEvent::WebTransport(WebTransportEvent::NewStream { session_id, .. }) => {
            format!("stream of {session_id}")
        }
        Http3ClientEvent::WebTransport(WebTransportEvent::Datagram {
            session_id,
            datagram,
        }) => format!("datagram of {session_id}: {datagram:?}"),
        Http3ClientEvent::DataReadable { .. } => "readable".to_string(),
        Http3ClientEvent::Reset { error, .. } => format!("reset {error:#x}"),
        Http3ClientEvent::StopSending { error, .. } => format!("stop {error:#x}"),
        _ => return None,
    })
}

fn connected() -> Peers {
    Peers::connected(Http3Parameters::default().tagged_streams(true), &CONTROL)
}

#[test]
fn a_header_may_come_octet_by_octet() {
    for (kind, header) in [(StreamType::UniDi, UNI), (StreamType::BiDi, BIDI)] {
        let mut peers = connected();
        let stream = peers.open(kind, &[]);
        for octet in header {
            assert_eq!(peers.names, [""; 0]);
            peers.send(stream, &[octet]);
            peers.exchange();
        }
        assert_eq!(peers.names, ["stream of 72", "readable"]);
    }
}

#[test]
fn a_stream_that_ends_inside_of_its_header_is_dropped() {
    for (kind, header) in [(StreamType::UniDi, UNI), (StreamType::BiDi, BIDI)] {
        for length in 1..header.len() {
            for reset in [false, true] {
                let mut peers = connected();
                let stream = peers.open(kind, &header[..length]);
                peers.exchange();
                if reset {
                    peers
                        .server
                        .stream_reset_send(stream, CODE)
                        .expect("a stream");
                } else {
                    peers.server.stream_close_send(stream).expect("a stream");
                }
                peers.exchange();
                assert_eq!(peers.names, [""; 0]);
                assert_eq!(peers.close_code(), None);
                if kind == StreamType::BiDi {
                    assert_eq!(peers.reset, [(stream, H3_REQUEST_INCOMPLETE)]);
                }
            }
        }
    }
}

#[test]
fn stop_sending_may_come_before_the_header() {
    for length in [0, 1, 3] {
        let mut peers = connected();
        let stream = peers.open(StreamType::BiDi, &BIDI[..length]);
        peers.exchange();
        peers
            .server
            .stream_stop_sending(stream, CODE)
            .expect("a stream");
        peers.exchange();
        peers.send(stream, &BIDI[length..]);
        peers.exchange();
        let stop = format!("stop {CODE:#x}");
        assert_eq!(peers.names, ["stream of 72", "readable", stop.as_str()]);
        assert_eq!(peers.close_code(), None);
    }
}

#[test]
fn a_server_opens_bidirectional_streams_of_sessions_alone() {
    for (tagged, octets) in [(true, &[0x01, 0x00][..]), (false, &BIDI[..3]), (false, &[])] {
        let parameters = Http3Parameters::default().tagged_streams(tagged);
        let mut peers = Peers::connected(parameters, &CONTROL);
        let stream = peers.open(StreamType::BiDi, octets);
        peers.server.stream_close_send(stream).expect("a stream");
        peers.exchange();
        assert_eq!(peers.close_code(), Some(H3_STREAM_CREATION_ERROR));
    }
}

#[test]
fn the_type_of_a_header_is_none_of_a_frame() {
    let mut peers = connected();
    let control = peers.control;
    peers.send(control, &[0x40, 0x41, 1, 0]);
    peers.exchange();
    assert_eq!(peers.close_code(), Some(H3_FRAME_ERROR));

    let mut peers = connected();
    let stream = peers
        .client
        .fetch(
            peers.now,
            "GET",
            &("https", "localhost", "/"),
            &[],
            neqo_http3::Priority::default(),
        )
        .expect("a request");
    peers.exchange();
    // :status: 200 of QPACK's static table, then what is no frame.
    peers.send(stream, &[0x01, 0x03, 0x00, 0x00, 0xd9, 0x40, 0x41, 1, 0]);
    peers.exchange();
    assert_eq!(peers.close_code(), Some(H3_FRAME_ERROR));
}

#[test]
fn datagrams_name_a_request() {
    let mut peers = connected();
    peers
        .server
        .send_datagram(vec![0x12, 1, 2], None)
        .expect("datagrams");
    peers.exchange();
    assert_eq!(peers.names, ["datagram of 72: [1, 2]"]);
    peers
        .server
        .send_datagram(vec![0x40], None)
        .expect("datagrams");
    peers.exchange();
    assert_eq!(peers.close_code(), Some(H3_DATAGRAM_ERROR));
}

#[test]
fn settings_may_not_repeat() {
    let control = [0x00, 0x04, 0x04, 0x33, 1, 0x33, 1];
    let peers = Peers::connected(Http3Parameters::default().tagged_streams(true), &control);
    assert_eq!(peers.close_code(), Some(H3_SETTINGS_ERROR));
}

/// A server that answers and closes the connection, all of which arrives at once.
#[test]
fn what_came_with_the_close_can_be_read() {
    let mut peers = connected();
    let request = ("https", "localhost", "/");
    let stream = peers
        .client
        .fetch(
            peers.now,
            "GET",
            &request,
            &[],
            neqo_http3::Priority::default(),
        )
        .expect("a request");
    peers.exchange();
    // :status: 200 of QPACK's static table, then a DATA frame.
    peers.send(stream, &[0x01, 0x03, 0x00, 0x00, 0xd9, 0x00, 4]);
    peers.send(stream, b"body");
    peers.server.stream_close_send(stream).expect("a stream");
    let tagged = peers.open(StreamType::UniDi, &UNI);
    peers.send(tagged, b"x");
    let mut flight = peers.server_output();
    peers.server.close(peers.now, 0x100, "closed");
    flight.extend(peers.server_output());
    assert!(flight.len() > 1);
    peers.client.process_multiple_input(flight, peers.now);
    peers.take_client_events();
    assert!(peers.names.contains(&"stream of 72".to_string()));
    for (stream, read) in [(stream, (&b"body"[..], true)), (tagged, (b"x", false))] {
        let mut buffer = [0; 10];
        let (length, end) = peers
            .client
            .read_data(peers.now, stream, &mut buffer)
            .expect("a stream");
        assert_eq!((&buffer[..length], end), read);
    }
}
