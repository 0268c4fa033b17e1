//! Writes of all or nothing, and what a stream of a session has committed to before it is reset.

use neqo_http3::{Http3Parameters, StreamId};
use neqo_transport::{ConnectionParameters, StreamType};

use crate::server_peers::Peers;

const CODE: u64 = 0x52e4_a40f_a8e2;
const SESSION: StreamId = StreamId::new(72);
const KINDS: [(StreamType, [u8; 4]); 2] = [
    (StreamType::UniDi, [0x40, 0x54, 0x40, 0x48]),
    (StreamType::BiDi, [0x40, 0x41, 0x40, 0x48]),
];

fn connected(client: ConnectionParameters) -> Peers {
    let server = ConnectionParameters::default().reset_stream_at(true);
    let parameters = Http3Parameters::default()
        .connection_parameters(server)
        .tagged_streams(true);
    Peers::connected_to(parameters, client)
}

fn opened(peers: &mut Peers, kind: StreamType) -> StreamId {
    peers
        .handler
        .tagged_stream_create(&mut peers.server, SESSION, kind)
        .expect("a stream")
}

fn send_whole(peers: &mut Peers, stream: StreamId, octets: &[u8]) -> bool {
    peers
        .handler
        .tagged_send_whole(&mut peers.server, stream, octets)
        .expect("a stream")
}

#[test]
fn a_write_is_whole_or_none() {
    for (kind, header) in KINDS {
        let mut peers = connected(
            ConnectionParameters::default()
                .max_stream_data(StreamType::UniDi, true, 104)
                .max_stream_data(StreamType::BiDi, true, 104),
        );
        let stream = opened(&mut peers, kind);
        assert!(!send_whole(&mut peers, stream, &[1; 101]));
        assert!(send_whole(&mut peers, stream, &[2; 60]));
        assert!(!send_whole(&mut peers, stream, &[3; 41]));
        assert!(send_whole(&mut peers, stream, &[4; 40]));
        peers.exchange();
        let sent = [&header[..], &[2; 60], &[4; 40]].concat();
        assert_eq!(peers.receive(stream), (sent, false));
        // The reader has made room.
        peers.exchange();
        assert!(send_whole(&mut peers, stream, &[5; 40]));
        peers.exchange();
        assert_eq!(peers.receive(stream), (vec![5; 40], false));
    }
}

#[test]
fn what_is_committed_arrives_before_the_reset() {
    for (kind, header) in KINDS {
        for (supported, arrives) in [(true, true), (false, false)] {
            let mut peers = connected(ConnectionParameters::default().reset_stream_at(supported));
            let stream = opened(&mut peers, kind);
            assert!(send_whole(&mut peers, stream, b"committed and not"));
            peers
                .handler
                .tagged_stream_reset_send(&mut peers.server, stream, CODE, 9)
                .expect("a stream");
            peers.exchange();
            if arrives {
                assert_eq!(peers.reset_code(stream), None);
                let committed = [&header[..], b"committed"].concat();
                assert_eq!(peers.receive(stream), (committed, false));
                peers.exchange();
            }
            assert_eq!(peers.reset_code(stream), Some(CODE));
        }
    }
}

#[test]
fn a_stream_that_is_reset_takes_no_more() {
    let mut peers = connected(ConnectionParameters::default());
    let stream = opened(&mut peers, StreamType::UniDi);
    peers
        .handler
        .tagged_stream_reset_send(&mut peers.server, stream, CODE, 0)
        .expect("a stream");
    let sent = peers
        .handler
        .tagged_send_whole(&mut peers.server, stream, b"x");
    assert_eq!(sent, Err(neqo_http3::Error::InvalidStreamId));
}
