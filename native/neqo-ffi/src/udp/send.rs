//! Writing: datagrams from neqo are collected into batches, and each batch goes out with one sendmsg (GSO) where it can.

use std::{
    io::{self, ErrorKind},
    time::Duration,
};

use neqo_common::Datagram;
use neqo_transport::Output;
use quinn_udp::Transmit;

use super::{batch::Batch, UdpStats};

/// When neqo wants to be called again.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum Wakeup {
    /// Only when something arrives or is asked for.
    #[default]
    Never,
    /// Whole milliseconds, at least 1. Rounded up: called earlier, neqo would only ask again.
    After(u64),
}

impl From<Duration> for Wakeup {
    fn from(delay: Duration) -> Self {
        let ms = delay.as_nanos().div_ceil(1_000_000).max(1);
        Self::After(u64::try_from(ms).unwrap_or(u64::MAX))
    }
}

/// What a call sent.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    pub bytes: usize,
    pub datagrams: usize,
    /// The socket would block; the rest is kept for the next call.
    pub blocked: bool,
    /// It stopped at its bound; there may be more to send.
    pub more: bool,
    /// First socket error of the call, or 0.
    pub errno: i32,
    /// Known unless `blocked` or `more`.
    pub wakeup: Wakeup,
}

/// Where datagrams go to: a socket, or a test.
pub(super) trait Transmitter {
    /// Datagrams that one call can carry; falls to 1 when the kernel or the device turns out not to do GSO.
    fn max_segments(&self) -> usize;
    fn transmit(&self, transmit: &Transmit<'_>) -> io::Result<()>;
}

/// What to do after a failed system call.
enum Failure {
    /// The socket would block.
    Blocked,
    /// Try again with the datagrams one by one.
    Split,
    /// Try again as it is: the error belonged to an earlier datagram.
    Retry,
    /// Leave the datagram to loss recovery.
    Drop,
}

/// The datagrams on their way from neqo to the socket.
#[derive(Debug)]
pub(super) struct Sender {
    batch: Batch,
    /// A datagram that came after `batch` and does not go with it.
    held: Option<Datagram>,
    /// Largest datagram the socket took so far, in bytes. A larger one may be a PMTUD probe that fails with EMSGSIZE, so it
    /// goes out alone: in a GSO call it would take others with it, and old kernels answer EINVAL, which ends GSO.
    largest: usize,
}

impl Default for Sender {
    fn default() -> Self {
        Self {
            batch: Batch::new(),
            held: None,
            largest: 0,
        }
    }
}

impl Sender {
    pub fn run(
        &mut self,
        socket: &impl Transmitter,
        stats: &mut UdpStats,
        max_datagrams: usize,
        mut next: impl FnMut() -> Output,
    ) -> Sent {
        let mut sent = Sent::default();
        let mut end = None;
        loop {
            if !self.flush(socket, stats, &mut sent) {
                sent.blocked = true;
                break;
            }
            if let Some(wakeup) = end {
                sent.wakeup = wakeup;
                break;
            }
            if sent.datagrams >= max_datagrams {
                sent.more = true;
                break;
            }
            let room = (max_datagrams - sent.datagrams).min(socket.max_segments());
            end = self.fill(room, &mut next);
        }
        stats.bytes_sent += sent.bytes as u64;
        stats.datagrams_sent += sent.datagrams as u64;
        sent
    }

    /// Collects one batch of at most `max_segments`. Returns when to wake up if neqo has no more.
    fn fill(&mut self, max_segments: usize, next: &mut impl FnMut() -> Output) -> Option<Wakeup> {
        while !self.batch.is_closed() || self.batch.is_empty() {
            let datagram = match self.held.take().map_or_else(&mut *next, Output::Datagram) {
                Output::Datagram(datagram) => datagram,
                Output::Callback(delay) => return Some(delay.into()),
                Output::None => return Some(Wakeup::Never),
            };
            if self.batch.is_empty() {
                let alone = max_segments == 1 || datagram.len() > self.largest;
                self.batch.begin(&datagram, alone);
            } else if !self.batch.add(&datagram, max_segments) {
                self.held = Some(datagram);
                break;
            }
        }
        None
    }

    /// Sends the batch; false if the socket would block before its end.
    fn flush(&mut self, socket: &impl Transmitter, stats: &mut UdpStats, sent: &mut Sent) -> bool {
        let mut split = false;
        let mut retried = false;
        while !self.batch.is_empty() {
            let max_segments = if split { 1 } else { socket.max_segments() };
            let contents = self.batch.front(max_segments);
            let (length, datagrams) = (contents.len(), self.batch.datagrams_in(contents.len()));
            stats.send_calls += 1;
            let result = socket.transmit(&Transmit {
                destination: self.batch.destination(),
                ecn: self.batch.ecn(),
                contents,
                segment_size: (datagrams > 1).then(|| self.batch.segment()),
                src_ip: self.batch.source(),
            });
            let Err(error) = result else {
                sent.bytes += length;
                sent.datagrams += datagrams;
                self.largest = self.largest.max(self.batch.segment().min(length));
                self.batch.advance(length);
                retried = false;
                continue;
            };
            match classify(&error, datagrams, retried) {
                Failure::Blocked => {
                    stats.would_block_send += 1;
                    return false;
                }
                Failure::Split => split = true,
                Failure::Retry => {
                    note(sent, &error);
                    retried = true;
                }
                Failure::Drop => {
                    if error.raw_os_error() == Some(libc::EMSGSIZE) {
                        self.largest = self.largest.min(length - 1);
                    } else {
                        note(sent, &error);
                    }
                    self.batch.advance(length);
                    retried = false;
                }
            }
        }
        true
    }
}

fn classify(error: &io::Error, datagrams: usize, retried: bool) -> Failure {
    match error.raw_os_error() {
        _ if error.kind() == ErrorKind::WouldBlock => Failure::Blocked,
        // EIO, EINVAL: no GSO here (quinn-udp has noted that). EMSGSIZE: the path's MTU fell below the segment size.
        Some(libc::EIO | libc::EINVAL | libc::EMSGSIZE) if datagrams > 1 => Failure::Split,
        // A PMTUD probe, or any datagram after the MTU fell: neqo finds out by loss.
        Some(libc::EMSGSIZE) => Failure::Drop,
        // On a connected socket an ICMP error for an earlier datagram surfaces on the next call, once.
        _ if !retried => Failure::Retry,
        _ => Failure::Drop,
    }
}

/// Keeps the first error of a call.
fn note(sent: &mut Sent, error: &io::Error) {
    if sent.errno == 0 {
        sent.errno = error.raw_os_error().unwrap_or(libc::EIO);
    }
}
