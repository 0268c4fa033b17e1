//! Reading: recvmmsg into buffers that all connections of a thread share, a whole batch handed on at once.

use std::{
    array,
    cell::RefCell,
    io::{self, ErrorKind, IoSliceMut},
    net::{IpAddr, SocketAddr, SocketAddrV6},
    slice::ChunksMut,
};

use neqo_common::{Datagram, IpTos};
use quinn_udp::{RecvMeta, BATCH_SIZE};

use super::UdpStats;

/// Room for the largest run of segments that GRO joins: one IP packet's worth.
const BUFFER_SIZE: usize = 1 << 16;

/// An ICMP error waits on a connected socket and is told once. More than a few in one call mean that the socket itself is
/// broken (closed, interface gone): stop then instead of spinning.
const MAX_ERRORS: usize = 4;

thread_local! {
    // The kernel's zero pages back the part that was never written to, so an idle process does not pay 2 MiB.
    static BUFFERS: RefCell<Vec<u8>> = RefCell::new(vec![0; BATCH_SIZE * BUFFER_SIZE]);
}

/// What a call read.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Received {
    pub bytes: usize,
    pub datagrams: usize,
    /// It stopped at its bound; the socket may have more.
    pub more: bool,
    /// First socket error of the call, or 0.
    pub errno: i32,
}

/// Where datagrams come from: a socket, or a test.
pub(super) trait Source {
    /// Fills `buffers` and `metas` and returns how many, as recvmmsg.
    fn receive(&self, buffers: &mut [IoSliceMut<'_>], metas: &mut [RecvMeta]) -> io::Result<usize>;
}

/// Whose addresses a datagram has.
#[derive(Debug, Clone, Copy)]
pub(super) enum Addresses {
    /// The kernel lets only the peer's datagrams through a connected socket. Its address is used as neqo knows it: the one
    /// in the message may differ in IPv6 scope or flow label.
    Connected {
        local: SocketAddr,
        remote: SocketAddr,
    },
    /// Those of the message. `local` is where the socket is bound to, maybe the wildcard.
    Unconnected { local: SocketAddr },
}

impl Addresses {
    /// The same peers, from another local address.
    pub const fn moved(self, local: SocketAddr) -> Self {
        match self {
            Self::Connected { remote, .. } => Self::Connected { local, remote },
            Self::Unconnected { .. } => Self::Unconnected { local },
        }
    }

    /// Local and remote address of a message. IPv4 that came through an IPv6 socket is IPv4 here.
    fn of(&self, meta: &RecvMeta) -> (SocketAddr, SocketAddr) {
        match *self {
            Self::Connected { local, remote } => (local, remote),
            Self::Unconnected { local } => {
                let ip = meta.dst_ip.unwrap_or_else(|| local.ip()).to_canonical();
                (SocketAddr::new(ip, local.port()), canonical(meta.addr))
            }
        }
    }
}

/// A link-local address is of no use without its scope; a flow label is none of an address's business.
fn canonical(address: SocketAddr) -> SocketAddr {
    match (address, address.ip().to_canonical()) {
        (SocketAddr::V6(v6), IpAddr::V6(_)) => {
            SocketAddrV6::new(*v6.ip(), v6.port(), 0, v6.scope_id()).into()
        }
        (_, ip) => SocketAddr::new(ip, address.port()),
    }
}

/// The run of segments that is being handed out.
struct Run<'a> {
    local: SocketAddr,
    remote: SocketAddr,
    tos: IpTos,
    chunks: ChunksMut<'a, u8>,
}

/// Datagrams of one batch, cut at the segment boundaries that GRO reports.
pub struct Segments<'a> {
    rest: array::IntoIter<(RecvMeta, &'a mut [u8]), BATCH_SIZE>,
    left: usize,
    current: Option<Run<'a>>,
    addresses: Addresses,
}

impl<'a> Iterator for Segments<'a> {
    type Item = Datagram<&'a mut [u8]>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(run) = &mut self.current {
                if let Some(segment) = run.chunks.next() {
                    return Some(Datagram::from_slice(
                        run.remote, run.local, run.tos, segment,
                    ));
                }
            }
            if self.left == 0 {
                return None;
            }
            self.left -= 1;
            let (meta, buffer) = self.rest.next()?;
            let (local, remote) = self.addresses.of(&meta);
            self.current = Some(Run {
                local,
                remote,
                tos: meta
                    .ecn
                    .map_or_else(IpTos::default, |ecn| IpTos::from(ecn as u8)),
                // An empty datagram has no segments.
                chunks: buffer[..meta.len].chunks_mut(meta.stride.max(1)),
            });
        }
    }
}

/// Reads batches until there is nothing left or `max_datagrams` have been read.
pub(super) fn receive(
    source: &impl Source,
    addresses: Addresses,
    stats: &mut UdpStats,
    max_datagrams: usize,
    mut sink: impl FnMut(Segments<'_>),
) -> Received {
    BUFFERS.with_borrow_mut(|memory| {
        let mut received = Received::default();
        let mut errors = 0;
        while received.datagrams < max_datagrams {
            let mut metas = [RecvMeta::default(); BATCH_SIZE];
            stats.receive_calls += 1;
            let count = {
                let mut chunks = memory.chunks_exact_mut(BUFFER_SIZE);
                let mut buffers: [IoSliceMut<'_>; BATCH_SIZE] = array::from_fn(|_| {
                    IoSliceMut::new(chunks.next().expect("memory has BATCH_SIZE chunks"))
                });
                source.receive(&mut buffers, &mut metas)
            };
            match count {
                Ok(count) => {
                    for meta in &metas[..count] {
                        received.bytes += meta.len;
                        received.datagrams += meta.len.div_ceil(meta.stride.max(1));
                    }
                    let mut chunks = memory.chunks_exact_mut(BUFFER_SIZE);
                    let batch: [(RecvMeta, &mut [u8]); BATCH_SIZE] = array::from_fn(|i| {
                        (
                            metas[i],
                            chunks.next().expect("memory has BATCH_SIZE chunks"),
                        )
                    });
                    sink(Segments {
                        rest: batch.into_iter(),
                        left: count,
                        current: None,
                        addresses,
                    });
                }
                Err(e) if e.kind() == ErrorKind::WouldBlock => {
                    stats.would_block_receive += 1;
                    break;
                }
                Err(e) => {
                    if received.errno == 0 {
                        received.errno = e.raw_os_error().unwrap_or(libc::EIO);
                    }
                    errors += 1;
                    if errors == MAX_ERRORS {
                        break;
                    }
                }
            }
        }
        received.more = received.datagrams >= max_datagrams;
        stats.bytes_received += received.bytes as u64;
        stats.datagrams_received += received.datagrams as u64;
        received
    })
}

#[cfg(test)]
mod tests {
    use super::canonical;

    #[test]
    fn addresses_keep_their_scope_and_nothing_else() {
        for (address, expected) in [
            ("192.0.2.1:443", "192.0.2.1:443"),
            ("[::ffff:192.0.2.1]:443", "192.0.2.1:443"),
            ("[2001:db8::1]:443", "[2001:db8::1]:443"),
            ("[fe80::1%3]:443", "[fe80::1%3]:443"),
        ] {
            let mut address = address.parse().unwrap();
            if let std::net::SocketAddr::V6(v6) = &mut address {
                v6.set_flowinfo(5);
            }
            assert_eq!(canonical(address), expected.parse().unwrap());
        }
    }
}
