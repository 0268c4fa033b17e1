//! What is to be fetched, what a right answer is, and the counts.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    time::{Duration, Instant},
};

use crate::{options::Options, samples::Samples};

/// The pattern is the bytes 0 to 250: 251 is prime, so that a shifted block shows.
const PERIOD: usize = 251;
/// Bytes of one read.
pub const READ_SIZE: usize = 256 * 1024;
const NUMBER: &str = "{n}";

/// One request under way.
pub struct Request {
    number: usize,
    began: Instant,
    received: u64,
}

/// Work that is left, and what came of the work that was done; shared by all connections.
pub struct Work {
    path: String,
    length: Option<u64>,
    /// Long enough that a whole read can be compared from any place in the period on.
    pattern: Option<Vec<u8>>,
    /// Requests not begun.
    pub left: usize,
    begun: usize,
    pub done: usize,
    pub failed: usize,
    pub bytes: u64,
    pub connected: usize,
    pub connections_failed: usize,
    pub handshakes: Samples,
    pub latencies: Samples,
    errors: BTreeMap<String, usize>,
    pub buffer: Vec<u8>,
}

impl Work {
    pub fn new(options: &Options) -> Self {
        let pattern = || (0..READ_SIZE + PERIOD).map(|i| (i % PERIOD) as u8);
        Self {
            path: options.path.clone(),
            length: options.length,
            pattern: options.pattern.then(|| pattern().collect()),
            left: 0,
            begun: 0,
            done: 0,
            failed: 0,
            bytes: 0,
            connected: 0,
            connections_failed: 0,
            handshakes: Samples::default(),
            latencies: Samples::default(),
            errors: BTreeMap::new(),
            buffer: vec![0; READ_SIZE],
        }
    }

    /// Path of the next request.
    pub fn next_path(&self) -> String {
        self.path.replace(NUMBER, &self.begun.to_string())
    }

    /// The next request was sent.
    pub fn begin(&mut self) -> Request {
        self.left -= 1;
        self.begun += 1;
        Request {
            number: self.begun - 1,
            began: Instant::now(),
            received: 0,
        }
    }

    /// Looks at `count` bytes that were read into the buffer.
    ///
    /// # Errors
    ///
    /// If they are not those of the pattern.
    pub fn take(&mut self, request: &mut Request, count: usize) -> Result<(), &'static str> {
        if let Some(pattern) = &self.pattern {
            let first = if self.path.contains(NUMBER) {
                request.number % PERIOD
            } else {
                0
            };
            let at = (first + (request.received % PERIOD as u64) as usize) % PERIOD;
            if self.buffer[..count] != pattern[at..at + count] {
                return Err("wrong bytes");
            }
        }
        request.received += count as u64;
        self.bytes += count as u64;
        Ok(())
    }

    /// The body ended.
    pub fn finish(&mut self, request: &Request) {
        if self.length.is_some_and(|length| length != request.received) {
            self.fail("wrong length");
            return;
        }
        self.latencies.add(request.began.elapsed());
        self.done += 1;
    }

    pub fn connected(&mut self, after: Duration) {
        self.connected += 1;
        self.handshakes.add(after);
    }

    /// A request failed.
    pub fn fail(&mut self, reason: &str) {
        self.failed += 1;
        self.note(reason);
    }

    /// A connection failed that was not yet connected, or lost its requests. What it would have done next fails with it, so
    /// that a server that takes no connections ends the run.
    pub fn connection_failed(&mut self, reason: &str, requests: usize) {
        self.connections_failed += 1;
        self.failed += requests;
        if requests == 0 && self.left > 0 {
            self.left -= 1;
            self.begun += 1;
            self.failed += 1;
        }
        self.note(reason);
    }

    fn note(&mut self, reason: &str) {
        *self.errors.entry(reason.to_string()).or_default() += 1;
    }

    /// Counts and percentiles since the last report, as the members of a JSON object.
    pub fn report(&mut self) -> String {
        let mut errors = String::new();
        for (reason, count) in std::mem::take(&mut self.errors) {
            let comma = if errors.is_empty() { "" } else { "," };
            // Rust's escapes of what neqo's errors consist of are those of JSON.
            let _ = write!(errors, "{comma}{reason:?}:{count}");
        }
        let text = format!(
            "\"bytes\":{},\"requests\":{},\"failed\":{},\"connected\":{},\"connectionsFailed\":{},\
             \"handshakeMs\":{},\"latencyMs\":{},\"errors\":{{{errors}}}",
            self.bytes,
            self.done,
            self.failed,
            self.connected,
            self.connections_failed,
            std::mem::take(&mut self.handshakes).into_percentiles(),
            std::mem::take(&mut self.latencies).into_percentiles(),
        );
        (self.bytes, self.done, self.failed) = (0, 0, 0);
        (self.connected, self.connections_failed) = (0, 0);
        text
    }
}
