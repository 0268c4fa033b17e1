//! A private key in NSS's memory: what PKCS#8 says it is, its import, and the proof that it belongs to a certificate.

use std::{
    ffi::{c_uint, c_void},
    ptr, slice,
};

use super::credential::CredentialError;
use crate::nss_calls::{
    last_error_name, PK11_FreeSlot, PK11_GetInternalSlot, PK11_ImportDERPrivateKeyInfoAndReturnKey,
    PK11_Sign, PK11_SignatureLen, PK11_Verify, SECITEM_FreeItem, SECKEY_CreateECPrivateKey,
    SECKEY_DestroyPrivateKey, SECKEY_DestroyPublicKey, SECKEY_EncodeDERSubjectPublicKeyInfo,
    SecItem, AUTH_ECDSA, AUTH_RSA_SIGN, KEY_USAGE_SIGNATURE, SEC_SUCCESS,
};

/// The keys that a TLS 1.3 server of NSS can sign with (RFC 8446 4.2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    Rsa,
    P256,
    P384,
    P521,
}

impl KeyKind {
    /// What the TypeScript side calls it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rsa => "RSA",
            Self::P256 | Self::P384 | Self::P521 => "EC",
        }
    }

    pub const fn auth_type(self) -> c_uint {
        match self {
            Self::Rsa => AUTH_RSA_SIGN,
            Self::P256 | Self::P384 | Self::P521 => AUTH_ECDSA,
        }
    }

    /// `SignatureScheme` code points (RFC 8446 4.2.3): in TLS 1.3 a curve has one, and RSA signs with PSS only.
    pub const fn signature_schemes(self) -> &'static [c_uint] {
        match self {
            Self::Rsa => &[0x0804, 0x0805, 0x0806],
            Self::P256 => &[0x0403],
            Self::P384 => &[0x0503],
            Self::P521 => &[0x0603],
        }
    }

    /// Reads the algorithm from PKCS#8 (RFC 5958 2), so that refusals can name the reason; NSS's own errors do not.
    fn of(pkcs8: &[u8]) -> Result<Self, CredentialError> {
        let not_pkcs8 = || CredentialError::key_invalid("not a PKCS#8 private key in DER");
        let mut info = Der(pkcs8)
            .element(TAG_SEQUENCE)
            .map(Der)
            .ok_or_else(not_pkcs8)?;
        info.element(TAG_INTEGER).ok_or_else(not_pkcs8)?;
        let mut algorithm = info.element(TAG_SEQUENCE).map(Der).ok_or_else(not_pkcs8)?;
        let oid = algorithm.element(TAG_OID).ok_or_else(not_pkcs8)?;
        let key = info.element(TAG_OCTET_STRING).ok_or_else(not_pkcs8)?;
        match oid {
            OID_RSA => Ok(Self::Rsa),
            OID_EC => {
                let kind = match algorithm.element(TAG_OID) {
                    Some(OID_P256) => Self::P256,
                    Some(OID_P384) => Self::P384,
                    Some(OID_P521) => Self::P521,
                    _ => {
                        return Err(CredentialError::key_unsupported(
                            "EC key on a curve other than P-256, P-384 and P-521",
                        ))
                    }
                };
                if has_public_part(key) {
                    Ok(kind)
                } else {
                    Err(CredentialError::key_unsupported(
                        "EC key without its public part",
                    ))
                }
            }
            OID_RSA_PSS => Err(CredentialError::key_unsupported(
                "RSA-PSS key; RSA keys of type rsaEncryption work",
            )),
            OID_ED25519 | OID_ED448 => Err(CredentialError::key_unsupported("EdDSA key")),
            _ => Err(CredentialError::key_unsupported(
                "neither an EC nor an RSA key",
            )),
        }
    }
}

/// Whether ECPrivateKey (RFC 5915 3) has its optional publicKey, without which NSS cannot use it.
fn has_public_part(ec_private_key: &[u8]) -> bool {
    let Some(fields) = Der(ec_private_key).element(TAG_SEQUENCE) else {
        return false;
    };
    let mut fields = Der(fields);
    if fields.element(TAG_INTEGER).is_none() || fields.element(TAG_OCTET_STRING).is_none() {
        return false;
    }
    // Parameters are optional too.
    let _ = fields.element(TAG_CONTEXT_0);
    fields.element(TAG_CONTEXT_1).is_some()
}

/// A session object of NSS's internal token: never written to a database. Destroyed with the value.
#[derive(Debug)]
pub struct PrivateKey {
    key: *mut c_void,
    kind: KeyKind,
}

impl PrivateKey {
    /// Imports PKCS#8 DER.
    pub fn import(pkcs8: &[u8]) -> Result<Self, CredentialError> {
        let kind = KeyKind::of(pkcs8)?;
        let mut item = SecItem::of(pkcs8);
        let mut key = ptr::null_mut();
        // SAFETY: NSS copies from `item`, which outlives the call, and does not keep the other pointers. The slot is freed
        // once; the key keeps its own reference.
        let imported = unsafe {
            let slot = PK11_GetInternalSlot();
            if slot.is_null() {
                return Err(CredentialError::key_invalid(&last_error_name()));
            }
            let status = PK11_ImportDERPrivateKeyInfoAndReturnKey(
                slot,
                &mut item,
                ptr::null_mut(),
                ptr::null_mut(),
                0,
                1,
                KEY_USAGE_SIGNATURE,
                &mut key,
                ptr::null_mut(),
            );
            PK11_FreeSlot(slot);
            status == SEC_SUCCESS && !key.is_null()
        };
        if imported {
            Ok(Self { key, kind })
        } else {
            Err(CredentialError::key_invalid(&last_error_name()))
        }
    }

