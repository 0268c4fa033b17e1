//! A private key with its certificate chain, checked and kept in NSS's memory, never on disk.

use std::{
    error::Error,
    ffi::c_void,
    fmt::{self, Debug, Display, Formatter},
    ptr,
    rc::Rc,
};

use neqo_crypto::Server;

use super::private_key::{KeyKind, PrivateKey};
use crate::nss_calls::{
    last_error_name, CERT_DecodeDERCertificate, CERT_DestroyCertificate, CERT_ExtractPublicKey,
    CertificateList, ExtraServerCertData, SECKEY_DestroyPublicKey, SECKEY_GetPublicKeyType,
    SECKEY_PublicKeyStrengthInBits, SSL_ConfigServerCert, SSL_SignatureSchemePrefSet, SecItem,
    KEY_TYPE_EC, KEY_TYPE_RSA, SEC_SUCCESS,
};

/// Bits of an RSA modulus that are accepted: browsers refuse shorter ones, NSS longer ones (`SSL_MAX_RSA_KEY_BITS`).
const RSA_BITS: std::ops::RangeInclusive<u32> = 2048..=8192;

/// Why a chain and a key make no credential.
#[derive(Debug, PartialEq, Eq)]
pub struct CredentialError {
    /// `ERR_TLS_CERT_INVALID`, `ERR_TLS_KEY_INVALID`, `ERR_TLS_KEY_UNSUPPORTED` or `ERR_TLS_KEY_MISMATCH`.
    pub code: &'static str,
    pub message: String,
}

impl CredentialError {
    fn cert_invalid(reason: &str) -> Self {
        Self {
            code: "ERR_TLS_CERT_INVALID",
            message: format!("The certificate is not valid: {reason}"),
        }
    }

    pub(super) fn key_invalid(reason: &str) -> Self {
        Self {
            code: "ERR_TLS_KEY_INVALID",
            message: format!("The private key is not valid: {reason}"),
        }
    }

    pub(super) fn key_unsupported(what: &str) -> Self {
        Self {
            code: "ERR_TLS_KEY_UNSUPPORTED",
            message: format!("The private key is not supported: {what}"),
        }
    }

    fn key_mismatch() -> Self {
        Self {
            code: "ERR_TLS_KEY_MISMATCH",
            message: String::from("The private key does not belong to the certificate"),
        }
    }
}

impl Display for CredentialError {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        write!(f, "{} ({})", self.message, self.code)
    }
}

impl Error for CredentialError {}

/// Shared by the table and by the connections that use it: cheap to clone, bound to its thread.
#[derive(Clone, Debug)]
pub struct Credential(Rc<Inner>);

#[derive(Debug)]
struct Inner {
    leaf: Certificate,
    key: PrivateKey,
    /// DER, leaf first.
    chain: Vec<Vec<u8>>,
}

impl Credential {
    /// Takes the chain (DER, leaf first, then the intermediates to send) and the leaf's key (PKCS#8 DER).
    ///
    /// # Errors
    ///
    /// - `ERR_TLS_CERT_INVALID`: no certificate, one that is not X.509, or a leaf that must not sign (RFC 5280 4.2.1.3).
    /// - `ERR_TLS_KEY_INVALID`: not PKCS#8, or a key that NSS cannot read.
    /// - `ERR_TLS_KEY_UNSUPPORTED`: neither RSA of 2048 to 8192 bits nor EC on P-256, P-384 or P-521 with its public part.
    /// - `ERR_TLS_KEY_MISMATCH`: the key is not the leaf's.
    pub fn new(chain_der: &[Vec<u8>], pkcs8_der: &[u8]) -> Result<Self, CredentialError> {
        crate::nss::init().map_err(|e| CredentialError::key_invalid(&e.to_string()))?;
        for intermediate in chain_der.iter().skip(1) {
            Certificate::decode(intermediate)?;
        }
        let key = PrivateKey::import(pkcs8_der)?;
        let credential = Self::unchecked(chain_der.to_vec(), key)?;
        credential.0.leaf.check_key(&credential.0.key)?;
        // SAFETY: the socket is the probe's own.
        Server::with_context(Rc::new(()), |socket| unsafe {
            credential.configure(socket)
        })
        .map_err(|_| {
            CredentialError::cert_invalid("its key must not sign, or only with RSA-PSS")
        })?;
        Ok(credential)
    }

    /// Makes one of a chain that is not checked against the key.
    pub(super) fn unchecked(chain: Vec<Vec<u8>>, key: PrivateKey) -> Result<Self, CredentialError> {
        let leaf = chain
            .first()
            .ok_or_else(|| CredentialError::cert_invalid("the chain is empty"))?;
        let leaf = Certificate::decode(leaf)?;
        Ok(Self(Rc::new(Inner { leaf, key, chain })))
    }

