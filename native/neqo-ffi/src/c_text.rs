//! Text in arrays of C.

use std::ffi::c_char;

/// Copies as much of `text` as fits with its NUL.
pub fn c_text<const N: usize>(text: &str) -> [c_char; N] {
    let mut into = [0; N];
    for (into, byte) in into[..N - 1].iter_mut().zip(text.bytes()) {
        *into = byte as c_char;
    }
    into
}
