//! What a server's socket holds until the client's name is known, if there is no default credential.
//!
//! NSS refuses a ClientHello before it looks at the name if no certificate is configured (`ssl_CheckSignatureSchemes`). This
//! one lets the name be heard. It is never sent: the only signature scheme that the socket is given meanwhile does not fit
//! its curve, so that NSS cannot choose it (`tls13_SelectServerCert`).

use super::{
    credential::{Credential, CredentialError},
    private_key::{KeyKind, PrivateKey},
};

/// Whose signature scheme is enabled: not that of the placeholder's own curve, P-256.
pub const ENABLED: KeyKind = KeyKind::P384;

/// A certificate of version 1 (RFC 5280 4.1) without names, of one instant in 1970 and without a signature, around
/// the 91 octets of a P-256 key's `subjectPublicKeyInfo`.
const BEFORE_KEY: &[u8] = &[
    0x30, 0x81, 0xa0, // Certificate
    0x30, 0x81, 0x8e, // TBSCertificate
    0x02, 0x01, 0x01, // serialNumber
    0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03,
    0x02, // ecdsa-with-SHA256
    0x30, 0x00, // issuer
    0x30, 0x1e, // validity
    0x17, 0x0d, b'7', b'0', b'0', b'1', b'0', b'1', b'0', b'0', b'0', b'0', b'0', b'0',
    b'Z', //
    0x17, 0x0d, b'7', b'0', b'0', b'1', b'0', b'1', b'0', b'0', b'0', b'0', b'0', b'0',
    b'Z', //
    0x30, 0x00, // subject
];
const AFTER_KEY: &[u8] = &[
    0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03,
    0x02, // ecdsa-with-SHA256
    0x03, 0x01, 0x00, // signatureValue
];

/// Makes one with a key of its own.
///
/// # Errors
///
/// When NSS fails.
pub fn placeholder() -> Result<Credential, CredentialError> {
    let (key, key_info) = PrivateKey::generate_p256()?;
    Credential::unchecked(vec![[BEFORE_KEY, &key_info, AFTER_KEY].concat()], key)
}
