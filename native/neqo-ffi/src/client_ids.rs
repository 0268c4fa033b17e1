//! Connection ids of a client: random, short, and not given twice.
//!
//! neqo's own generator makes no effort against repetition. Of ids of 3 bytes, 8 at a time, a connection in some 600,000 has two
//! that are the same, and its server must close it with PROTOCOL_VIOLATION (RFC 9000 19.15).

use std::collections::VecDeque;

use neqo_common::Decoder;
use neqo_transport::{ConnectionId, ConnectionIdDecoder, ConnectionIdGenerator, ConnectionIdRef};

/// Ids that are remembered: more than are in use at once, and few enough of what can be given.
const REMEMBERED: usize = 64;

pub struct ClientIds {
    length: usize,
    /// Oldest first.
    given: VecDeque<ConnectionId>,
}

impl ClientIds {
    /// `length` in bytes, at least 1.
    pub const fn new(length: usize) -> Self {
        Self {
            length,
            given: VecDeque::new(),
        }
    }
}

impl ConnectionIdDecoder for ClientIds {
    fn decode_cid<'a>(&self, dec: &mut Decoder<'a>) -> Option<ConnectionIdRef<'a>> {
        dec.decode(self.length).map(ConnectionIdRef::from)
    }
}

impl ConnectionIdGenerator for ClientIds {
    fn generate_cid(&mut self) -> Option<ConnectionId> {
        let mut id = ConnectionId::generate(self.length);
        while self.given.contains(&id) {
            id = ConnectionId::generate(self.length);
        }
        if self.given.len() == REMEMBERED {
            self.given.pop_front();
        }
        self.given.push_back(id.clone());
        Some(id)
    }

    fn as_decoder(&self) -> &dyn ConnectionIdDecoder {
        self
    }
}

#[cfg(test)]
mod tests {
    use neqo_transport::{ConnectionId, ConnectionIdGenerator as _};

    use super::{ClientIds, REMEMBERED};

    #[test]
    fn none_of_those_in_use_is_given_again() {
        crate::nss::init().unwrap();
        let mut ids = ClientIds::new(1);
        let given: Vec<ConnectionId> = (0..1000).filter_map(|_| ids.generate_cid()).collect();
        assert_eq!(given.len(), 1000);
        for window in given.windows(REMEMBERED) {
            let (last, others) = window.split_last().unwrap();
            assert!(!others.contains(last));
        }
    }
}
