//! Byte strings that Rust owns and C reads.

use std::ptr;

use super::types::NeqoBytes;

/// Freed by [`neqo_byte_list_free`].
pub struct NeqoByteList(Vec<Vec<u8>>);

impl NeqoByteList {
    /// Gives a list to C; NULL for none.
    pub(super) fn give(items: Option<Vec<Vec<u8>>>) -> *mut Self {
        items.map_or(ptr::null_mut(), |items| {
            Box::into_raw(Box::new(Self(items)))
        })
    }
}

/// Number of items.
///
/// # Safety
///
/// `list` was given by this library and is not freed, or is NULL.
#[no_mangle]
pub unsafe extern "C" fn neqo_byte_list_count(list: *const NeqoByteList) -> usize {
    // SAFETY: valid by contract.
    unsafe { list.as_ref() }.map_or(0, |list| list.0.len())
}

/// An item, borrowed from the list.
///
/// # Safety
///
/// As for [`neqo_byte_list_count`].
#[no_mangle]
pub unsafe extern "C" fn neqo_byte_list_item(list: *const NeqoByteList, index: usize) -> NeqoBytes {
    // SAFETY: valid by contract.
    let item = unsafe { list.as_ref() }.and_then(|list| list.0.get(index));
    item.map_or(
        NeqoBytes {
            data: ptr::null(),
            length: 0,
        },
        |item| NeqoBytes {
            data: item.as_ptr(),
            length: item.len(),
        },
    )
}

/// Frees a list.
///
/// # Safety
///
/// As for [`neqo_byte_list_count`]; the list is not used afterwards.
#[no_mangle]
pub unsafe extern "C" fn neqo_byte_list_free(list: *mut NeqoByteList) {
    if !list.is_null() {
        // SAFETY: made by `NeqoByteList::give`, and not freed before.
        drop(unsafe { Box::from_raw(list) });
    }
}
