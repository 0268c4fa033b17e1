//! Header fields are octets (RFC 9110 5.5). neqo-qpack takes and gives them as UTF-8; the patch in `native/patches` makes a
//! character of 0 to 255 one octet. Without it these tests fail.

use std::{cell::RefCell, net::SocketAddr, rc::Rc, time::Instant};

use neqo_http3::{Header, StreamId};
use neqo_qpack::{decoder::QPackDecoder, encoder::QPackEncoder, QpackSettings};
use neqo_transport::{Connection, ConnectionParameters, RandomConnectionIdGenerator};

/// Static table only: nothing has to travel on the encoder stream.
const SETTINGS: QpackSettings = QpackSettings {
    max_table_size_encoder: 0,
    max_table_size_decoder: 0,
    max_blocked_streams: 0,
};

fn connection() -> Connection {
    neqo_crypto::init().expect("NSS");
    let address = SocketAddr::from(([127, 0, 0, 1], 443));
    Connection::new_client(
        "localhost",
        &["h3"],
        Rc::new(RefCell::new(RandomConnectionIdGenerator::new(3))),
        address,
        address,
        ConnectionParameters::default(),
        Instant::now(),
    )
    .expect("a connection")
}

fn encode(headers: &[Header], huffman: bool) -> Vec<u8> {
    QPackEncoder::new(&SETTINGS, huffman)
        .encode_header_block(&mut connection(), headers, StreamId::from(0))
        .to_vec()
}

fn decode(block: &[u8]) -> Vec<Header> {
    QPackDecoder::new(&SETTINGS)
        .decode_header_block(block, StreamId::from(0))
        .expect("a header block")
        .expect("nothing to wait for")
}

/// Characters 0 to 255.
fn all_octets() -> String {
    (0..=255).map(char::from).collect()
}

#[test]
fn each_character_is_one_octet_on_the_wire() {
    let block = encode(&[Header::new("x", "\u{e9}\u{ff}")], false);
    assert!(block.windows(3).any(|w| w == [2, 0xe9, 0xff]), "{block:x?}");
}

#[test]
fn octets_survive_both_ways() {
    for huffman in [false, true] {
        let headers = [
            Header::new("x-octets", all_octets()),
            Header::new("x-\u{e9}", "plain"),
        ];
        assert_eq!(decode(&encode(&headers, huffman)), headers);
    }
}

#[test]
fn what_happens_to_be_utf8_is_not_joined_into_characters() {
    // Required insert count 0, base 0; literal with literal name "x", value of two octets: é in UTF-8.
    let block = [0, 0, 0x21, b'x', 2, 0xc3, 0xa9];
    assert_eq!(decode(&block), [Header::new("x", "\u{c3}\u{a9}")]);
}
