//! What stands between a client and the server, as a NAT does.

use std::net::{SocketAddr, UdpSocket};

/// Hands on what one client sends, from an address of its own that may change.
pub struct Relay {
    front: UdpSocket,
    back: UdpSocket,
    server: SocketAddr,
    client: Option<SocketAddr>,
}

/// A non-blocking socket on the loopback interface.
pub fn raw_socket() -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
    socket.set_nonblocking(true).expect("a socket");
    socket
}

/// What a socket has received, if it has received anything.
pub fn receive(socket: &UdpSocket) -> Option<(Vec<u8>, SocketAddr)> {
    let mut buffer = vec![0; 1 << 16];
    let (length, from) = socket.recv_from(&mut buffer).ok()?;
    buffer.truncate(length);
    Some((buffer, from))
}

impl Relay {
    pub fn new(server: SocketAddr) -> Self {
        Self {
            front: raw_socket(),
            back: raw_socket(),
            server,
            client: None,
        }
    }

    pub fn address(&self) -> SocketAddr {
        self.front.local_addr().expect("an address")
    }

    /// The address that the server sees.
    pub fn outer(&self) -> SocketAddr {
        self.back.local_addr().expect("an address")
    }

    /// Gives the client another address.
    pub fn rebind(&mut self) {
        self.back = raw_socket();
    }

    /// What the client has sent and was not handed on is lost.
    pub fn drop_waiting(&mut self) {
        while receive(&self.front).is_some() {}
    }

    /// False if nothing happened.
    pub fn step(&mut self) -> bool {
        let mut busy = false;
        while let Some((datagram, from)) = receive(&self.front) {
            self.client = Some(from);
            self.back.send_to(&datagram, self.server).expect("sent");
            busy = true;
        }
        while let Some((datagram, _)) = receive(&self.back) {
            let client = self.client.expect("it spoke first");
            self.front.send_to(&datagram, client).expect("sent");
            busy = true;
        }
        busy
    }
}
