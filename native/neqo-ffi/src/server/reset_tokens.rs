//! Stateless reset tokens that need no memory of the connection (RFC 9000 10.3.2), and the datagrams that carry them.

use neqo_crypto::{
    constants::{TLS_AES_128_GCM_SHA256, TLS_VERSION_1_3},
    hkdf,
    hp::HpKey,
    random, randomize,
};

use crate::InitError;

/// Length of the key they are derived from, in bytes.
pub const KEY_LENGTH: usize = 32;
/// The derivation encrypts an id in one block.
pub const MAX_ID_LENGTH: usize = HpKey::SAMPLE_SIZE;

const TOKEN_LENGTH: usize = 16;
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
