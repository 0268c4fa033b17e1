//! The server with its application.

use std::{
    collections::{HashMap, VecDeque},
    net::{SocketAddr, UdpSocket},
    time::Duration,
};

use neqo_ffi::server::{
    credential::Credential, retry::Policy, NeqoServerStats, Server, ServerParams,
};
use neqo_http3::StreamId;

use super::{socket, transport, Event, Kind};

const EVENT_BUFFER: usize = 1 << 16;
/// Bodies are this, again and again.
pub const PATTERN: [u8; 251] = pattern();
const WRITE_SIZE: usize = 251 * 256;

const fn pattern() -> [u8; 251] {
    let mut bytes = [0; 251];
    let mut index = 0;
    while index < bytes.len() {
        bytes[index] = index as u8;
        index += 1;
    }
    bytes
}

pub fn credential() -> Credential {
    let chain = [
        include_bytes!("../fixtures/credentials/p256.der").to_vec(),
        include_bytes!("../fixtures/credentials/inner.der").to_vec(),
        include_bytes!("../fixtures/credentials/outer.der").to_vec(),
    ];
    let key = include_bytes!("../fixtures/credentials/p256.key.der");
    Credential::new(&chain, key).expect("a good credential")
}

pub fn params(local: SocketAddr) -> ServerParams {
    ServerParams {
        local,
        connection_id_prefix: vec![0, 7],
        connection_id_length: 10,
        max_connections: 1000,
        max_queued_connections: 0,
        queue_timeout: Duration::from_secs(1),
        max_pending_handshakes: 1000,
        handshake_timeout: Duration::from_secs(20),
        retry: Policy::Never,
        stateless_reset_key: vec![5; 32],
        ask_server_name: false,
        zero_rtt_window: Duration::ZERO,
        session_tickets: true,
        max_field_section_size: 1 << 16,
        transport: transport(),
        qlog_dir: None,
        receive_buffer_size: 0,
        send_buffer_size: 0,
    }
}

/// What the application does of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Application {
    /// Answers requests by their path: `/size/N` with N octets, `/echo` with what was sent and a trailer, `/wait` not at all.
    Answers,
    /// Refuses all connections.
    Refuses,
}

pub struct TestServer {
    pub server: Server<'static>,
    pub address: SocketAddr,
    pub socket: &'static UdpSocket,
    pub application: Application,
    /// All events, in order.
    pub seen: Vec<Event>,
    /// Connections of which the application has seen the end.
    pub released: usize,
    /// Octets for events; less than one event needs makes it grow, as the addon does.
    pub event_buffer: usize,
    /// As of the last turn.
    stats: NeqoServerStats,
    uploads: HashMap<(u32, u64), Vec<u8>>,
    /// Octets of bodies that are still to be written, and where in the pattern they begin.
    writing: VecDeque<(u32, u64, usize, usize)>,
}

impl TestServer {
    pub fn new(change: impl FnOnce(&mut ServerParams)) -> Self {
        let (fd, address, socket) = socket();
        let mut params = params(address);
        change(&mut params);
        let mut server = Server::new(fd, params).expect("a server");
        server.set_credential("", Some(credential()));
        let stats = server.stats();
        Self {
            server,
            address,
            socket,
            application: Application::Answers,
            seen: Vec::new(),
            released: 0,
            event_buffer: EVENT_BUFFER,
            stats,
            uploads: HashMap::new(),
            writing: VecDeque::new(),
        }
    }

    pub const fn stats(&self) -> &NeqoServerStats {
        &self.stats
    }

    pub fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &Event> {
        self.seen.iter().filter(move |event| event.kind == kind)
    }

    pub fn describe(&self) -> String {
        format!("still at {:?} after {:?}", self.stats(), self.seen.last())
    }

