//! Isomorphic strings: one character of number 0 to 255 is one byte of the wire.
//!
//! neqo keeps header fields as `String`. With the patch to neqo-qpack, a field read from the wire has one `char` per byte,
//! and a field to be sent gives one byte per `char`.

/// The string whose characters have the numbers of `bytes`.
pub fn decode(bytes: &[u8]) -> String {
    if bytes.is_ascii() {
        String::from_utf8_lossy(bytes).into_owned()
    } else {
        bytes.iter().copied().map(char::from).collect()
    }
}

/// Bytes that [`encode`] will write for `text`.
pub fn encoded_len(text: &str) -> usize {
    if text.is_ascii() {
        text.len()
    } else {
        text.chars().count()
    }
}

/// Writes `text` to the beginning of `into` and returns the length. A character above 255, which neqo does not produce,
/// becomes a question mark.
///
/// # Panics
///
/// If `into` is shorter than [`encoded_len`].
pub fn encode(text: &str, into: &mut [u8]) -> usize {
    if text.is_ascii() {
        into[..text.len()].copy_from_slice(text.as_bytes());
        return text.len();
    }
    let mut length = 0;
    for c in text.chars() {
        into[length] = u8::try_from(c).unwrap_or(b'?');
        length += 1;
    }
    length
}

#[cfg(test)]
mod tests {
    use super::{decode, encode, encoded_len};

    #[test]
    fn every_byte_survives() {
        let bytes: Vec<u8> = (0..=255).collect();
        let text = decode(&bytes);
        assert_eq!(text.chars().count(), 256);
        assert_eq!(encoded_len(&text), 256);
        let mut back = [0; 256];
        assert_eq!(encode(&text, &mut back), 256);
        assert_eq!(&back[..], &bytes[..]);
    }

    #[test]
    fn ascii_is_copied() {
        let mut into = [0; 8];
        assert_eq!(encode("abc", &mut into), encoded_len("abc"));
        assert_eq!(&into[..3], b"abc");
        assert_eq!(decode(b"abc"), "abc");
    }

    #[test]
    fn characters_beyond_a_byte_are_replaced() {
        let mut into = [0; 2];
        assert_eq!(encode("\u{e9}\u{20ac}", &mut into), 2);
        assert_eq!(into, [0xe9, b'?']);
    }
}
