//! One connection with its requests.

use std::{
    collections::HashMap,
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket},
    os::fd::{AsRawFd, BorrowedFd, RawFd},
    time::Instant,
};

use neqo_ffi::{udp::Wakeup, Conn, InitError, Params, Transport};
use neqo_http3::{Http3ClientEvent, Http3State, StreamId};
use neqo_transport::CongestionControlAlgorithm;

use crate::{
    options::Options,
    work::{Request, Work},
};

/// neqo's own initial window of a stream in bytes; it grows by itself to ten times that.
const STREAM_WINDOW: u64 = 1 << 20;
/// Enough for the window of one connection; the kernel takes it only as datagrams come.
const RECEIVE_BUFFER: usize = 1 << 20;
const H3_NO_ERROR: u64 = 0x100;
/// Milliseconds after which a full socket is tried again.
const BLOCKED_PAUSE: u64 = 1;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    Connecting,
    Connected,
    /// Over, with the reason.
    Closed(String),
}

/// A connection. It borrows the descriptor of its own socket.
pub struct Client {
    // Before the socket, so that it is dropped first.
    conn: Conn<'static>,
    socket: UdpSocket,
    opened: Instant,
    pub state: State,
    in_flight: HashMap<StreamId, Request>,
    /// Requests begun.
    begun: usize,
}

impl Client {
    /// # Errors
    ///
    /// If there is no socket for it.
    pub fn open(options: &Options) -> Result<Self, Box<dyn std::error::Error>> {
        let wildcard = match options.remote {
            SocketAddr::V4(_) => SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
            SocketAddr::V6(_) => SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)),
        };
        let socket = UdpSocket::bind(wildcard)?;
        socket.connect(options.remote)?;
        // SAFETY: the descriptor stays open as long as the connection: both are fields of one object, which never gives the
        // socket away, and the connection is dropped first.
        let fd = unsafe { BorrowedFd::borrow_raw(socket.as_raw_fd()) };
        Ok(Self {
            conn: connection(fd, socket.local_addr()?, options)?,
            socket,
            opened: Instant::now(),
            state: State::Connecting,
            in_flight: HashMap::new(),
            begun: 0,
        })
    }

    pub fn fd(&self) -> RawFd {
        self.socket.as_raw_fd()
    }

    pub fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    /// It has done what one connection is to do.
    pub fn is_used_up(&self, options: &Options) -> bool {
        self.begun >= options.per_connection && self.in_flight.is_empty()
    }

    /// Reads what the socket has.
    pub fn input(&mut self) {
        let received = self.conn.process_input(usize::MAX);
        if received.errno != 0 && self.state == State::Connecting {
            self.state = State::Closed(io::Error::from_raw_os_error(received.errno).to_string());
        }
    }

    /// Sends what there is to send; returns when to do so again.
    pub fn output(&mut self) -> Wakeup {
        let sent = self.conn.process_output(usize::MAX);
        if sent.blocked {
            Wakeup::After(BLOCKED_PAUSE)
        } else {
            sent.wakeup
        }
    }

    pub fn handle_events(&mut self, work: &mut Work) {
        while let Some(event) = self.conn.next_event() {
            match event {
                Http3ClientEvent::AuthenticationNeeded => {
                    if let Err(e) = self.conn.authenticated(0) {
                        self.state = State::Closed(e.to_string());
                    }
                }
                Http3ClientEvent::StateChange(Http3State::Connected) => {
                    self.state = State::Connected;
                    work.connected(self.opened.elapsed());
                }
                Http3ClientEvent::StateChange(
                    Http3State::Closing(reason) | Http3State::Closed(reason),
                ) => self.state = State::Closed(format!("closed: {reason:?}")),
                Http3ClientEvent::HeaderReady {
                    stream_id,
                    headers,
                    interim: false,
                    fin,
                } => {
                    let status = headers.iter().find(|header| header.name() == ":status");
                    let status = status.map_or("none", |header| header.value());
                    if status != "200" {
                        self.give_up(work, stream_id, &format!("status {status}"));
                    } else if fin {
                        self.finish(work, stream_id);
                    }
                }
                Http3ClientEvent::DataReadable { stream_id } => self.read(work, stream_id),
                Http3ClientEvent::Reset {
                    stream_id, error, ..
                } => {
                    self.give_up(work, stream_id, &format!("reset: {error:#x}"));
                }
                _ => {}
            }
        }
    }

    /// Begins as many requests as it may.
    pub fn start_requests(&mut self, work: &mut Work, options: &Options) {
        while self.state == State::Connected
            && work.left > 0
            && self.begun < options.per_connection
            && self.in_flight.len() < options.concurrency
        {
            let authority = format!("{}:{}", options.host, options.remote.port());
            let path = work.next_path();
            let target = ("https", authority.as_str(), path.as_str());
            match self.conn.fetch("GET", target, &[], 3, false) {
                Ok(stream_id) => {
                    self.begun += 1;
                    self.in_flight.insert(stream_id, work.begin());
                    if let Err(e) = self.conn.close_stream(stream_id) {
                        self.give_up(work, stream_id, &e.to_string());
                    }
                }
                // The server's stream limit: RequestsCreatable comes.
                Err(e) if e.code() == neqo_ffi::constants::NEQO_STREAM_LIMIT => return,
                // GOAWAY came: whatever is in flight may end.
                Err(e) => {
                    self.begun = options.per_connection;
                    if self.in_flight.is_empty() {
                        self.state = State::Closed(e.to_string());
                    }
                }
            }
        }
    }

    /// Says goodbye without waiting for an answer.
    pub fn close(mut self) {
        if self.state == State::Connected && self.conn.close(H3_NO_ERROR, "").is_ok() {
            self.conn.process_output(usize::MAX);
        }
    }

    /// Reads a body. What is left of a wrong one is thrown away.
    fn read(&mut self, work: &mut Work, stream_id: StreamId) {
        loop {
            let (count, fin) = match self.conn.read_data(stream_id, &mut work.buffer) {
                Ok(read) => read,
                Err(e) => return self.give_up(work, stream_id, &e.to_string()),
            };
            let request = self.in_flight.get_mut(&stream_id);
            if let Some(Err(reason)) = request.map(|request| work.take(request, count)) {
                self.give_up(work, stream_id, reason);
            }
            if fin {
                self.finish(work, stream_id);
            }
            if fin || count == 0 {
                return;
            }
        }
    }

    fn finish(&mut self, work: &mut Work, stream_id: StreamId) {
        if let Some(request) = self.in_flight.remove(&stream_id) {
            work.finish(&request);
        }
    }

    fn give_up(&mut self, work: &mut Work, stream_id: StreamId, reason: &str) {
        if self.in_flight.remove(&stream_id).is_some() {
            work.fail(reason);
        }
    }
}

fn connection(
    fd: BorrowedFd<'static>,
    local: SocketAddr,
    options: &Options,
) -> Result<Conn<'static>, InitError> {
    let params = Params {
        server_name: options.host.clone(),
        alpn: vec!["h3".to_string()],
        local,
        remote: options.remote,
        transport: Transport {
            max_table_size: 65_536,
            max_blocked_streams: 20,
            max_data: (1 << 62) - 1,
            max_stream_data: STREAM_WINDOW,
            max_streams_bidi: 16,
            max_streams_uni: 16,
            idle_timeout: options.idle_timeout,
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
        },
        sni_slicing: true,
        qlog_dir: None,
        receive_buffer_size: RECEIVE_BUFFER,
        send_buffer_size: 0,
    };
    Conn::new(fd, &params)
}
