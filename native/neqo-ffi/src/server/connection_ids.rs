//! Connection ids: made here, found here in constant time.
//!
//! An id is laid out as the plaintext algorithm of draft-ietf-quic-load-balancers 5.2 has it: first octet (config rotation in
//! the top 3 bits, length - 1 in the others), server id, nonce. All ids of a server have the same length, so that those in
//! short headers can be found.

use std::{cell::RefCell, collections::HashMap, rc::Rc};

use neqo_common::Decoder;
use neqo_crypto::randomize;
use neqo_transport::{ConnectionId, ConnectionIdDecoder, ConnectionIdGenerator, ConnectionIdRef};

use super::reset_tokens::ResetTokens;

/// RFC 9000 17.2: the longest connection id of version 1.
const MAX_LENGTH: usize = 20;
/// Of the first octet.
const LENGTH_BITS: u8 = 0x1f;
/// Ids of one connection that are remembered. neqo has at most 8 in use at once; a peer that retires ids gets new ones, and
/// packets with the old ones may still be on their way. A peer that goes on retiring loses its oldest, and only it.
const MAX_IDS: usize = 32;

/// A connection id as a key: no allocation, one cache line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key {
    bytes: [u8; MAX_LENGTH],
    length: u8,
}

impl Key {
    /// None for what is no connection id of version 1.
    pub fn new(id: &[u8]) -> Option<Self> {
        let mut bytes = [0; MAX_LENGTH];
        bytes.get_mut(..id.len())?.copy_from_slice(id);
        Some(Self {
            bytes,
            length: id.len() as u8,
        })
    }
}

/// What all connection ids of a server have in common.
#[derive(Debug, Clone)]
pub struct Layout {
    prefix: Vec<u8>,
    length: usize,
}

impl Layout {
    /// `prefix`: first octet, whose low bits are set here, and server id.
    pub fn new(mut prefix: Vec<u8>, length: usize) -> Self {
        if let Some(first) = prefix.first_mut() {
            *first = (*first & !LENGTH_BITS) | ((length - 1) as u8 & LENGTH_BITS);
        }
        Self { prefix, length }
    }

    pub const fn length(&self) -> usize {
        self.length
    }

    /// The server id that `id` names, if it may be one of this layout. The config rotation may be another: during an update, old
    /// and new processes live side by side.
    pub fn server_id<'a>(&self, id: &'a [u8]) -> Option<&'a [u8]> {
        let length_bits = |first: &u8| first & LENGTH_BITS;
        (id.len() == self.length
            && id.first().map(length_bits) == self.prefix.first().map(length_bits))
        .then(|| &id[1..self.prefix.len()])
    }

    pub fn own_server_id(&self) -> &[u8] {
        self.prefix.get(1..).unwrap_or_default()
    }

    fn generate(&self) -> ConnectionId {
        let mut bytes = [0; MAX_LENGTH];
        let id = &mut bytes[..self.length];
        id[..self.prefix.len()].copy_from_slice(&self.prefix);
        randomize(&mut id[self.prefix.len()..]);
        ConnectionId::from(&*id)
    }
}

impl ConnectionIdDecoder for Layout {
    fn decode_cid<'a>(&self, dec: &mut Decoder<'a>) -> Option<ConnectionIdRef<'a>> {
        dec.decode(self.length).map(ConnectionIdRef::from)
    }
}

/// Which connection an id belongs to. The hash is keyed (a peer chooses the first id of a connection).
#[derive(Debug, Default)]
pub struct Routes {
    handles: HashMap<Key, u32>,
}

pub type SharedRoutes = Rc<RefCell<Routes>>;

impl Routes {
    pub fn find(&self, id: &[u8]) -> Option<u32> {
        self.handles.get(&Key::new(id)?).copied()
    }

    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.handles.len()
    }
}

/// The ids of one connection. Dropping it forgets them.
#[derive(Debug)]
pub struct OwnIds {
    routes: SharedRoutes,
    handle: u32,
    /// Oldest first.
    keys: Vec<Key>,
}

impl OwnIds {
    pub fn new(routes: &SharedRoutes, handle: u32) -> Rc<RefCell<Self>> {
        Rc::new(RefCell::new(Self {
            routes: Rc::clone(routes),
            handle,
            keys: Vec::new(),
        }))
    }