    /// One turn of the event loop. False if nothing happened.
    pub fn step(&mut self) -> bool {
        let received = self.server.process_input(256);
        let mut busy = received.datagrams > 0;
        busy |= self.handle_events();
        self.write();
        let sent = self.server.process_output(256);
        busy |= sent.datagrams > 0 || sent.more;
        busy |= self.handle_events();
        self.stats = self.server.stats();
        busy
    }

    pub fn handle_events(&mut self) -> bool {
        let mut buffer = vec![0; self.event_buffer];
        let before = self.seen.len();
        loop {
            let written = self.server.next_events(&mut buffer);
            let events = Event::parse(&buffer[..written.bytes]);
            for event in events {
                self.handle(&event);
                self.seen.push(event);
            }
            if written.needed > 0 {
                buffer.resize(written.needed, 0);
            } else if !written.more {
                return self.seen.len() > before;
            }
        }
    }

    fn handle(&mut self, event: &Event) {
        let engine = &mut self.server.engine;
        if event.is_end() {
            engine.release(event.connection).expect("a connection");
            self.released += 1;
            return;
        }
        match event.kind {
            Kind::Connection if self.application == Application::Refuses => {
                engine.refuse(event.connection).expect("a connection");
            }
            Kind::Request => self.request(event),
            Kind::DataReadable => self.read(event.connection, event.stream),
            _ => {}
        }
    }

    fn request(&mut self, event: &Event) {
        let (connection, stream) = (event.connection, event.stream);
        let path = event.header(":path").expect("a path");
        if path == "/echo" {
            self.uploads.insert((connection, stream), Vec::new());
            if event.is_fin() {
                self.echo(connection, stream);
            }
        } else if let Some(size) = path.strip_prefix("/size/") {
            let size = size.parse().expect("a size");
            self.respond(connection, stream, &[], false);
            self.writing.push_back((connection, stream, 0, size));
        } else {
            assert_eq!(path, "/wait");
        }
    }

    fn respond(&mut self, connection: u32, stream: u64, body: &[u8], fin: bool) {
        let head = b":status\x00200\x00content-type\x00text/plain\x00";
        let taken = self
            .server
            .engine
            .respond(connection, StreamId::from(stream), head, body, fin)
            .expect("a stream");
        assert_eq!(taken, body.len());
    }

    fn read(&mut self, connection: u32, stream: u64) {
        let mut buffer = [0; 4096];
        loop {
            let (length, fin) = self
                .server
                .engine
                .read_data(connection, StreamId::from(stream), &mut buffer)
                .expect("a stream");
            self.uploads
                .entry((connection, stream))
                .or_default()
                .extend_from_slice(&buffer[..length]);
            if fin {
                return self.echo(connection, stream);
            }
            if length == 0 {
                return;
            }
        }
    }

    fn echo(&mut self, connection: u32, stream: u64) {
        let Some(body) = self.uploads.remove(&(connection, stream)) else {
            return;
        };
        self.respond(connection, stream, &body, false);
        let trailers = format!("x-length\0{}\0", body.len());
        self.server
            .engine
            .send_trailers(connection, StreamId::from(stream), trailers.as_bytes())
            .expect("a stream");
    }

    /// Writes as much of all bodies as is taken.
    fn write(&mut self) {
        let chunk: Vec<u8> = PATTERN.iter().copied().cycle().take(WRITE_SIZE).collect();
        let mut left = VecDeque::new();
        for (connection, stream, mut position, mut rest) in self.writing.drain(..) {
            loop {
                let begin = position % PATTERN.len();
                let data = &chunk[begin..(begin + rest).min(chunk.len())];
                let fin = data.len() == rest;
                let Ok(taken) =
                    self.server
                        .engine
                        .send_data(connection, StreamId::from(stream), data, fin)
                else {
                    break;
                };
                position += taken;
                rest -= taken;
                if taken < data.len() {
                    left.push_back((connection, stream, position, rest));
                }
                if taken < data.len() || fin {
                    break;
                }
            }
        }
        self.writing = left;
    }
}
