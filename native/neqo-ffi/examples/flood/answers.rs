//! What a server answers, by kind of the first packet.

use std::fmt;

/// Bytes of an answer that tell its kind.
pub const HEAD: usize = 5;

/// Datagrams that came back.
#[derive(Default)]
pub struct Answers {
    initials: usize,
    retries: usize,
    version_negotiations: usize,
    /// Handshake packets alone, when the server sends them again.
    handshakes: usize,
    /// Stateless resets, and what a server sends before the client's Finished.
    short_headers: usize,
    other: usize,
}

impl Answers {
    /// `head`: the first [`HEAD`] bytes, or fewer if there are not more.
    pub fn count(&mut self, head: &[u8]) {
        let counter = match head {
            [first, ..] if first & 0x80 == 0 => &mut self.short_headers,
            [_, 0, 0, 0, 0] => &mut self.version_negotiations,
            [first, 0, 0, 0, 1] => match first >> 4 & 0x03 {
                0 => &mut self.initials,
                2 => &mut self.handshakes,
                3 => &mut self.retries,
                _ => &mut self.other,
            },
            _ => &mut self.other,
        };
        *counter += 1;
    }
}

impl fmt::Display for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{{\"initials\":{},\"retries\":{},\"versionNegotiations\":{},\"handshakes\":{},\"shortHeaders\":{},\"other\":{}}}",
            self.initials,
            self.retries,
            self.version_negotiations,
            self.handshakes,
            self.short_headers,
            self.other
        )
    }
}
