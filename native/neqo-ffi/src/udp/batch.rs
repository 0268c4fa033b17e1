//! Datagrams that go out in one system call: same source, destination, ECN mark and size, except for a shorter last one.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use neqo_common::Datagram;
use quinn_udp::EcnCodepoint;

/// Largest payload of one GSO call: 65,535 bytes less an IPv6 and a UDP header, which is within IPv4's limit as well.
pub(super) const MAX_BATCH_BYTES: usize = 65_535 - 40 - 8;

/// The unsent part of a batch. Survives a socket that would block.
#[derive(Debug)]
pub(super) struct Batch {
    bytes: Vec<u8>,
    /// Everything before this was sent or dropped.
    start: usize,
    /// Size of each datagram but a shorter last one.
    segment: usize,
    source: IpAddr,
    destination: SocketAddr,
    ecn: Option<EcnCodepoint>,
    /// Nothing may be added any more.
    closed: bool,
}

impl Batch {
    /// An empty batch; its addresses are those of the first datagram.
    pub const fn new() -> Self {
        Self {
            bytes: Vec::new(),
            start: 0,
            segment: 0,
            source: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            destination: SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0),
            ecn: None,
            closed: false,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.start == self.bytes.len()
    }

    pub const fn is_closed(&self) -> bool {
        self.closed
    }

    /// Size of the batch's datagrams in bytes.
    pub const fn segment(&self) -> usize {
        self.segment
    }

    /// The address to send from, if it is known.
    pub fn source(&self) -> Option<IpAddr> {
        (!self.source.is_unspecified()).then_some(self.source)
    }

    pub const fn destination(&self) -> SocketAddr {
        self.destination
    }

    pub const fn ecn(&self) -> Option<EcnCodepoint> {
        self.ecn
    }

    /// Datagrams in `length` bytes from the front.
    pub const fn datagrams_in(&self, length: usize) -> usize {
        length.div_ceil(self.segment)
    }

    /// Begins a batch with `datagram`. `alone` keeps others out.
    pub fn begin(&mut self, datagram: &Datagram, alone: bool) {
        debug_assert!(self.is_empty(), "the batch before was sent");
        self.bytes.clear();
        self.bytes.extend_from_slice(datagram.as_ref());
        self.start = 0;
        self.segment = datagram.len();
        self.source = datagram.source().ip();
        self.destination = datagram.destination();
        self.ecn = ecn_of(datagram);
        self.closed = alone;
    }

    /// Adds `datagram` if it may go out in the same call with at most `max_segments` datagrams; tells whether it did.
    pub fn add(&mut self, datagram: &Datagram, max_segments: usize) -> bool {
        let fits = !self.closed
            && datagram.len() <= self.segment
            && self.bytes.len() + datagram.len() <= MAX_BATCH_BYTES
            && self.bytes.len() / self.segment < max_segments
            && datagram.destination() == self.destination
            && datagram.source().ip() == self.source
            && ecn_of(datagram) == self.ecn;
        if fits {
            self.bytes.extend_from_slice(datagram.as_ref());
            self.closed = datagram.len() < self.segment;
        }
        fits
    }

    /// The next bytes to send in one call: at most `max_segments` datagrams.
    pub fn front(&self, max_segments: usize) -> &[u8] {
        let rest = &self.bytes[self.start..];
        &rest[..rest.len().min(self.segment * max_segments.max(1))]
    }

    /// Takes `length` bytes off the front.
    pub fn advance(&mut self, length: usize) {
        self.start += length;
    }
}

fn ecn_of(datagram: &Datagram) -> Option<EcnCodepoint> {
    EcnCodepoint::from_bits(datagram.tos().into())
}
