//! Two ways of moving datagrams between a connection and its socket, and waiting for either.

use std::{
    io::{self, ErrorKind},
    net::{SocketAddr, UdpSocket},
    os::fd::AsRawFd,
};

use neqo_ffi::{
    udp::{Sent, UdpStats, Wakeup},
    Conn,
};
use neqo_transport::Output;
use neqo_udp::{RecvBuf, Socket};

/// How datagrams are moved.
pub enum Io {
    /// This crate's: recvmmsg and GSO in batches.
    Batched,
    /// neqo 0.13.4's: one buffer per recvmmsg, one datagram per sendmsg.
    Single {
        socket: Box<Socket<UdpSocket>>,
        buffer: RecvBuf,
        local: SocketAddr,
        stats: UdpStats,
    },
}

impl Io {
    /// The single way, on the same socket.
    pub fn single(socket: &UdpSocket) -> io::Result<Self> {
        Ok(Self::Single {
            local: socket.local_addr()?,
            socket: Box::new(Socket::new(socket.try_clone()?)?),
            buffer: RecvBuf::new(),
            stats: UdpStats::default(),
        })
    }

    /// Totals of the way that was used.
    pub fn stats(&self, conn: &Conn<'_>) -> UdpStats {
        match self {
            Self::Batched => *conn.udp_stats(),
            Self::Single { stats, .. } => *stats,
        }
    }

    /// Reads what the socket has, and in the single way sends after each read, as neqo's client does.
    pub fn input(&mut self, conn: &mut Conn<'_>) -> io::Result<()> {
        match self {
            Self::Batched => {
                let received = conn.process_input(usize::MAX);
                if received.errno != 0 {
                    return Err(io::Error::from_raw_os_error(received.errno));
                }
            }
            Self::Single { .. } => {
                while self.read_once(conn)? {
                    self.output(conn)?;
                }
            }
        }
        Ok(())
    }

    fn read_once(&mut self, conn: &mut Conn<'_>) -> io::Result<bool> {
        let Self::Single {
            socket,
            buffer,
            local,
            stats,
        } = self
        else {
            return Ok(false);
        };
        stats.receive_calls += 1;
        match socket.recv(*local, buffer) {
            Ok(datagrams) => {
                conn.process_datagrams(datagrams.inspect(|_| stats.datagrams_received += 1));
                Ok(true)
            }
            Err(e) if e.kind() == ErrorKind::WouldBlock => Ok(false),
            Err(e) => Err(e),
        }
    }

    /// Sends what there is to send; returns when to wake up, or that the socket is full.
    pub fn output(&mut self, conn: &mut Conn<'_>) -> io::Result<Sent> {
        match self {
            Self::Batched => {
                let sent = conn.process_output(usize::MAX);
                if sent.errno != 0 {
                    return Err(io::Error::from_raw_os_error(sent.errno));
                }
                Ok(sent)
            }
            Self::Single { socket, stats, .. } => loop {
                let wakeup = match conn.next_output() {
                    Output::Datagram(datagram) => {
                        stats.datagrams_sent += 1;
                        loop {
                            stats.send_calls += 1;
                            match socket.send(&datagram) {
                                Err(e) if e.kind() == ErrorKind::WouldBlock => continue,
                                result => break result?,
                            }
                        }
                        continue;
                    }
                    Output::Callback(delay) => delay.into(),
                    Output::None => Wakeup::Never,
                };
                break Ok(Sent {
                    wakeup,
                    ..Sent::default()
                });
            },
        }
    }
}

/// Waits until the socket is readable (or writable, if `sent` was blocked) or the timer ends.
pub fn wait(socket: &UdpSocket, sent: &Sent) -> io::Result<()> {
    let mut poll = libc::pollfd {
        fd: socket.as_raw_fd(),
        events: libc::POLLIN | if sent.blocked { libc::POLLOUT } else { 0 },
        revents: 0,
    };
    let timeout = match sent.wakeup {
        Wakeup::Never => -1,
        Wakeup::After(ms) => i32::try_from(ms).unwrap_or(i32::MAX),
    };
    // SAFETY: one valid pollfd.
    if unsafe { libc::poll(&mut poll, 1, timeout) } < 0 {
        let error = io::Error::last_os_error();
        if error.kind() != ErrorKind::Interrupted {
            return Err(error);
        }
    }
    Ok(())
}