    /// `'EC'` or `'RSA'`.
    #[must_use]
    pub fn key_type(&self) -> &'static str {
        self.0.key.kind().name()
    }

    /// Whether both are the same credential, not merely equal ones.
    pub(super) fn is(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }

    /// Makes a server's socket use this credential only. NSS copies the key's object and the chain, so that the socket
    /// keeps what it needs when the credential is gone.
    ///
    /// # Safety
    ///
    /// `socket` must be the `PRFileDesc` of a live TLS server of NSS.
    pub(super) unsafe fn configure(&self, socket: *mut c_void) -> Result<(), neqo_crypto::Error> {
        // SAFETY: the caller vouches for the socket.
        unsafe { self.configure_for(socket, self.0.key.kind()) }
    }

    /// As `configure`, but with the signature schemes of another kind of key.
    ///
    /// # Safety
    ///
    /// As that of `configure`.
    pub(super) unsafe fn configure_for(
        &self,
        socket: *mut c_void,
        enabled: KeyKind,
    ) -> Result<(), neqo_crypto::Error> {
        let Inner { leaf, key, chain } = &*self.0;
        let items: Vec<SecItem> = chain.iter().map(|der| SecItem::of(der)).collect();
        let list = CertificateList::of(&items);
        // Limited to signing: an RSA key that may also encrypt would become the process's ticket key, and stay.
        let data = ExtraServerCertData::new(key.kind().auth_type(), &list);
        // A credential of another type that the socket already has cannot be taken from it. Its signature schemes can,
        // without which NSS does not choose it (tls13_SelectServerCert).
        let schemes = enabled.signature_schemes();
        // SAFETY: leaf and key live as long as `self`, the rest as long as the call; NSS copies what it keeps. The caller
        // vouches for the socket.
        let configured = unsafe {
            SSL_ConfigServerCert(
                socket,
                leaf.0,
                key.as_ptr(),
                &data,
                size_of::<ExtraServerCertData>() as u32,
            ) == SEC_SUCCESS
                && SSL_SignatureSchemePrefSet(socket, schemes.as_ptr(), schemes.len() as u32)
                    == SEC_SUCCESS
        };
        if configured {
            Ok(())
        } else {
            Err(neqo_crypto::Error::CertificateLoading)
        }
    }
}

/// `CERTCertificate`. Decoded by itself, not entered in NSS's store of temporary certificates: that refuses one with the
/// issuer and serial number of another, as test tools like to issue them.
#[derive(Debug)]
struct Certificate(*mut c_void);

impl Certificate {
    fn decode(der: &[u8]) -> Result<Self, CredentialError> {
        let mut item = SecItem::of(der);
        // SAFETY: NSS copies the DER and keeps no pointer.
        let certificate = unsafe { CERT_DecodeDERCertificate(&mut item, 1, ptr::null_mut()) };
        if certificate.is_null() {
            Err(CredentialError::cert_invalid(&last_error_name()))
        } else {
            Ok(Self(certificate))
        }
    }

    /// Whether `key` is the certificate's.
    fn check_key(&self, key: &PrivateKey) -> Result<(), CredentialError> {
        let public_key = PublicKey::of(self)?;
        let kind = key.kind();
        match public_key.key_type() {
            KEY_TYPE_RSA if kind == KeyKind::Rsa => {
                let bits = public_key.bits();
                if !RSA_BITS.contains(&bits) {
                    return Err(CredentialError::key_unsupported(&format!(
                        "RSA key of {bits} bits; {} to {} bits work",
                        RSA_BITS.start(),
                        RSA_BITS.end()
                    )));
                }
            }
            KEY_TYPE_EC if kind != KeyKind::Rsa => {}
            _ => return Err(CredentialError::key_mismatch()),
        }
        // SAFETY: both are EC, or both are RSA.
        if unsafe { key.signs_for(public_key.0) } {
            Ok(())
        } else {
            Err(CredentialError::key_mismatch())
        }
    }
}

impl Drop for Certificate {
    fn drop(&mut self) {
        // SAFETY: the only reference that this value has, let go of once. Sockets have references of their own.
        unsafe { CERT_DestroyCertificate(self.0) };
    }
}

/// `SECKEYPublicKey`.
struct PublicKey(*mut c_void);

impl PublicKey {
    fn of(certificate: &Certificate) -> Result<Self, CredentialError> {
        // SAFETY: the certificate is live.
        let key = unsafe { CERT_ExtractPublicKey(certificate.0) };
        if key.is_null() {
            Err(CredentialError::cert_invalid(&last_error_name()))
        } else {
            Ok(Self(key))
        }
    }

    fn key_type(&self) -> u32 {
        // SAFETY: the key is live.
        unsafe { SECKEY_GetPublicKeyType(self.0) }
    }

    fn bits(&self) -> u32 {
        // SAFETY: the key is live.
        unsafe { SECKEY_PublicKeyStrengthInBits(self.0) }
    }
}

impl Drop for PublicKey {
    fn drop(&mut self) {
        // SAFETY: the only reference, let go of once.
        unsafe { SECKEY_DestroyPublicKey(self.0) };
    }
}

#[cfg(test)]
#[path = "credential_tests.rs"]
mod tests;
