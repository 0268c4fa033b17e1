//! Sending from many addresses: each datagram of a batch names its own source (IP_PKTINFO, ip(7)).

use std::{
    io,
    mem::{size_of, zeroed},
    net::{Ipv4Addr, SocketAddrV4, UdpSocket},
    os::fd::AsRawFd,
};

use crate::{
    answers::{Answers, HEAD},
    random::Random,
    syscall::check,
};

/// Datagrams of one system call.
pub const BATCH: usize = 64;
/// Sockets, and so ports that datagrams come from.
const SOCKETS: usize = 64;
/// Answers read from a socket at a time; what is beyond the socket's buffer is lost, as it would be to a spoofed address.
const ANSWERS: usize = 16;

/// Room for one control message with an `in_pktinfo`, aligned as the kernel reads it.
#[repr(C, align(8))]
#[derive(Clone, Copy)]
struct Control([u8; CONTROL_SIZE]);

// SAFETY: computes from constants only.
const CONTROL_SIZE: usize =
    unsafe { libc::CMSG_SPACE(size_of::<libc::in_pktinfo>() as libc::c_uint) } as usize;

/// Sockets on any address, and a batch that is being filled.
pub struct Spoofer {
    target: libc::sockaddr_in,
    sockets: Vec<UdpSocket>,
    /// Whose turn it is.
    turn: usize,
    datagrams: Vec<Vec<u8>>,
    sources: Vec<Ipv4Addr>,
    filled: usize,
    pub answers: Answers,
}

impl Spoofer {
    pub fn new(target: SocketAddrV4) -> io::Result<Self> {
        let bind = |_| {
            let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
            socket.set_nonblocking(true)?;
            Ok(socket)
        };
        Ok(Self {
            target: libc::sockaddr_in {
                sin_family: libc::AF_INET as libc::sa_family_t,
                sin_port: target.port().to_be(),
                sin_addr: in_addr(*target.ip()),
                sin_zero: [0; 8],
            },
            sockets: (0..SOCKETS).map(bind).collect::<io::Result<_>>()?,
            turn: 0,
            datagrams: vec![Vec::new(); BATCH],
            sources: vec![Ipv4Addr::LOCALHOST; BATCH],
            filled: 0,
            answers: Answers::default(),
        })
    }

    /// Room for the next datagram of the batch, which will come from any loopback address.
    pub fn next(&mut self, random: &mut Random) -> &mut Vec<u8> {
        let host = (random.next() as u32 & 0x00ff_ffff).clamp(1, 0x00ff_fffe);
        self.sources[self.filled] = Ipv4Addr::from_bits(127 << 24 | host);
        self.filled += 1;
        &mut self.datagrams[self.filled - 1]
    }

    /// Sends the batch from one socket. Returns how many were dropped because the socket was full.
    pub fn flush(&mut self) -> io::Result<usize> {
        let mut controls = [Control([0; CONTROL_SIZE]); BATCH];
        // SAFETY: all-zero is a valid value of these C structures.
        let (mut parts, mut messages): ([libc::iovec; BATCH], [libc::mmsghdr; BATCH]) =
            unsafe { (zeroed(), zeroed()) };
        for index in 0..self.filled {
            parts[index].iov_base = self.datagrams[index].as_mut_ptr().cast();
            parts[index].iov_len = self.datagrams[index].len();
            let header = &mut messages[index].msg_hdr;
            header.msg_name = (&raw mut self.target).cast();
            header.msg_namelen = size_of::<libc::sockaddr_in>() as libc::socklen_t;
            header.msg_iov = &mut parts[index];
            header.msg_iovlen = 1;
            header.msg_control = controls[index].0.as_mut_ptr().cast();
            header.msg_controllen = CONTROL_SIZE as _;
            set_source(header, self.sources[index]);
        }
        self.turn = (self.turn + 1) % self.sockets.len();
        let socket = &self.sockets[self.turn];
        let wanted = std::mem::take(&mut self.filled);
        let mut sent = 0;
        while sent < wanted {
            // SAFETY: the messages from `sent` on are initialised and point to memory that outlives the call.
            let result = check(unsafe {
                libc::sendmmsg(
                    socket.as_raw_fd(),
                    messages[sent..].as_mut_ptr(),
                    (wanted - sent) as libc::c_uint,
                    0,
                )
            });
            match result {
                Ok(count) => sent += count as usize,
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => break,
                Err(e) => return Err(e),
            }
        }
        Ok(wanted - sent)
    }

    /// Counts some of what has come back.
    pub fn read_answers(&mut self) {
        let mut head = [0; HEAD];
        for socket in &self.sockets {
            for _ in 0..ANSWERS {
                match socket.recv(&mut head) {
                    Ok(length) => self.answers.count(&head[..length]),
                    Err(_) => break,
                }
            }
        }
    }
}

/// Writes the control message that names the source.
fn set_source(header: &mut libc::msghdr, source: Ipv4Addr) {
    let info = libc::in_pktinfo {
        ipi_ifindex: 0,
        ipi_spec_dst: in_addr(source),
        ipi_addr: in_addr(Ipv4Addr::UNSPECIFIED),
    };
    // SAFETY: the header's control buffer has room for this one message (`CONTROL_SIZE`) and is aligned for it.
    unsafe {
        let message = libc::CMSG_FIRSTHDR(header);
        (*message).cmsg_level = libc::IPPROTO_IP;
        (*message).cmsg_type = libc::IP_PKTINFO;
        (*message).cmsg_len = libc::CMSG_LEN(size_of::<libc::in_pktinfo>() as libc::c_uint) as _;
        libc::CMSG_DATA(message)
            .cast::<libc::in_pktinfo>()
            .write_unaligned(info);
    }
}

const fn in_addr(address: Ipv4Addr) -> libc::in_addr {
    libc::in_addr {
        s_addr: u32::from_ne_bytes(address.octets()),
    }
}
