//! The way between processes that share a port: each hands on to the others what the kernel gave to the wrong one.
//!
//! A process is reached at a Unix datagram socket whose name is its id: DIRECTORY/HEX.sock. Nobody keeps a list, so processes
//! may come and go. Only the user who owns the directory reaches the sockets.
//!
//! The kernel lets few messages wait in such a socket (net.unix.max_dgram_qlen, 10 by default), so a message carries all
//! datagrams that one turn found for a process.

use std::{
    collections::HashMap,
    fmt::Write as _,
    io::{self, ErrorKind},
    net::{IpAddr, Ipv6Addr, SocketAddr},
    os::{
        fd::{AsRawFd, BorrowedFd},
        unix::net::SocketAddr as UnixAddress,
    },
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use neqo_common::{Datagram, Decoder, IpTos};

/// Version of the format; processes of two versions may run side by side during an update.
const VERSION: u8 = 2;
/// In front of each datagram: ECN and DSCP, port and IPv6 address of source and destination, length.
const HEAD: usize = 1 + 2 * 18 + 2;
const MAX_MESSAGE: usize = 1 << 16;
/// What may wait at other processes, as far as the system allows it.
const SEND_BUFFER: libc::c_int = 1 << 20;
const SUFFIX: &str = ".sock";
/// How long the other processes that there are may be taken from memory.
const SIBLINGS_AGE: Duration = Duration::from_secs(1);

/// What became of the datagrams for one process.
#[derive(Debug, PartialEq, Eq)]
pub enum Fate {
    Sent(usize),
    /// The other process does not keep up. QUIC recovers from loss.
    Lost(usize),
    /// There is no such process (any more): its datagrams come back.
    Gone(Vec<Datagram>),
}

#[derive(Default)]
struct Batch {
    message: Vec<u8>,
    datagrams: usize,
}

/// This process's socket, and what waits to be handed on.
pub struct Forwarding {
    fd: BorrowedFd<'static>,
    directory: PathBuf,
    own_id: Vec<u8>,
    batches: HashMap<Vec<u8>, Batch>,
    buffer: Vec<u8>,
    siblings: Vec<Vec<u8>>,
    siblings_of: Option<Instant>,
}

impl Forwarding {
    /// `fd` is bound in `directory` and non-blocking.
    pub fn new(fd: BorrowedFd<'static>, directory: PathBuf, own_id: Vec<u8>) -> Self {
        // SAFETY: the option's value is an int. A smaller buffer than asked for only loses more under load.
        unsafe {
            libc::setsockopt(
                fd.as_raw_fd(),
                libc::SOL_SOCKET,
                libc::SO_SNDBUF,
                std::ptr::from_ref(&SEND_BUFFER).cast(),
                size_of::<libc::c_int>() as libc::socklen_t,
            );
        }
        Self {
            fd,
            directory,
            own_id,
            batches: HashMap::new(),
            buffer: vec![0; MAX_MESSAGE],
            siblings: Vec::new(),
            siblings_of: None,
        }
    }

    pub fn own_id(&self) -> &[u8] {
        &self.own_id
    }

    /// Keeps a datagram for the process `id` until it is flushed; what had to be sent before has the fate returned.
    pub fn push(&mut self, id: &[u8], datagram: &Datagram<&mut [u8]>) -> Option<Fate> {
        let length = HEAD + datagram.len();
        if 1 + length > MAX_MESSAGE {
            return Some(Fate::Lost(1));
        }
        let full = self
            .batches
            .get(id)
            .is_some_and(|batch| batch.message.len() + length > MAX_MESSAGE);
        let fate = full.then(|| self.flush(id)).flatten();
        let batch = self.batches.entry(id.to_vec()).or_default();
        if batch.message.is_empty() {
            batch.message.push(VERSION);
        }
        batch.datagrams += 1;
        let message = &mut batch.message;
        message.push(datagram.tos().into());
        for address in [datagram.source(), datagram.destination()] {
            let ip = match address.ip() {
                IpAddr::V4(ip) => ip.to_ipv6_mapped(),
                IpAddr::V6(ip) => ip,
            };
            message.extend(address.port().to_be_bytes());
            message.extend(ip.octets());
        }
        message.extend((datagram.len() as u16).to_be_bytes());
        message.extend_from_slice(datagram);
        fate
    }

    /// Sends what waits for one of the processes; none when nothing waits.
    pub fn flush_next(&mut self) -> Option<Fate> {
        let id = self.batches.keys().next()?.clone();
        self.flush(&id)
    }

    fn flush(&mut self, id: &[u8]) -> Option<Fate> {
        let batch = self.batches.remove(id)?;
        let fate = match send_to(self.fd, &batch.message, &self.path(id)) {
            Ok(()) => Fate::Sent(batch.datagrams),
            // No file, or one that a process which was killed has left.
            Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) => {
                self.siblings.retain(|sibling| sibling != id);
                Fate::Gone(decode(&batch.message).unwrap_or_default())
            }
            Err(_) => Fate::Lost(batch.datagrams),
        };
        Some(fate)
    }

    fn path(&self, id: &[u8]) -> PathBuf {
        let mut name = String::with_capacity(2 * id.len() + SUFFIX.len());
        for byte in id {
            // Writing to a string cannot fail.
            let _ = write!(name, "{byte:02x}");
        }
        self.directory.join(name + SUFFIX)
    }

    /// Another process that runs, always the same for the same connection id; none if this is the only one.
    pub fn sibling(&mut self, connection_id: &[u8], now: Instant) -> Option<Vec<u8>> {
        if self
            .siblings_of
            .is_none_or(|time| now.duration_since(time) >= SIBLINGS_AGE)
        {
            self.siblings_of = Some(now);
            self.siblings = self.list().unwrap_or_default();
        }
        let sum: usize = connection_id.iter().copied().map(usize::from).sum();
        let index = sum.checked_rem(self.siblings.len())?;
        Some(self.siblings[index].clone())
    }

    fn list(&self) -> io::Result<Vec<Vec<u8>>> {
        let mut ids = Vec::new();
        for file in std::fs::read_dir(&self.directory)? {
            let name = file?.file_name();
            let id = name
                .to_str()
                .and_then(|name| name.strip_suffix(SUFFIX))
                .filter(|hex| hex.len() == 2 * self.own_id.len())
                .and_then(from_hex);
            ids.extend(id.filter(|id| *id != self.own_id));
        }
        ids.sort_unstable();
        Ok(ids)
    }

    /// Reads the datagrams of one message; none when the socket is empty. What is not one of ours is skipped.
    pub fn receive(&mut self) -> io::Result<Vec<Datagram>> {
        loop {
            let length = match receive(self.fd, &mut self.buffer) {
                Ok(length) => length,
                Err(e) if e.kind() == ErrorKind::WouldBlock => return Ok(Vec::new()),
                Err(e) => return Err(e),
            };
            if let Some(datagrams) = decode(&self.buffer[..length]).filter(|list| !list.is_empty())
            {
                return Ok(datagrams);
            }
        }
    }
}

fn from_hex(hex: &str) -> Option<Vec<u8>> {
    hex.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}

/// The datagrams of a message; none if it is not whole.
fn decode(message: &[u8]) -> Option<Vec<Datagram>> {
    let mut decoder = Decoder::from(message);
    if decoder.decode_uint::<u8>()? != VERSION {
        return None;
    }
    let mut datagrams = Vec::new();
    while decoder.remaining() > 0 {
        let tos = decoder.decode_uint::<u8>()?;
        let source = decode_address(&mut decoder)?;
        let destination = decode_address(&mut decoder)?;
        let payload = decoder.decode_vec(2)?;
        datagrams.push(Datagram::new(
            source,
            destination,
            IpTos::from(tos),
            payload,
        ));
    }
    Some(datagrams)
}

fn decode_address(decoder: &mut Decoder<'_>) -> Option<SocketAddr> {
    let port = decoder.decode_uint::<u16>()?;
    let octets: [u8; 16] = decoder.decode(16)?.try_into().ok()?;
    Some(SocketAddr::new(Ipv6Addr::from(octets).to_canonical(), port))
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
