//! Event records, read as `include/neqo_server_ffi.h` describes them.

use neqo_ffi::constants as c;

/// Octets in front of the payload.
const HEAD: usize = c::NEQO_SERVER_EVENT_HEAD;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Connection,
    StateChange,
    Request,
    DataReadable,
    DataWritable,
    Reset,
    StopSending,
    Trailers,
    PriorityUpdate,
    ServerName,
    Path,
    HeadersTooLarge,
}

const KINDS: [(u32, Kind); 12] = [
    (c::NEQO_SERVER_EVENT_CONNECTION, Kind::Connection),
    (c::NEQO_SERVER_EVENT_STATE_CHANGE, Kind::StateChange),
    (c::NEQO_SERVER_EVENT_REQUEST, Kind::Request),
    (c::NEQO_SERVER_EVENT_DATA_READABLE, Kind::DataReadable),
    (c::NEQO_SERVER_EVENT_DATA_WRITABLE, Kind::DataWritable),
    (c::NEQO_SERVER_EVENT_RESET, Kind::Reset),
    (c::NEQO_SERVER_EVENT_STOP_SENDING, Kind::StopSending),
    (c::NEQO_SERVER_EVENT_TRAILERS, Kind::Trailers),
    (c::NEQO_SERVER_EVENT_PRIORITY_UPDATE, Kind::PriorityUpdate),
    (c::NEQO_SERVER_EVENT_SERVER_NAME, Kind::ServerName),
    (c::NEQO_SERVER_EVENT_PATH, Kind::Path),
    (
        c::NEQO_SERVER_EVENT_HEADERS_TOO_LARGE,
        Kind::HeadersTooLarge,
    ),
];

#[derive(Debug, Clone)]
pub struct Event {
    pub kind: Kind,
    pub connection: u32,
    pub stream: u64,
    pub number: f64,
    pub flags: u32,
    count: usize,
    payload: Vec<u8>,
}

impl Event {
    /// All records in `bytes`.
    pub fn parse(mut bytes: &[u8]) -> Vec<Self> {
        let mut events = Vec::new();
        while !bytes.is_empty() {
            let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("4"));
            let double = |at: usize| f64::from_le_bytes(bytes[at..at + 8].try_into().expect("8"));
            let length = word(4) as usize;
            events.push(Self {
                kind: KINDS
                    .iter()
                    .find(|(number, _)| *number == word(0))
                    .map(|(_, kind)| *kind)
                    .expect("a known kind"),
                connection: word(32),
                stream: double(8) as u64,
                number: double(16),
                flags: word(24),
                count: word(28) as usize,
                payload: bytes[HEAD..length].to_vec(),
            });
            bytes = &bytes[length..];
        }
        events
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.payload[..self.count].to_vec()).expect("UTF-8")
    }

    pub fn header(&self, name: &str) -> Option<String> {
        let (lengths, mut text) = self.payload.split_at(8 * self.count);
        for lengths in lengths.chunks_exact(8) {
            let length =
                |at: usize| u32::from_le_bytes(lengths[at..at + 4].try_into().expect("4")) as usize;
            let (name_length, value_length) = (length(0), length(4));
            if &text[..name_length] == name.as_bytes() {
                let value = &text[name_length..name_length + value_length];
                return Some(String::from_utf8(value.to_vec()).expect("ASCII"));
            }
            text = &text[name_length + value_length..];
        }
        None
    }

    /// The stream has ended with this.
    pub fn is_fin(&self) -> bool {
        self.flags & 2 != 0
    }

    /// The connection's last event.
    pub fn is_end(&self) -> bool {
        self.kind == Kind::StateChange && self.flags & 0xff == c::NEQO_STATE_CLOSED
    }
}
