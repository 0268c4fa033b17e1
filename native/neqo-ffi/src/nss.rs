//! NSS's initialisation, and the key that it wraps the secrets of resumption tokens with.

use std::{
    ffi::{c_int, c_uint, c_ulong, c_void},
    ptr,
    sync::OnceLock,
};

use crate::nss_calls::{PK11_FreeSlot, PK11_GetInternalSlot, SecItem};

// Parts of NSS, which neqo-crypto links. Slots and keys are opaque.
extern "C" {
    fn PK11_ImportSymKeyWithFlags(
        slot: *mut c_void,
        mechanism: c_ulong,
        origin: c_uint,
        operation: c_ulong,
        key: *mut SecItem,
        flags: c_ulong,
        is_permanent: c_int,
        context: *mut c_void,
    ) -> *mut c_void;
    fn PK11_SetWrapKey(slot: *mut c_void, index: c_int, key: *mut c_void);
    fn PK11_FreeSymKey(key: *mut c_void);
}

const CKM_AES_ECB: c_ulong = 0x1081;
const PK11_ORIGIN_UNWRAP: c_uint = 4;
const CKA_WRAP: c_ulong = 0x106;
const CKF_WRAP_AND_UNWRAP: c_ulong = 0x2_0000 | 0x4_0000;
/// NSS has one such key for each slot.
const WRAP_INDEX: c_int = 0;

/// No secret: a token is one itself, as whoever has it can resume the session. Left alone, NSS makes a random key in each
/// process, and no other process can use the token (`ssl3_CacheWrappedSecret`).
const WRAP_KEY: [u8; 32] = *b"necko-http3 resumption wrap key.";

/// Initialises NSS without a database, once for the process, and makes its resumption tokens valid in every process.
///
/// # Errors
///
/// If NSS cannot be initialised.
pub fn init() -> Result<(), neqo_crypto::Error> {
    static WRAP_KEY_SET: OnceLock<()> = OnceLock::new();
    neqo_crypto::init()?;
    WRAP_KEY_SET.get_or_init(set_wrap_key);
    Ok(())
}

/// Without success tokens are good for this process only, as they are in NSS by itself.
fn set_wrap_key() {
    let mut item = SecItem::of(&WRAP_KEY);
    // SAFETY: NSS is initialised. It copies the key from `item`, which outlives the call; PK11_SetWrapKey takes the key's
    // object over, so that freeing our reference leaves it in the slot. Null is checked before it is used or freed.
    unsafe {
        let slot = PK11_GetInternalSlot();
        if slot.is_null() {
            return;
        }
        let key = PK11_ImportSymKeyWithFlags(
            slot,
            CKM_AES_ECB,
            PK11_ORIGIN_UNWRAP,
            CKA_WRAP,
            &mut item,
            CKF_WRAP_AND_UNWRAP,
            0,
            ptr::null_mut(),
        );
        if !key.is_null() {
            PK11_SetWrapKey(slot, WRAP_INDEX, key);
            PK11_FreeSymKey(key);
        }
        PK11_FreeSlot(slot);
    }
}