    /// Makes a key on P-256. Returns its SubjectPublicKeyInfo (RFC 5280 4.1) in DER too.
    pub fn generate_p256() -> Result<(Self, Vec<u8>), CredentialError> {
        let curve = [&[TAG_OID, OID_P256.len() as u8], OID_P256].concat();
        let mut curve = SecItem::of(&curve);
        let mut public_key = ptr::null_mut();
        // SAFETY: NSS keeps none of the pointers, and returns a key pair or null.
        let key =
            unsafe { SECKEY_CreateECPrivateKey(&mut curve, &mut public_key, ptr::null_mut()) };
        if key.is_null() {
            return Err(CredentialError::key_invalid(&last_error_name()));
        }
        let key = Self {
            key,
            kind: KeyKind::P256,
        };
        // SAFETY: `public_key` came with the key and is destroyed once; the item, if not null, has `length` octets and is
        // freed once, after they were copied.
        unsafe {
            let item = SECKEY_EncodeDERSubjectPublicKeyInfo(public_key);
            SECKEY_DestroyPublicKey(public_key);
            if item.is_null() {
                return Err(CredentialError::key_invalid(&last_error_name()));
            }
            let info = slice::from_raw_parts((*item).data, (*item).length as usize).to_vec();
            SECITEM_FreeItem(item, 1);
            Ok((key, info))
        }
    }

    pub const fn kind(&self) -> KeyKind {
        self.kind
    }

    /// `SECKEYPrivateKey`, valid as long as `self`.
    pub const fn as_ptr(&self) -> *mut c_void {
        self.key
    }

    /// Whether a signature of this key verifies with a public key: comparing public parts would trust what PKCS#8 claims.
    ///
    /// # Safety
    ///
    /// `public_key` must be a `SECKEYPublicKey` of the same algorithm.
    pub unsafe fn signs_for(&self, public_key: *mut c_void) -> bool {
        /// As long as the shortest hash of the signature schemes; what it is does not matter.
        const DIGEST: [u8; 32] = *b"necko-http3: is this key yours ?";
        // SAFETY: `self.key` is a key that lives as long as `self`.
        let length = unsafe { PK11_SignatureLen(self.key) };
        let Ok(length) = usize::try_from(length) else {
            return false;
        };
        let mut bytes = vec![0; length];
        let mut signature = SecItem::of(&[]);
        signature.data = bytes.as_mut_ptr();
        signature.length = length as c_uint;
        let digest = SecItem::of(&DIGEST);
        // SAFETY: `signature` has room for what PK11_SignatureLen promised; NSS keeps none of the pointers. The caller
        // vouches for `public_key`.
        unsafe {
            PK11_Sign(self.key, &mut signature, &digest) == SEC_SUCCESS
                && PK11_Verify(public_key, &signature, &digest, ptr::null_mut()) == SEC_SUCCESS
        }
    }
}

impl Drop for PrivateKey {
    fn drop(&mut self) {
        // SAFETY: the only reference that this value has, let go of once. Sockets have copies of their own.
        unsafe { SECKEY_DestroyPrivateKey(self.key) };
    }
}

/// The elements of a DER structure, read in turn.
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    /// Takes the next element's contents if it has this tag and is complete; otherwise nothing moves.
    fn element(&mut self, tag: u8) -> Option<&'a [u8]> {
        let (&found, rest) = self.0.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = if first < 0x80 {
            (usize::from(first), rest)
        } else {
            // Up to four octets of length: more than any key has.
            let octets = usize::from(first & 0x7f);
            if octets > 4 || octets > rest.len() {
                return None;
            }
            let (length, rest) = rest.split_at(octets);
            let length = length.iter().fold(0, |sum, &o| sum << 8 | usize::from(o));
            (length, rest)
        };
        if found != tag || length > rest.len() {
            return None;
        }
        let (contents, rest) = rest.split_at(length);
        self.0 = rest;
        Some(contents)
    }
}

const TAG_INTEGER: u8 = 0x02;
const TAG_OCTET_STRING: u8 = 0x04;
const TAG_OID: u8 = 0x06;
const TAG_SEQUENCE: u8 = 0x30;
const TAG_CONTEXT_0: u8 = 0xa0;
const TAG_CONTEXT_1: u8 = 0xa1;

/// 1.2.840.113549.1.1.1
const OID_RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
/// 1.2.840.113549.1.1.10
const OID_RSA_PSS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a];
/// 1.2.840.10045.2.1
const OID_EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
/// 1.2.840.10045.3.1.7
const OID_P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
/// 1.3.132.0.34
const OID_P384: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x22];
/// 1.3.132.0.35
const OID_P521: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x23];
/// 1.3.101.112
const OID_ED25519: &[u8] = &[0x2b, 0x65, 0x70];
/// 1.3.101.113
const OID_ED448: &[u8] = &[0x2b, 0x65, 0x71];
