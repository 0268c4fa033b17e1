//! Well-formed Initials: recorded ones of neqo's client, protected anew for a connection id of their own each (RFC 9001 5).

use std::{
    cell::RefCell,
    error::Error,
    net::{Ipv4Addr, SocketAddr},
    rc::Rc,
    time::Instant,
};

use neqo_common::Decoder;
use neqo_crypto::{
    constants::{TLS_AES_128_GCM_SHA256, TLS_VERSION_1_3},
    hkdf,
    hp::HpKey,
    Aead, SymKey,
};
use neqo_transport::{Connection, ConnectionParameters, Output, RandomConnectionIdGenerator};

use crate::random::Random;

/// RFC 9001 5.2.
const INITIAL_SALT: [u8; 20] = [
    0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17, 0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad,
    0xcc, 0xbb, 0x7f, 0x0a,
];
/// Different ClientHellos that are recorded.
const RECORDED: usize = 64;
/// RFC 9000 14.1: an Initial's datagram has at least that many bytes.
const DATAGRAM: usize = 1200;
const VERSION_1: [u8; 4] = [0, 0, 0, 1];
/// Long header, Initial, packet number of four bytes (RFC 9000 17.2).
const FIRST_BYTE: u8 = 0xc3;
const PACKET_NUMBER: usize = 4;
const TAG: usize = 16;
/// RFC 9000 7.2: a client's first choice has 8 bytes or more.
const DCID: usize = 8;
const SCID: usize = 8;
/// A variable-length integer of two bytes (RFC 9000 16).
const TWO_BYTES: u16 = 0x4000;

/// What a recorded Initial says, without its protection.
struct Recorded {
    /// Named in the ClientHello's transport parameters, too: it has to stay.
    scid: Vec<u8>,
    frames: Vec<u8>,
}

pub struct Initials {
    salt: SymKey,
    recorded: Vec<Recorded>,
}

/// The client's keys for a connection id.
struct Keys {
    aead: Aead,
    hp: HpKey,
}

impl Initials {
    /// Has neqo's client begin some connections.
    pub fn record() -> Result<Self, Box<dyn Error>> {
        neqo_crypto::init()?;
        let mut initials = Self {
            salt: hkdf::import_key(TLS_VERSION_1_3, &INITIAL_SALT)?,
            recorded: Vec::new(),
        };
        for _ in 0..RECORDED {
            initials
                .recorded
                .push(initials.unprotect(first_datagram()?)?);
        }
        Ok(initials)
    }

    /// Writes one with a connection id that no other has.
    pub fn write(&self, random: &mut Random, datagram: &mut Vec<u8>) -> Result<(), Box<dyn Error>> {
        let Recorded { scid, frames } = &self.recorded[random.below(self.recorded.len())];
        let mut dcid = [0; DCID];
        random.fill(&mut dcid);
        datagram.clear();
        datagram.push(FIRST_BYTE);
        datagram.extend(VERSION_1);
        datagram.push(DCID as u8);
        datagram.extend(dcid);
        datagram.push(SCID as u8);
        datagram.extend(scid);
        // No token.
        datagram.push(0);
        let length = DATAGRAM - datagram.len() - size_of::<u16>();
        datagram.extend((TWO_BYTES | length as u16).to_be_bytes());
        let number_at = datagram.len();
        datagram.extend([0; PACKET_NUMBER]);
        let header = datagram.clone();
        // Zeros are PADDING frames.
        datagram.extend(frames);
        datagram.resize(DATAGRAM, 0);
        let keys = self.keys(&dcid)?;
        keys.aead
            .encrypt_in_place(0, &header, &mut datagram[header.len()..])?;
        let mask = keys.mask(datagram, number_at)?;
        datagram[0] ^= mask[0] & 0x0f;
        for (byte, mask) in datagram[number_at..]
            .iter_mut()
            .zip(&mask[1..=PACKET_NUMBER])
        {
            *byte ^= mask;
        }
        Ok(())
    }

    fn unprotect(&self, mut datagram: Vec<u8>) -> Result<Recorded, Box<dyn Error>> {
        let malformed = "neqo's client sent no Initial";
        let mut decoder = Decoder::from(&datagram[..]);
        decoder.skip(1 + VERSION_1.len());
        let dcid = decoder.decode_vec(1).ok_or(malformed)?.to_vec();
        let scid = decoder.decode_vec(1).ok_or(malformed)?.to_vec();
        decoder.decode_vvec().ok_or(malformed)?;
        let length = decoder.decode_varint().ok_or(malformed)? as usize;
        let number_at = decoder.offset();
        let keys = self.keys(&dcid)?;
        let mask = keys.mask(&datagram, number_at)?;
        datagram[0] ^= mask[0] & 0x0f;
        let number_length = usize::from(datagram[0] & 0x03) + 1;
        let mut number = 0;
        for (byte, mask) in datagram[number_at..]
            .iter_mut()
            .zip(&mask[1..=number_length])
        {
            *byte ^= mask;
            number = number << 8 | u64::from(*byte);
        }
        let (header, rest) = datagram.split_at_mut(number_at + number_length);
        let protected = &mut rest[..length - number_length];
        let frames = keys.aead.decrypt_in_place(number, header, protected)?;
        let end = frames
            .iter()
            .rposition(|&byte| byte != 0)
            .ok_or(malformed)?
            + 1;
        Ok(Recorded {
            scid,
            frames: frames[..end].to_vec(),
        })
    }

    /// RFC 9001 5.2.
    fn keys(&self, dcid: &[u8]) -> Result<Keys, neqo_crypto::Error> {
        let (version, cipher) = (TLS_VERSION_1_3, TLS_AES_128_GCM_SHA256);
        let input = hkdf::import_key(version, dcid)?;
        let initial = hkdf::extract(version, cipher, Some(&self.salt), &input)?;
        let client = hkdf::expand_label(version, cipher, &initial, &[], "client in")?;
        Ok(Keys {
            aead: Aead::new(version, cipher, &client, "quic ")?,
            hp: HpKey::extract(version, cipher, &client, "quic hp")?,
        })
    }
}

impl Keys {
    /// RFC 9001 5.4.2: the sample is where the payload would begin after a packet number of four bytes.
    fn mask(&self, packet: &[u8], number_at: usize) -> Result<[u8; 16], neqo_crypto::Error> {
        let sample_at = number_at + PACKET_NUMBER;
        self.hp.mask(&packet[sample_at..sample_at + TAG])
    }
}

/// What neqo's client sends first.
fn first_datagram() -> Result<Vec<u8>, Box<dyn Error>> {
    // It notes the addresses, nothing more.
    let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
    let mut client = Connection::new_client(
        "localhost",
        &["h3"],
        Rc::new(RefCell::new(RandomConnectionIdGenerator::new(SCID))),
        anywhere,
        anywhere,
        // One datagram has to hold the whole ClientHello, in order.
        ConnectionParameters::default()
            .mlkem(false)
            .sni_slicing(false),
        Instant::now(),
    )?;
    match client.process_output(Instant::now()) {
        Output::Datagram(datagram) => Ok(datagram.to_vec()),
        _ => Err("neqo's client sends nothing".into()),
    }
}
