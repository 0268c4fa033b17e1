//! Stateless reset tokens that need no memory of the connection (RFC 9000 10.3.2), and the datagrams that carry them.

use neqo_crypto::{
    constants::{TLS_AES_128_GCM_SHA256, TLS_VERSION_1_3},
    hkdf,
    hp::HpKey,
    random, randomize,
};

use neqo_transport::ConnectionId;

use crate::InitError;

/// Length of the key they are derived from, in bytes.
pub const KEY_LENGTH: usize = 32;
/// The derivation encrypts an id in one block.
pub const MAX_ID_LENGTH: usize = HpKey::SAMPLE_SIZE;

const TOKEN_LENGTH: usize = 16;
/// Last octets of the connection id in a refusal, by which what a client sends there is known.
const MARK_LENGTH: usize = 4;
/// RFC 9000 10.3: shorter ones are not taken for a packet.
const MIN_LENGTH: usize = 5 + TOKEN_LENGTH;
/// Long enough to look like any other short packet.
const MAX_LENGTH: usize = 43;

/// Derives tokens: AES of the connection id under a key that stays the same when the server is started again.
pub struct ResetTokens {
    key: HpKey,
}

impl ResetTokens {
    pub fn new(secret: &[u8]) -> Result<Self, InitError> {
        if secret.len() != KEY_LENGTH {
            return Err(InitError::new(format!(
                "statelessResetKey has {} bytes, not {KEY_LENGTH}",
                secret.len()
            )));
        }
        let key = hkdf::import_key(TLS_VERSION_1_3, secret)
            .and_then(|secret| {
                HpKey::extract(
                    TLS_VERSION_1_3,
                    TLS_AES_128_GCM_SHA256,
                    &secret,
                    "stateless reset",
                )
            })
            .map_err(|e| InitError::new(format!("NSS: {e:?}")))?;
        Ok(Self { key })
    }

    /// The token of a connection id; none if NSS fails or the id is longer than ours are.
    pub fn token(&self, id: &[u8]) -> Option<[u8; TOKEN_LENGTH]> {
        let mut block = [0; MAX_ID_LENGTH];
        block.get_mut(..id.len())?.copy_from_slice(id);
        self.key.mask(&block).ok()
    }

    /// Makes `id` the id of a refusal: its last octets are derived from the others.
    pub fn refusal_id(&self, id: &[u8]) -> Option<ConnectionId> {
        let (start, _) = id.split_at_checked(id.len().checked_sub(MARK_LENGTH)?)?;
        let mark = self.token(start)?;
        Some(ConnectionId::from(
            &[start, &mark[..MARK_LENGTH]].concat()[..],
        ))
    }

    /// Whether `id` is that of a refusal. There is no connection to it, but a client may answer (RFC 9000 10.2.3).
    pub fn is_refusal(&self, id: &[u8]) -> bool {
        self.refusal_id(id)
            .is_some_and(|refusal| refusal[..] == *id)
    }

    /// The answer to a short packet of `received` bytes with an id that no connection has. None if it would not be shorter
    /// than the packet: two peers could else answer each other forever (RFC 9000 10.3.3).
    pub fn datagram(&self, id: &[u8], received: usize) -> Option<Vec<u8>> {
        let length = (received.checked_sub(1)?).min(MAX_LENGTH);
        if length < MIN_LENGTH {
            return None;
        }
        let token = self.token(id)?;
        let mut datagram = vec![0; length];
        let (noise, end) = datagram.split_at_mut(length - TOKEN_LENGTH);
        randomize(&mut *noise);
        // The form of a short header: header form bit 0, fixed bit 1.
        noise[0] = (random::<1>()[0] & 0x3f) | 0x40;
        end.copy_from_slice(&token);
        Some(datagram)
    }
}

#[cfg(test)]
mod tests {
    use super::{ResetTokens, MAX_LENGTH, MIN_LENGTH};

    #[test]
    fn tokens_depend_on_key_and_id_only() {
        crate::nss::init().unwrap();
        let tokens = ResetTokens::new(&[1; 32]).unwrap();
        assert_eq!(
            tokens.token(&[5; 10]),
            ResetTokens::new(&[1; 32]).unwrap().token(&[5; 10])
        );
        assert_ne!(tokens.token(&[5; 10]), tokens.token(&[6; 10]));
        assert_ne!(
            tokens.token(&[5; 10]),
            ResetTokens::new(&[2; 32]).unwrap().token(&[5; 10])
        );
        assert!(ResetTokens::new(&[1; 31]).is_err());
        assert_eq!(tokens.token(&[5; 17]), None);
    }

    #[test]
    fn refusals_are_known_by_their_ids() {
        crate::nss::init().unwrap();
        let tokens = ResetTokens::new(&[1; 32]).unwrap();
        let refusal = tokens.refusal_id(&[5; 9]).unwrap();
        assert_eq!(refusal[..5], [5; 5]);
        assert!(tokens.is_refusal(&refusal));
        assert!(!tokens.is_refusal(&[5; 9]));
        assert!(!ResetTokens::new(&[2; 32]).unwrap().is_refusal(&refusal));
        assert!(!tokens.is_refusal(&[]));
        assert!(!tokens.is_refusal(&[5; 21]));
    }

    #[test]
    fn an_answer_is_shorter_than_what_it_answers() {
        crate::nss::init().unwrap();
        let tokens = ResetTokens::new(&[1; 32]).unwrap();
        assert_eq!(tokens.datagram(&[5; 10], MIN_LENGTH), None);
        let answer = tokens.datagram(&[5; 10], 1200).unwrap();
        assert_eq!(answer.len(), MAX_LENGTH);
        assert_eq!(answer[0] & 0xc0, 0x40);
        assert_eq!(answer[MAX_LENGTH - 16..], tokens.token(&[5; 10]).unwrap());
    }
}
