//! Datagrams that no client sends.

use crate::random::Random;

const LARGEST: usize = 1452;
/// RFC 9000 14.1: a server looks closer only at a datagram of that size.
const INITIAL: usize = 1200;
const VERSIONS_AT: usize = 1;
const DCID_LENGTH_AT: usize = 5;
const VERSION_1: u32 = 1;
/// Connection ids in use by servers and clients have up to 20 bytes (RFC 9000 17.2).
const LONGEST_ID: usize = 20;

/// Writes one, of any kind.
pub fn write(random: &mut Random, datagram: &mut Vec<u8>) {
    match random.below(6) {
        0 => noise(random, datagram, 1, LARGEST),
        1 => short_header(random, datagram),
        // RFC 9000 6: to be answered with Version Negotiation.
        2 => long_header(random, datagram, 0x1a2a_3a4a, 0, INITIAL),
        // An Initial that cannot be opened, and one that is too small to be looked at.
        3 => long_header(random, datagram, VERSION_1, 0, INITIAL),
        4 => {
            let length = DCID_LENGTH_AT + 1 + random.below(INITIAL - DCID_LENGTH_AT - 1);
            long_header(random, datagram, VERSION_1, 0, length);
        }
        // 0-RTT, Handshake or Retry of no connection.
        _ => {
            let kind = 1 + random.below(3) as u8;
            long_header(random, datagram, VERSION_1, kind, INITIAL);
        }
    }
}

fn noise(random: &mut Random, datagram: &mut Vec<u8>, least: usize, most: usize) {
    datagram.resize(least + random.below(most - least + 1), 0);
    random.fill(datagram);
}

fn short_header(random: &mut Random, datagram: &mut Vec<u8>) {
    noise(random, datagram, 1 + LONGEST_ID, LARGEST);
    datagram[0] = 0x40 | datagram[0] & 0x3f;
}

/// `kind`: RFC 9000 17.2, table 5.
fn long_header(random: &mut Random, datagram: &mut Vec<u8>, version: u32, kind: u8, length: usize) {
    noise(random, datagram, length, length);
    datagram[0] = 0xc0 | kind << 4 | datagram[0] & 0x0f;
    datagram[VERSIONS_AT..DCID_LENGTH_AT].copy_from_slice(&version.to_be_bytes());
    // Mostly lengths that there are.
    datagram[DCID_LENGTH_AT] = random.below(LONGEST_ID + 4) as u8;
}
