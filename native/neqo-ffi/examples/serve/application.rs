//! Answers requests as their events come.

use std::{collections::HashMap, error::Error};

use neqo_ffi::{
    constants::{
        NEQO_SERVER_EVENT_DATA_WRITABLE, NEQO_SERVER_EVENT_HEAD, NEQO_SERVER_EVENT_REQUEST,
        NEQO_SERVER_EVENT_RESET, NEQO_SERVER_EVENT_STATE_CHANGE, NEQO_SERVER_EVENT_STOP_SENDING,
        NEQO_STATE_CLOSED,
    },
    server::Server,
};
use neqo_http3::StreamId;

/// What is handed to the engine at once, in octets.
const BLOCK: usize = 256 << 10;
const EVENT_BUFFER: usize = 256 << 10;

pub struct Application {
    events: Vec<u8>,
    block: Vec<u8>,
    /// Octets of bodies that are still to be sent.
    bodies: HashMap<(u32, StreamId), usize>,
}

impl Default for Application {
    fn default() -> Self {
        Self {
            events: vec![0; EVENT_BUFFER],
            block: vec![b'x'; BLOCK],
            bodies: HashMap::new(),
        }
    }
}

impl Application {
    /// Handles all events that wait.
    pub fn turn(&mut self, server: &mut Server<'_>) -> Result<(), Box<dyn Error>> {
        loop {
            let written = server.next_events(&mut self.events);
            let mut at = 0;
            while at < written.bytes {
                at += self.handle(server, at)?;
            }
            if !written.more {
                return Ok(());
            }
        }
    }

    /// Handles the record at an offset and returns its length.
    fn handle(&mut self, server: &mut Server<'_>, at: usize) -> Result<usize, Box<dyn Error>> {
        let record = &self.events[at..];
        let (kind, length) = (word(record, 0), word(record, 4) as usize);
        let (connection, flags) = (word(record, 32), word(record, 24));
        let stream = StreamId::from(f64::from_bits(
            u64::from(word(record, 8)) | u64::from(word(record, 12)) << 32,
        ) as u64);
        match kind {
            NEQO_SERVER_EVENT_REQUEST => {
                let size = size_of_path(&record[..length]).ok_or("a path is no number")?;
                let head = format!(":status\x00200\x00content-length\0{size}\0");
                let body = &self.block[..size.min(BLOCK)];
                let engine = &mut server.engine;
                let taken =
                    engine.respond(connection, stream, head.as_bytes(), body, size <= BLOCK)?;
                if taken < size {
                    self.bodies.insert((connection, stream), size - taken);
                    self.write(server, connection, stream);
                }
            }
            NEQO_SERVER_EVENT_DATA_WRITABLE => self.write(server, connection, stream),
            NEQO_SERVER_EVENT_RESET | NEQO_SERVER_EVENT_STOP_SENDING => {
                self.bodies.remove(&(connection, stream));
            }
            NEQO_SERVER_EVENT_STATE_CHANGE if flags & 0xff == NEQO_STATE_CLOSED => {
                self.bodies.retain(|(of, _), _| *of != connection);
                server.engine.release(connection)?;
            }
            _ => {}
        }
        Ok(length)
    }

    /// Sends as much of a body as is taken.
    fn write(&mut self, server: &mut Server<'_>, connection: u32, stream: StreamId) {
        let key = (connection, stream);
        while let Some(&left) = self.bodies.get(&key) {
            let data = &self.block[..left.min(BLOCK)];
            let fin = left <= BLOCK;
            match server.engine.send_data(connection, stream, data, fin) {
                Ok(taken) if taken < left => {
                    self.bodies.insert(key, left - taken);
                    if taken < data.len() {
                        return;
                    }
                }
                // All is sent, or nobody wants it any more.
                _ => {
                    self.bodies.remove(&key);
                }
            }
        }
    }
}

fn word(record: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([record[at], record[at + 1], record[at + 2], record[at + 3]])
}

/// The number in the `:path` of a request.
fn size_of_path(record: &[u8]) -> Option<usize> {
    let count = word(record, 28) as usize;
    let (lengths, mut text) = record[NEQO_SERVER_EVENT_HEAD..].split_at(8 * count);
    for lengths in lengths.chunks_exact(8) {
        let (name, rest) = text.split_at(word(lengths, 0) as usize);
        let (value, rest) = rest.split_at(word(lengths, 4) as usize);
        if name == b":path" {
            return std::str::from_utf8(value)
                .ok()?
                .strip_prefix('/')?
                .parse()
                .ok();
        }
        text = rest;
    }
    None
}
