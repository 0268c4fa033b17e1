//! UDP I/O in batches on a borrowed socket: recvmmsg with GRO in, GSO out, ECN kept both ways.

mod batch;
mod receive;
mod send;

use std::{
    io::{self, IoSliceMut},
    net::{IpAddr, SocketAddr},
    os::fd::BorrowedFd,
};

use neqo_transport::Output;
use quinn_udp::{RecvMeta, Transmit, UdpSocketState};
pub use receive::{Received, Segments};
pub use send::{Sent, Wakeup};

use self::{
    receive::{Addresses, Source},
    send::{Sender, Transmitter},
};
use crate::InitError;

/// Totals of a socket since it was made. Bytes are UDP payload.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct UdpStats {
    pub bytes_received: u64,
    pub bytes_sent: u64,
    pub datagrams_received: u64,
    pub datagrams_sent: u64,
    /// recvmmsg calls, those that found the socket empty included.
    pub receive_calls: u64,
    /// sendmsg calls, those that would have blocked included.
    pub send_calls: u64,
    pub would_block_receive: u64,
    pub would_block_send: u64,
}

/// A socket in use: that of one connection, or that of a server.
pub struct Udp<'fd> {
    socket: Socket<'fd>,
    sender: Sender,
    addresses: Addresses,
    stats: UdpStats,
}

impl<'fd> Udp<'fd> {
    /// Takes a bound and connected socket into use: makes it non-blocking and sets GRO, ECN and don't-fragment options, as
    /// `neqo_udp::Socket::new` does. `receive_buffer` and `send_buffer` are asked of the kernel in bytes unless 0.
    ///
    /// # Errors
    ///
    /// If a socket option cannot be set.
    pub fn connected(
        fd: BorrowedFd<'fd>,
        local: SocketAddr,
        remote: SocketAddr,
        receive_buffer: usize,
        send_buffer: usize,
    ) -> Result<Self, InitError> {
        let buffers = Buffers {
            receive: receive_buffer,
            send: send_buffer,
        };
        let socket = Socket::new(fd, None, buffers)?;
        Ok(Self::new(socket, Addresses::Connected { local, remote }))
    }

    /// The same for another socket that is connected to the same peer: it goes on counting, and what was not sent is forgotten,
    /// because it was made for another path.
    ///
    /// # Errors
    ///
    /// If a socket option cannot be set.
    pub fn moved(&self, fd: BorrowedFd<'fd>, local: SocketAddr) -> Result<Self, InitError> {
        let addresses = self.addresses.moved(local);
        let socket = Socket::new(fd, self.socket.bound, self.socket.buffers)?;
        Ok(Self {
            stats: self.stats,
            ..Self::new(socket, addresses)
        })
    }

    /// As [`Self::connected`], for a socket that is only bound, to `local`, and talks to everybody. Datagrams leave from the
    /// address that their source names.
    ///
    /// # Errors
    ///
    /// If a socket option cannot be set.
    pub fn unconnected(
        fd: BorrowedFd<'fd>,
        local: SocketAddr,
        receive_buffer: usize,
        send_buffer: usize,
    ) -> Result<Self, InitError> {
        let buffers = Buffers {
            receive: receive_buffer,
            send: send_buffer,
        };
        let socket = Socket::new(fd, Some(local.ip()), buffers)?;
        Ok(Self::new(socket, Addresses::Unconnected { local }))
    }

    fn new(socket: Socket<'fd>, addresses: Addresses) -> Self {
        Self {
            socket,
            sender: Sender::default(),
            addresses,
            stats: UdpStats::default(),
        }
    }

    /// Reads batches until the socket is empty or `max_datagrams` have been read, and hands each batch to `sink`.
    pub fn receive(&mut self, max_datagrams: usize, sink: impl FnMut(Segments<'_>)) -> Received {
        receive::receive(
            &self.socket,
            self.addresses,
            &mut self.stats,
            max_datagrams,
            sink,
        )
    }

    /// Sends what is left from the last call, then what `next` produces, until it has no more, the socket would block or
    /// `max_datagrams` have been sent.
    pub fn send(&mut self, max_datagrams: usize, next: impl FnMut() -> Output) -> Sent {
        self.sender
            .run(&self.socket, &mut self.stats, max_datagrams, next)
    }

    #[must_use]
    pub const fn stats(&self) -> &UdpStats {
        &self.stats
    }
}

/// Sizes of a socket's buffers in bytes; 0 keeps the system's.
#[derive(Debug, Clone, Copy)]
struct Buffers {
    receive: usize,
    send: usize,
}

/// quinn-udp's socket state with the descriptor it belongs to.
struct Socket<'fd> {
    fd: BorrowedFd<'fd>,
    state: UdpSocketState,
    /// Where an unconnected socket is bound to; none for a connected one.
    bound: Option<IpAddr>,
    buffers: Buffers,
}

impl<'fd> Socket<'fd> {
    fn new(
        fd: BorrowedFd<'fd>,
        bound: Option<IpAddr>,
        buffers: Buffers,
    ) -> Result<Self, InitError> {
        let state =
            UdpSocketState::new((&fd).into()).map_err(|e| InitError::io("UDP socket", &e))?;
        if buffers.receive > 0 {
            state
                .set_recv_buffer_size((&fd).into(), buffers.receive)
                .map_err(|e| InitError::io("SO_RCVBUF", &e))?;
        }
        if buffers.send > 0 {
            state
                .set_send_buffer_size((&fd).into(), buffers.send)
                .map_err(|e| InitError::io("SO_SNDBUF", &e))?;
        }
        Ok(Self {
            fd,
            state,
            bound,
            buffers,
        })
    }
}

impl Source for Socket<'_> {
    fn receive(&self, buffers: &mut [IoSliceMut<'_>], metas: &mut [RecvMeta]) -> io::Result<usize> {
        self.state.recv((&self.fd).into(), buffers, metas)
    }
}

impl Transmitter for Socket<'_> {
    fn max_segments(&self) -> usize {
        self.state.max_gso_segments()
    }

    fn transmit(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        let mut transmit = transmit.clone();
        if let (Some(IpAddr::V6(_)), SocketAddr::V4(to)) = (self.bound, transmit.destination) {
            // An IPv6 socket reaches IPv4 by mapped addresses (RFC 4291 2.5.5.2).
            transmit.destination = SocketAddr::new(to.ip().to_ipv6_mapped().into(), to.port());
        }
        // Only a socket that is bound to all addresses has a choice.
        if !self.bound.is_some_and(|bound| bound.is_unspecified()) {
            transmit.src_ip = None;
        }
        self.state.try_send((&self.fd).into(), &transmit)
    }
}

#[cfg(test)]
mod tests;
