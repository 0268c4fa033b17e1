//! A client: this library's own, on a socket of its own.

use std::{
    collections::HashMap,
    net::{SocketAddr, UdpSocket},
};

use neqo_ffi::{Conn, Params};
use neqo_http3::{Header, Http3ClientEvent, Http3State, StreamId};
use neqo_transport::{CloseReason, Error};

use super::{socket, transport, PATTERN};

#[derive(Debug, Default)]
pub struct Response {
    pub status: String,
    /// Octets of the body, all of them as they should be unless `body` says otherwise.
    pub length: usize,
    /// The first octets of the body.
    pub body: Vec<u8>,
    pub trailers: Vec<Header>,
    pub is_pattern: bool,
    pub is_done: bool,
    pub reset: Option<u64>,
}

/// What is kept of a body.
const KEPT: usize = 1 << 16;

pub struct Client {
    pub conn: Conn<'static>,
    pub socket: &'static UdpSocket,
    pub responses: HashMap<StreamId, Response>,
    pub close: Option<CloseReason>,
    connected: bool,
    pub goaways: usize,
    /// Round trips that were asked for and are done.
    pub pings: usize,
    /// It neither sends nor receives.
    pub is_silent: bool,
}

impl Client {
    pub fn new(server: SocketAddr, change: impl FnOnce(&mut Params)) -> Self {
        let (fd, local, socket) = socket();
        socket.connect(server).expect("a socket");
        let mut params = Params {
            server_name: "p256.test".into(),
            alpn: vec!["h3".into()],
            local,
            remote: server,
            transport: transport(),
            sni_slicing: true,
            qlog_dir: None,
            receive_buffer_size: 0,
            send_buffer_size: 0,
        };
        change(&mut params);
        Self {
            conn: Conn::new(fd, &params).expect("a client"),
            socket,
            responses: HashMap::new(),
            close: None,
            connected: false,
            goaways: 0,
            pings: 0,
            is_silent: false,
        }
    }

    pub fn is_connected(&self) -> bool {
        self.connected && self.close.is_none()
    }

    /// The code of the server's CONNECTION_CLOSE for QUIC.
    pub fn refusal(&self) -> Option<u64> {
        match &self.close {
            Some(CloseReason::Transport(Error::PeerError(code))) => Some(*code),
            _ => None,
        }
    }

    pub fn is_done(&self, stream: StreamId) -> bool {
        assert!(self.close.is_none(), "{:?}", self.close);
        self.responses
            .get(&stream)
            .is_some_and(|response| response.is_done || response.reset.is_some())
    }

    pub fn request(&mut self, method: &str, path: &str, body: &[u8], fin: bool) -> StreamId {
        let target = ("https", "p256.test", path);
        let stream = self
            .conn
            .fetch(method, target, &[], 3, false)
            .expect("a stream");
        if !body.is_empty() {
            let taken = self.conn.send_data(stream, body).expect("a stream");
            assert_eq!(taken, body.len());
        }
        if fin {
            self.conn.close_stream(stream).expect("a stream");
        }
        self.responses.insert(
            stream,
            Response {
                is_pattern: true,
                ..Response::default()
            },
        );
        stream
    }

    /// Moves to a socket of its own that is connected to `server`. The old one is not closed, but nobody reads it any more.
    pub fn rebind(&mut self, server: SocketAddr) -> Result<(), neqo_ffi::Error> {
        let (fd, local, socket) = socket();
        socket.connect(server).expect("a socket");
        self.conn.rebind(fd, local)?;
        self.socket = socket;
        Ok(())
    }

    /// False if nothing happened.
    pub fn step(&mut self) -> bool {
        if self.is_silent {
            return false;
        }
        let received = self.conn.process_input(256);
        while let Some(event) = self.conn.next_event() {
            self.handle(event);
        }
        received.datagrams > 0 || self.conn.process_output(256).datagrams > 0
    }

    fn handle(&mut self, event: Http3ClientEvent) {
        match event {
            Http3ClientEvent::AuthenticationNeeded => {
                self.conn.authenticated(0).expect("asked for");
            }
            Http3ClientEvent::StateChange(Http3State::Connected) => self.connected = true,
            Http3ClientEvent::StateChange(
                Http3State::Closing(reason) | Http3State::Closed(reason),
            ) => {
                self.close.get_or_insert(reason);
            }
            Http3ClientEvent::GoawayReceived => self.goaways += 1,
            Http3ClientEvent::PingAcknowledged(_) => self.pings += 1,
            Http3ClientEvent::HeaderReady {
                stream_id, headers, ..
            } => {
                let status = headers.iter().find(|header| header.name() == ":status");
                let status = status.expect("a status").value().to_string();
                self.response(stream_id).status = status;
            }
            Http3ClientEvent::Trailers { stream_id, headers } => {
                self.response(stream_id).trailers = headers;
            }
            Http3ClientEvent::DataReadable { stream_id } => self.read(stream_id),
            Http3ClientEvent::Reset {
                stream_id, error, ..
            } => self.response(stream_id).reset = Some(error),
            _ => {}
        }
    }

    fn response(&mut self, stream: StreamId) -> &mut Response {
        self.responses.entry(stream).or_default()
    }

    fn read(&mut self, stream: StreamId) {
        if self.response(stream).is_done {
            return;
        }
        let mut buffer = [0; 1 << 14];
        loop {
            let (length, fin) = self.conn.read_data(stream, &mut buffer).expect("a stream");
            let response = self.response(stream);
            let begin = response.length % PATTERN.len();
            response.is_pattern &= buffer[..length]
                .iter()
                .zip(PATTERN.iter().cycle().skip(begin))
                .all(|(a, b)| a == b);
            if response.body.len() < KEPT {
                response.body.extend_from_slice(&buffer[..length]);
            }
            response.length += length;
            response.is_done = fin;
            if fin || length == 0 {
                return;
            }
        }
    }
}