    /// Routes packets with this id to the connection. An id that another connection has stays with that one.
    pub fn add(&mut self, id: &[u8]) {
        let Some(key) = Key::new(id) else { return };
        let mut routes = self.routes.borrow_mut();
        if routes.handles.contains_key(&key) {
            return;
        }
        if self.keys.len() == MAX_IDS {
            routes.handles.remove(&self.keys.remove(0));
        }
        routes.handles.insert(key, self.handle);
        self.keys.push(key);
    }
}

impl Drop for OwnIds {
    fn drop(&mut self) {
        let mut routes = self.routes.borrow_mut();
        for key in &self.keys {
            routes.handles.remove(key);
        }
    }
}

/// Makes the ids of one connection, or, without one, those in Retry packets.
pub struct Generator {
    layout: Rc<Layout>,
    tokens: Rc<ResetTokens>,
    ids: Option<Rc<RefCell<OwnIds>>>,
}

impl Generator {
    pub fn new(
        layout: &Rc<Layout>,
        tokens: &Rc<ResetTokens>,
        ids: Option<Rc<RefCell<OwnIds>>>,
    ) -> Self {
        Self {
            layout: Rc::clone(layout),
            tokens: Rc::clone(tokens),
            ids,
        }
    }
}

impl ConnectionIdDecoder for Generator {
    fn decode_cid<'a>(&self, dec: &mut Decoder<'a>) -> Option<ConnectionIdRef<'a>> {
        self.layout.decode_cid(dec)
    }
}

impl ConnectionIdGenerator for Generator {
    fn generate_cid(&mut self) -> Option<ConnectionId> {
        let id = self.layout.generate();
        if let Some(ids) = &self.ids {
            ids.borrow_mut().add(&id);
        }
        Some(id)
    }

    fn stateless_reset_token(&self, id: &ConnectionId) -> Option<[u8; 16]> {
        self.tokens.token(id)
    }

    fn as_decoder(&self) -> &dyn ConnectionIdDecoder {
        self
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, rc::Rc};

    use super::{Layout, OwnIds, Routes, MAX_IDS};

    #[test]
    fn ids_name_the_server() {
        crate::nss::init().unwrap();
        let layout = Layout::new(vec![0x40, 7, 9], 12);
        let id = layout.generate();
        assert_eq!(id.len(), 12);
        assert_eq!(id[0], 0x40 | 11, "config rotation 2, length - 1");
        assert_eq!(layout.server_id(&id), Some(&[7, 9][..]));
        assert_eq!(layout.server_id(&id[1..]), None, "another length");
        let rotated = Layout::new(vec![0x80, 7, 8], 12).generate();
        assert_eq!(layout.server_id(&rotated), Some(&[7, 8][..]));
        let mut foreign = rotated.to_vec();
        foreign[0] ^= 1;
        assert_eq!(layout.server_id(&foreign), None);
        assert_ne!(layout.generate(), id);
    }

    #[test]
    fn routes_go_with_the_connection_and_stay_bounded() {
        let routes = Rc::new(RefCell::new(Routes::default()));
        let ids = OwnIds::new(&routes, 5);
        for i in 0..2 * MAX_IDS {
            ids.borrow_mut().add(&[i as u8; 8]);
        }
        assert_eq!(routes.borrow().len(), MAX_IDS);
        assert_eq!(
            routes.borrow().find(&[0; 8]),
            None,
            "the oldest is forgotten"
        );
        assert_eq!(routes.borrow().find(&[2 * MAX_IDS as u8 - 1; 8]), Some(5));
        drop(ids);
        assert_eq!(routes.borrow().len(), 0);
    }

    #[test]
    fn an_id_stays_with_the_connection_that_has_it() {
        let routes = Rc::new(RefCell::new(Routes::default()));
        let (first, second) = (OwnIds::new(&routes, 1), OwnIds::new(&routes, 2));
        first.borrow_mut().add(&[1; 8]);
        second.borrow_mut().add(&[1; 8]);
        drop(second);
        assert_eq!(routes.borrow().find(&[1; 8]), Some(1));
        assert_eq!(routes.borrow().find(&[1; 21]), None, "too long for an id");
    }
}
