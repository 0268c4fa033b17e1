//! Processes that share a port hand on to each other what the kernel gave to the wrong one.
//!
//! The kernel chooses a socket by the addresses of a datagram. When a client's address changes, it may choose another process
//! than the one that has the connection; the connection id tells which that is. A datagram travels with its addresses over a
//! Unix datagram socket, which only processes of the same user reach.

use std::{
    collections::HashMap,
    io::{self, ErrorKind},
    net::{IpAddr, Ipv6Addr, SocketAddr},
    os::{
        fd::{AsRawFd, BorrowedFd},
        unix::net::SocketAddr as UnixAddress,
    },
    path::{Path, PathBuf},
};

use neqo_common::{Datagram, IpTos};

/// Version of the format; processes of two versions may run side by side during an update.
const VERSION: u8 = 1;
/// version, ECN and DSCP, then port and IPv6 address of source and destination.
const HEAD: usize = 2 + 2 * 18;
const MAX_DATAGRAM: usize = 65_535;

/// This process's socket, and where the others' are.
pub struct Forwarding {
    fd: BorrowedFd<'static>,
    peers: HashMap<Vec<u8>, PathBuf>,
    buffer: Vec<u8>,
}

impl Forwarding {
    /// `fd` is bound and non-blocking; `peers`: server id and path of each other process.
    pub fn new(fd: BorrowedFd<'static>, peers: HashMap<Vec<u8>, PathBuf>) -> Self {
        Self {
            fd,
            peers,
            buffer: vec![0; HEAD + MAX_DATAGRAM],
        }
    }

    pub fn knows(&self, server_id: &[u8]) -> bool {
        self.peers.contains_key(server_id)
    }

    /// Hands a datagram to the process with this server id. False if that is not possible now; QUIC recovers from loss.
    pub fn send(&mut self, server_id: &[u8], datagram: &Datagram<&mut [u8]>) -> bool {
        let Some(path) = self.peers.get(server_id) else {
            return false;
        };
        self.buffer.clear();
        self.buffer.extend([VERSION, datagram.tos().into()]);
        for address in [datagram.source(), datagram.destination()] {
            let ip = match address.ip() {
                IpAddr::V4(ip) => ip.to_ipv6_mapped(),
                IpAddr::V6(ip) => ip,
            };
            self.buffer.extend(address.port().to_be_bytes());
            self.buffer.extend(ip.octets());
        }
        self.buffer.extend_from_slice(datagram);
        send_to(self.fd, &self.buffer, path).is_ok()
    }

    /// Reads one datagram; none when the socket is empty. What is not one of ours is skipped.
    pub fn receive(&mut self) -> io::Result<Option<Datagram>> {
        self.buffer.resize(HEAD + MAX_DATAGRAM, 0);
        loop {
            let length = match receive(self.fd, &mut self.buffer) {
                Ok(length) => length,
                Err(e) if e.kind() == ErrorKind::WouldBlock => return Ok(None),
                Err(e) => return Err(e),
            };
            if let Some(datagram) = decode(&self.buffer[..length]) {
                return Ok(Some(datagram));
            }
        }
    }
}

fn decode(bytes: &[u8]) -> Option<Datagram> {
    let (head, payload) = (bytes.get(..HEAD)?, &bytes[HEAD..]);
    if head[0] != VERSION {
        return None;
    }
    let address = |at: usize| {
        let port = u16::from_be_bytes([head[at], head[at + 1]]);
        let octets: [u8; 16] = head[at + 2..at + 18].try_into().ok()?;
        let ip = Ipv6Addr::from(octets).to_canonical();
        Some(SocketAddr::new(ip, port))
    };
    Some(Datagram::new(
        address(2)?,
        address(20)?,
        IpTos::from(head[1]),
        payload,
    ))
}

/// sendto on a Unix socket.
fn send_to(fd: BorrowedFd<'_>, bytes: &[u8], path: &Path) -> io::Result<()> {
    let address = UnixAddress::from_pathname(path)?;
    let path = address
        .as_pathname()
        .ok_or(ErrorKind::InvalidInput)?
        .as_os_str()
        .as_encoded_bytes();
    // SAFETY: all zero is a valid sockaddr_un.
    let mut raw: libc::sockaddr_un = unsafe { std::mem::zeroed() };
    raw.sun_family = libc::AF_UNIX as libc::sa_family_t;
    // from_pathname has checked that it fits with its NUL.
    for (into, byte) in raw.sun_path.iter_mut().zip(path) {
        *into = *byte as libc::c_char;
    }
    // SAFETY: the pointers are valid for their lengths.
    let sent = unsafe {
        libc::sendto(
            fd.as_raw_fd(),
            bytes.as_ptr().cast(),
            bytes.len(),
            libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL,
            std::ptr::from_ref(&raw).cast(),
            size_of::<libc::sockaddr_un>() as libc::socklen_t,
        )
    };
    if sent < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

fn receive(fd: BorrowedFd<'_>, into: &mut [u8]) -> io::Result<usize> {
    // SAFETY: the pointer is valid for the length.
    let length = unsafe {
        libc::recv(
            fd.as_raw_fd(),
            into.as_mut_ptr().cast(),
            into.len(),
            libc::MSG_DONTWAIT,
        )
    };
    usize::try_from(length).map_err(|_| io::Error::last_os_error())
}

#[cfg(test)]
mod tests {
    use std::{
        collections::HashMap,
        os::{
            fd::{AsRawFd, BorrowedFd},
            unix::net::UnixDatagram,
        },
    };

    use neqo_common::{Datagram, IpTos};

    use super::Forwarding;

    #[test]
    fn datagrams_keep_addresses_and_marks() {
        let directory = std::env::temp_dir().join(format!("necko-forward-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let path = directory.join("b");
        let (a, b) = (
            UnixDatagram::unbound().unwrap(),
            UnixDatagram::bind(&path).unwrap(),
        );
        // SAFETY: the sockets live to the end of the test.
        let (a_fd, b_fd) = unsafe {
            (
                BorrowedFd::borrow_raw(a.as_raw_fd()),
                BorrowedFd::borrow_raw(b.as_raw_fd()),
            )
        };
        let mut sender = Forwarding::new(a_fd, HashMap::from([(vec![2], path)]));
        let mut receiver = Forwarding::new(b_fd, HashMap::new());
        for addresses in [
            ("192.0.2.1:50000", "192.0.2.2:443"),
            ("[2001:db8::1]:50000", "[2001:db8::2]:443"),
        ] {
            let (from, to) = (addresses.0.parse().unwrap(), addresses.1.parse().unwrap());
            let mut bytes = [1, 2, 3];
            let datagram = Datagram::from_slice(from, to, IpTos::from(2), &mut bytes);
            assert!(sender.send(&[2], &datagram));
            assert!(!sender.send(&[3], &datagram), "nobody has this id");
            a.send_to(&[9, 9], directory.join("b")).unwrap();
            assert_eq!(receiver.receive().unwrap(), Some(datagram.to_owned()));
        }
        assert_eq!(receiver.receive().unwrap(), None, "junk was skipped");
        std::fs::remove_dir_all(directory).unwrap();
    }
}
