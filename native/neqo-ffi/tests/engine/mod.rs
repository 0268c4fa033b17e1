//! A server's engine on a loopback socket with clients of this library in the same thread, and an application that answers.

#![allow(dead_code, reason = "No test uses all of it.")]

mod client;
mod events;
mod relay;
mod server;

use std::{
    net::{SocketAddr, UdpSocket},
    os::fd::{AsRawFd, BorrowedFd},
    thread,
    time::{Duration, Instant},
};

use neqo_ffi::Transport;
use neqo_transport::CongestionControlAlgorithm;

pub use self::{client::*, events::*, relay::*, server::*};

/// A test that has not come to its end by then hangs.
const PATIENCE: Duration = Duration::from_secs(60);

pub const H3_NO_ERROR: u64 = 0x100;
pub const H3_REQUEST_REJECTED: u64 = 0x10b;
/// RFC 9000 20.1.
pub const CONNECTION_REFUSED: u64 = 0x2;

/// A socket on the loopback interface. It stays open for the rest of the process.
pub fn socket() -> (BorrowedFd<'static>, SocketAddr, &'static UdpSocket) {
    let socket: &'static UdpSocket =
        Box::leak(Box::new(UdpSocket::bind("127.0.0.1:0").expect("a port")));
    let address = socket.local_addr().expect("an address");
    // SAFETY: nobody closes it.
    let fd = unsafe { BorrowedFd::borrow_raw(socket.as_raw_fd()) };
    (fd, address, socket)
}

pub fn transport() -> Transport {
    Transport {
        max_table_size: 4096,
        max_blocked_streams: 16,
        max_data: 1 << 24,
        max_stream_data: 1 << 18,
        max_streams_bidi: 100,
        max_streams_uni: 16,
        idle_timeout: Duration::from_secs(30),
        congestion_control: CongestionControlAlgorithm::Cubic,
        pacing: true,
        pmtud: false,
        grease: true,
        mlkem: false,
        version_negotiation: false,
        webtransport: false,
        settings: Vec::new(),
        reset_stream_at: false,
        datagram_size: 0,
        outgoing_datagram_queue: 10,
        incoming_datagram_queue: 10,
        ack_ratio: 40,
        fast_pto: 100,
    }
}

/// A server and its clients.
pub struct World {
    pub server: TestServer,
    pub clients: Vec<Client>,
    pub relays: Vec<Relay>,
}

impl World {
    /// As `params` make of the default ones, with a credential for everybody.
    pub fn new(params: impl FnOnce(&mut neqo_ffi::server::ServerParams)) -> Self {
        Self {
            server: TestServer::new(params),
            clients: Vec::new(),
            relays: Vec::new(),
        }
    }

    /// Begins a handshake; returns the client's index.
    pub fn open(&mut self) -> usize {
        self.open_with(|_| {})
    }

    pub fn open_with(&mut self, change: impl FnOnce(&mut neqo_ffi::Params)) -> usize {
        self.clients.push(Client::new(self.server.address, change));
        self.clients.len() - 1
    }

    /// As `open`, through a relay.
    pub fn open_relayed(&mut self) -> usize {
        let relay = Relay::new(self.server.address);
        self.clients.push(Client::new(relay.address(), |_| {}));
        self.relays.push(relay);
        self.clients.len() - 1
    }

    /// Opens a connection and waits for it.
    pub fn connect(&mut self) -> usize {
        let client = self.open();
        self.until(|world| world.clients[client].is_connected());
        client
    }

    /// What came for a GET of `path`, once it has ended.
    pub fn get(&mut self, client: usize, path: &str) -> Response {
        let stream = self.clients[client].request("GET", path, &[], true);
        self.until(|world| world.clients[client].is_done(stream));
        self.clients[client].responses.remove(&stream).expect("one")
    }

    /// Lets everybody do what there is to do.
    pub fn step(&mut self) {
        let mut busy = self.server.step();
        for client in &mut self.clients {
            busy |= client.step();
        }
        for relay in &mut self.relays {
            busy |= relay.step();
        }
        if !busy {
            thread::sleep(Duration::from_micros(200));
        }
    }

    /// Goes on until `done`.
    pub fn until(&mut self, done: impl Fn(&Self) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !done(self) {
            assert!(Instant::now() < end, "{}", self.server.describe());
            self.step();
        }
    }

    /// Goes on until the clients have lost their connections and the server has forgotten them.
    pub fn until_empty(&mut self) {
        self.until(|world| world.clients.iter().all(|client| client.close.is_some()));
        self.until(|world| {
            let opened = world.server.of_kind(Kind::Connection).count();
            world.server.released == opened && world.server.stats().pending_handshakes == 0.0
        });
        assert_eq!(self.server.stats().connections, 0.0);
    }
}
