//! The parts of NSS that more than one module needs, or a server's credentials, and that `neqo_crypto` does not bind.
//! neqo-crypto links them.
//!
//! Sockets, certificates and keys are opaque here. The structures have the layout of NSS's `seccomon.h`, `certt.h` and
//! `sslt.h`.

use std::{
    ffi::{c_char, c_int, c_uint, c_void, CStr},
    ptr,
};

/// `SECItem`.
#[repr(C)]
pub struct SecItem {
    kind: c_uint,
    pub data: *mut u8,
    pub length: c_uint,
}

impl SecItem {
    /// A view of `bytes` for calls that only read it; it must not outlive them.
    pub fn of(bytes: &[u8]) -> Self {
        Self {
            kind: SI_BUFFER,
            data: bytes.as_ptr().cast_mut(),
            length: bytes.len() as c_uint,
        }
    }
}

/// `CERTCertificateList`, whose items belong to the caller (no arena).
#[repr(C)]
pub struct CertificateList {
    items: *const SecItem,
    length: c_int,
    arena: *mut c_void,
}

impl CertificateList {
    pub fn of(items: &[SecItem]) -> Self {
        Self {
            items: items.as_ptr(),
            length: items.len() as c_int,
            arena: ptr::null_mut(),
        }
    }
}

/// `SSLExtraServerCertData`.
#[repr(C)]
pub struct ExtraServerCertData {
    auth_type: c_uint,
    chain: *const CertificateList,
    ocsp_responses: *const c_void,
    certificate_timestamps: *const SecItem,
    delegated_credential: *const SecItem,
    delegated_key: *const c_void,
}

impl ExtraServerCertData {
    /// Limits the key to one `SSLAuthType`, and gives the chain to send.
    pub fn new(auth_type: c_uint, chain: &CertificateList) -> Self {
        Self {
            auth_type,
            chain,
            ocsp_responses: ptr::null(),
            certificate_timestamps: ptr::null(),
            delegated_credential: ptr::null(),
            delegated_key: ptr::null(),
        }
    }
}

/// `SSLSNISocketConfig`: gets the socket, the names, their count and the argument.
pub type SniSocketConfig =
    unsafe extern "C" fn(*mut c_void, *const SecItem, c_uint, *mut c_void) -> c_int;

extern "C" {
    fn PR_GetError() -> c_int;
    fn PR_ErrorToName(code: c_int) -> *const c_char;

    pub fn CERT_DecodeDERCertificate(
        der: *mut SecItem,
        copy: c_int,
        nickname: *mut c_char,
    ) -> *mut c_void;
    pub fn CERT_DestroyCertificate(certificate: *mut c_void);
    pub fn CERT_ExtractPublicKey(certificate: *mut c_void) -> *mut c_void;

    pub fn PK11_GetInternalSlot() -> *mut c_void;
    pub fn PK11_FreeSlot(slot: *mut c_void);
    pub fn PK11_ImportDERPrivateKeyInfoAndReturnKey(
        slot: *mut c_void,
        der: *mut SecItem,
        nickname: *mut SecItem,
        public_value: *mut SecItem,
        is_permanent: c_int,
        is_private: c_int,
        key_usage: c_uint,
        key: *mut *mut c_void,
        context: *mut c_void,
    ) -> c_int;
    pub fn PK11_SignatureLen(key: *mut c_void) -> c_int;
    pub fn PK11_Sign(key: *mut c_void, signature: *mut SecItem, hash: *const SecItem) -> c_int;
    pub fn PK11_Verify(
        key: *mut c_void,
        signature: *const SecItem,
        hash: *const SecItem,
        context: *mut c_void,
    ) -> c_int;

    pub fn SECITEM_FreeItem(item: *mut SecItem, with_structure: c_int);
    pub fn SECKEY_CreateECPrivateKey(
        curve: *mut SecItem,
        public_key: *mut *mut c_void,
        context: *mut c_void,
    ) -> *mut c_void;
    pub fn SECKEY_EncodeDERSubjectPublicKeyInfo(key: *const c_void) -> *mut SecItem;
    pub fn SECKEY_GetPublicKeyType(key: *const c_void) -> c_uint;
    pub fn SECKEY_PublicKeyStrengthInBits(key: *const c_void) -> c_uint;
    pub fn SECKEY_DestroyPublicKey(key: *mut c_void);
    pub fn SECKEY_DestroyPrivateKey(key: *mut c_void);

    pub fn SSL_ConfigServerCert(
        socket: *mut c_void,
        certificate: *mut c_void,
        key: *mut c_void,
        data: *const ExtraServerCertData,
        data_length: c_uint,
    ) -> c_int;
    pub fn SSL_SignatureSchemePrefSet(
        socket: *mut c_void,
        schemes: *const c_uint,
        count: c_uint,
    ) -> c_int;
    pub fn SSL_SNISocketConfigHook(
        socket: *mut c_void,
        hook: SniSocketConfig,
        argument: *mut c_void,
    ) -> c_int;
}

const SI_BUFFER: c_uint = 0;
/// `SECStatus`.
pub const SEC_SUCCESS: c_int = 0;
/// `KU_DIGITAL_SIGNATURE`.
pub const KEY_USAGE_SIGNATURE: c_uint = 0x80;

/// `KeyType`.
pub const KEY_TYPE_RSA: c_uint = 1;
pub const KEY_TYPE_EC: c_uint = 6;

/// `SSLAuthType`.
pub const AUTH_ECDSA: c_uint = 4;
pub const AUTH_RSA_SIGN: c_uint = 7;

/// Results of a [`SniSocketConfig`]: go on with the socket as it is now configured, or fail with `unrecognized_name`.
pub const SNI_CURRENT_CONFIG: c_int = -1;
pub const SNI_SEND_ALERT: c_int = -2;

/// The name of the calling thread's last NSS error, such as `SEC_ERROR_BAD_DER`.
pub fn last_error_name() -> String {
    // SAFETY: both calls only read; NSPR returns null or a static string.
    let name = unsafe { PR_ErrorToName(PR_GetError()) };
    if name.is_null() {
        return String::from("unknown NSS error");
    }
    // SAFETY: not null, and a static string that ends with NUL.
    unsafe { CStr::from_ptr(name) }
        .to_string_lossy()
        .into_owned()
}
