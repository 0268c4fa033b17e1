//! What a client sent right before it closed the connection, and was received in the same batch of datagrams.

use neqo_http3::{Http3Parameters, Http3ServerConnEvent, StreamId};
use neqo_transport::{State, StreamType};

use crate::server_peers::{frame, request, Peers, FRAME_DATA};

const H3_NO_ERROR: u64 = 0x100;

fn connected() -> Peers {
    Peers::connected(Http3Parameters::default().tagged_streams(true))
}

/// The client sends what it has and closes the connection; HTTP/3 sees all of it at once.
fn close(peers: &mut Peers) {
    peers.deliver_to_server();
    let now = peers.now();
    peers.client.close(now, H3_NO_ERROR, "closed");
    peers.deliver_to_server();
    assert!(matches!(peers.server.state(), State::Draining { .. }));
    peers.run_handler();
}

/// Reads as an application does that has been told of data: between the event and that of the connection's end.
fn read(peers: &mut Peers, stream: StreamId) -> (Vec<u8>, bool) {
    let mut buffer = [0; 100];
    let now = peers.now();
    let (length, end) = peers
        .handler
        .read_data(&mut peers.server, now, stream, &mut buffer)
        .expect("a stream");
    (buffer[..length].to_vec(), end)
}

fn is_readable(event: &Http3ServerConnEvent, stream: StreamId) -> bool {
    matches!(event, Http3ServerConnEvent::DataReadable { stream_info } if stream_info.stream_id() == stream)
}

#[test]
fn a_request_is_complete() {
    let mut peers = connected();
    let octets = [request(&[]), frame(FRAME_DATA, b"body")].concat();
    let stream = peers.request(&octets);
    close(&mut peers);
    assert!(peers
        .events
        .iter()
        .any(|event| matches!(event, Http3ServerConnEvent::Headers { .. })));
    assert!(peers.events.iter().any(|event| is_readable(event, stream)));
    assert_eq!(read(&mut peers, stream), (b"body".to_vec(), true));
}

#[test]
fn a_capsule_on_the_stream_of_a_session_is_read() {
    let mut peers = connected();
    let stream = peers.open(StreamType::BiDi, &request(&[]));
    peers.exchange();
    peers.events.clear();
    peers.send(stream, &frame(FRAME_DATA, b"capsule"));
    peers.end(stream);
    close(&mut peers);
    let readable = peers
        .events
        .iter()
        .position(|event| is_readable(event, stream));
    let closed = peers
        .events
        .iter()
        .position(|event| matches!(event, Http3ServerConnEvent::StateChange(_)));
    assert!(readable.expect("to be told") < closed.expect("to be told"));
    assert_eq!(read(&mut peers, stream), (b"capsule".to_vec(), true));
}

#[test]
fn a_stream_of_a_session_is_told_and_read() {
    for (kind, tag) in [(StreamType::UniDi, 0x54), (StreamType::BiDi, 0x41)] {
        let mut peers = connected();
        let stream = peers.open(kind, &[0x40, tag, 0x04]);
        peers.send(stream, b"body");
        peers.end(stream);
        close(&mut peers);
        assert!(peers
            .events
            .iter()
            .any(|event| matches!(event, Http3ServerConnEvent::ExtendedConnectNewStream(_))));
        assert_eq!(read(&mut peers, stream), (b"body".to_vec(), true));
    }
}
