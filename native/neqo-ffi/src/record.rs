//! Event records: the form in which events go to C. Their layout is described in `include/neqo_ffi.h`.

use std::borrow::Cow;

use neqo_http3::{Header, Http3State};

use crate::{
    close::Close,
    constants::{NEQO_CLOSE_NONE, NEQO_EVENT_HEAD, NEQO_SERVER_EVENT_HEAD},
    events::state_number,
    latin1,
};

/// Of the flags of a state change; the next octet is the kind of close.
const STATE_MASK: u32 = 0xff;

/// What a call that writes records did.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Written {
    pub bytes: usize,
    /// Events are left that did not fit.
    pub more: bool,
    /// Capacity that the next event needs if it is larger than the whole buffer, else 0.
    pub needed: usize,
}

impl Written {
    /// Appends `record` to `buffer`. False if it does not fit: it is to be kept for the next call.
    pub fn append(&mut self, record: &Record<'_>, buffer: &mut [u8]) -> bool {
        let length = record.length();
        if length > buffer.len() - self.bytes {
            if length > buffer.len() {
                self.needed = length;
            }
            self.more = true;
            return false;
        }
        record.write(&mut buffer[self.bytes..self.bytes + length]);
        self.bytes += length;
        true
    }
}

/// Variable part of a record.
enum Payload<'a> {
    None,
    Headers(&'a [Header]),
    Bytes(Cow<'a, [u8]>),
}

impl Payload<'_> {
    fn length(&self) -> usize {
        match self {
            Self::None => 0,
            Self::Headers(headers) => headers
                .iter()
                .map(|h| 8 + latin1::encoded_len(h.name()) + latin1::encoded_len(h.value()))
                .sum(),
            Self::Bytes(bytes) => bytes.len(),
        }
    }

    fn count(&self) -> usize {
        match self {
            Self::None => 0,
            Self::Headers(headers) => headers.len(),
            Self::Bytes(bytes) => bytes.len(),
        }
    }

    /// Writes to the beginning of `into` and returns the length.
    fn write(&self, into: &mut [u8]) -> usize {
        match self {
            Self::None => 0,
            Self::Headers(headers) => {
                let (lengths, mut text) = into.split_at_mut(8 * headers.len());
                let mut total = lengths.len();
                for (header, entry) in headers.iter().zip(lengths.chunks_exact_mut(8)) {
                    let name = latin1::encode(header.name(), text);
                    let value = latin1::encode(header.value(), &mut text[name..]);
                    entry[..4].copy_from_slice(&u32_of(name).to_le_bytes());
                    entry[4..].copy_from_slice(&u32_of(value).to_le_bytes());
                    text = &mut text[name + value..];
                    total += name + value;
                }
                total
            }
            Self::Bytes(bytes) => {
                into[..bytes.len()].copy_from_slice(bytes);
                bytes.len()
            }
        }
    }
}

/// One event in the terms of the record layout.
pub struct Record<'a> {
    kind: u32,
    stream_id: u64,
    a: f64,
    flags: u32,
    payload: Payload<'a>,
    /// Only in a server's records.
    connection: Option<u32>,
}

impl<'a> Record<'a> {
    pub const fn bare(kind: u32) -> Self {
        Self {
            kind,
            stream_id: 0,
            a: 0.0,
            flags: 0,
            payload: Payload::None,
            connection: None,
        }
    }

    pub const fn on(kind: u32, stream_id: u64) -> Self {
        let mut record = Self::bare(kind);
        record.stream_id = stream_id;
        record
    }

    pub fn value(mut self, a: u64) -> Self {
        // Codes are varints of up to 62 bits; JavaScript's numbers round those above 2^53.
        self.a = a as f64;
        self
    }

    /// Milliseconds.
    pub fn time(mut self, ms: f64) -> Self {
        self.a = ms;
        self
    }

    pub fn flags(mut self, flags: u32) -> Self {
        self.flags = flags;
        self
    }

    pub fn headers(mut self, headers: &'a [Header]) -> Self {
        self.payload = Payload::Headers(headers);
        self
    }

    pub fn bytes(mut self, bytes: impl Into<Cow<'a, [u8]>>) -> Self {
        self.payload = Payload::Bytes(bytes.into());
        self
    }

    /// A state change of `kind`.
    pub fn state(kind: u32, state: &'a Http3State) -> Self {
        let number = state_number(state);
        match state {
            Http3State::Initializing | Http3State::ZeroRtt | Http3State::Connected => {
                Self::bare(kind).flags(number | NEQO_CLOSE_NONE << 8)
            }
            Http3State::GoingAway(stream_id) => {
                Self::on(kind, stream_id.as_u64()).flags(number | NEQO_CLOSE_NONE << 8)
            }
            Http3State::Closing(reason) | Http3State::Closed(reason) => {
                let close = Close::from(reason);
                Self::bare(kind)
                    .value(close.code)
                    .flags(number | close.kind << 8)
                    .bytes(close.text)
            }
        }
    }

    /// Names another kind of close in the record of a state change.
    pub const fn closed_by(mut self, close_kind: u32) -> Self {
        self.flags = self.flags & STATE_MASK | close_kind << 8;
        self
    }

    /// Makes it a record of a server's connection.
    pub const fn of_connection(mut self, handle: u32) -> Self {
        self.connection = Some(handle);
        self
    }

    const fn head(&self) -> usize {
        if self.connection.is_some() {
            NEQO_SERVER_EVENT_HEAD
        } else {
            NEQO_EVENT_HEAD
        }
    }

    /// Bytes of the whole record, a multiple of 8.
    fn length(&self) -> usize {
        (self.head() + self.payload.length()).next_multiple_of(8)
    }

    /// `into` has exactly [`Self::length`] bytes.
    fn write(&self, into: &mut [u8]) {
        let length = into.len();
        let (head, payload) = into.split_at_mut(self.head());
        head[0..4].copy_from_slice(&self.kind.to_le_bytes());
        head[4..8].copy_from_slice(&u32_of(length).to_le_bytes());
        head[8..16].copy_from_slice(&(self.stream_id as f64).to_le_bytes());
        head[16..24].copy_from_slice(&self.a.to_le_bytes());
        head[24..28].copy_from_slice(&self.flags.to_le_bytes());
        head[28..32].copy_from_slice(&u32_of(self.payload.count()).to_le_bytes());
        if let Some(handle) = self.connection {
            head[32..36].copy_from_slice(&handle.to_le_bytes());
            head[36..40].fill(0);
        }
        let used = self.payload.write(payload);
        payload[used..].fill(0);
    }
}

/// Lengths inside a record; the peer's header blocks and datagrams are far below 4 GiB.
fn u32_of(length: usize) -> u32 {
    u32::try_from(length).expect("event records are shorter than 4 GiB")
}
