//! One connection that fetches a path over and over.

use std::{
    error::Error,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket},
    os::fd::AsFd,
    time::{Duration, Instant},
};

use neqo_ffi::{Conn, Params, Transport};
use neqo_http3::{Http3ClientEvent, Http3State, StreamId};
use neqo_transport::CongestionControlAlgorithm;

use crate::{
    io::{wait, Io},
    options::Options,
};

/// Bytes of one read; as large as a stream's window may hold for us at once without leaving the cache.
const READ_SIZE: usize = 256 * 1024;
/// As neqo's client asks for.
const RECEIVE_BUFFER: usize = 1 << 20;

/// What was done, summed over connections.
#[derive(Default)]
pub struct Totals {
    pub bytes: u64,
    pub requests: usize,
    pub connect_seconds: f64,
    pub datagrams_received: u64,
    pub receive_calls: u64,
    pub datagrams_sent: u64,
    pub send_calls: u64,
    pub packets_lost: f64,
}

impl Totals {
    pub fn add(&mut self, other: &Self) {
        self.bytes += other.bytes;
        self.requests += other.requests;
        self.connect_seconds += other.connect_seconds;
        self.datagrams_received += other.datagrams_received;
        self.receive_calls += other.receive_calls;
        self.datagrams_sent += other.datagrams_sent;
        self.send_calls += other.send_calls;
        self.packets_lost += other.packets_lost;
    }
}

/// A connected socket and the target.
pub struct Fetcher<'o> {
    options: &'o Options,
    socket: UdpSocket,
}

impl<'o> Fetcher<'o> {
    pub fn connect(options: &'o Options) -> Result<Self, Box<dyn Error>> {
        let wildcard = match options.remote {
            SocketAddr::V4(_) => SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
            SocketAddr::V6(_) => SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)),
        };
        let socket = UdpSocket::bind(wildcard)?;
        socket.connect(options.remote)?;
        Ok(Self { options, socket })
    }

    /// Fetches `requests` times with at most `concurrency` in flight.
    pub fn run(&self, requests: usize, concurrency: usize) -> Result<Totals, Box<dyn Error>> {
        let began = Instant::now();
        let mut conn = Conn::new(self.socket.as_fd(), &self.params()?)?;
        let mut io = if self.options.single_io {
            Io::single(&self.socket)?
        } else {
            Io::Batched
        };
        let mut job = Job {
            left: requests,
            in_flight: 0,
            concurrency,
            connected: false,
            buffer: vec![0; READ_SIZE],
            totals: Totals::default(),
        };
        while job.left > 0 || job.in_flight > 0 {
            let was_connected = job.connected;
            job.handle_events(&mut conn)?;
            if job.connected {
                if !was_connected {
                    job.totals.connect_seconds = began.elapsed().as_secs_f64();
                }
                job.start_requests(&mut conn, self.options)?;
            }
            let sent = io.output(&mut conn)?;
            if job.left == 0 && job.in_flight == 0 {
                break;
            }
            wait(&self.socket, &sent)?;
            io.input(&mut conn)?;
        }
        conn.close(0x100, "")?;
        io.output(&mut conn)?;
        let udp = io.stats(&conn);
        job.totals.datagrams_received = udp.datagrams_received;
        job.totals.receive_calls = udp.receive_calls;
        job.totals.datagrams_sent = udp.datagrams_sent;
        job.totals.send_calls = udp.send_calls;
        job.totals.packets_lost = conn.stats().packets_lost;
        Ok(job.totals)
    }

    fn params(&self) -> Result<Params, Box<dyn Error>> {
        Ok(Params {
            server_name: self.options.host.clone(),
            alpn: vec!["h3".to_string()],
            local: self.socket.local_addr()?,
            remote: self.options.remote,
            transport: Transport {
                max_table_size: 65_536,
                max_blocked_streams: 20,
                max_data: (1 << 62) - 1,
                max_stream_data: self.options.window,
                max_streams_bidi: 16,
                max_streams_uni: 16,
                idle_timeout: Duration::from_secs(30),
                congestion_control: CongestionControlAlgorithm::Cubic,
                pacing: true,
                pmtud: self.options.pmtud,
                grease: true,
                mlkem: true,
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
        })
    }
}

/// Progress of a run.
struct Job {
    left: usize,
    in_flight: usize,
    concurrency: usize,
    connected: bool,
    buffer: Vec<u8>,
    totals: Totals,
}

impl Job {
    fn handle_events(&mut self, conn: &mut Conn<'_>) -> Result<(), Box<dyn Error>> {
        while let Some(event) = conn.next_event() {
            match event {
                Http3ClientEvent::AuthenticationNeeded => conn.authenticated(0)?,
                Http3ClientEvent::StateChange(Http3State::Connected) => self.connected = true,
                Http3ClientEvent::StateChange(Http3State::Closing(reason)) => {
                    return Err(format!("closed: {reason:?}").into())
                }
                Http3ClientEvent::HeaderReady { fin: true, .. } => self.finish(),
                Http3ClientEvent::DataReadable { stream_id } => self.read(conn, stream_id)?,
                Http3ClientEvent::Reset { error, .. } => {
                    return Err(format!("reset: {error:#x}").into())
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn read(&mut self, conn: &mut Conn<'_>, stream_id: StreamId) -> Result<(), Box<dyn Error>> {
        loop {
            let (count, fin) = conn.read_data(stream_id, &mut self.buffer)?;
            self.totals.bytes += count as u64;
            if fin {
                self.finish();
            }
            if fin || count == 0 {
                return Ok(());
            }
        }
    }

    fn finish(&mut self) {
        self.in_flight -= 1;
        self.totals.requests += 1;
    }

    fn start_requests(
        &mut self,
        conn: &mut Conn<'_>,
        options: &Options,
    ) -> Result<(), Box<dyn Error>> {
        while self.left > 0 && self.in_flight < self.concurrency {
            let target = ("https", options.host.as_str(), options.path.as_str());
            match conn.fetch("GET", target, &[], 3, false) {
                Ok(stream_id) => conn.close_stream(stream_id)?,
                // The server's stream limit: RequestsCreatable comes.
                Err(e) if e.code() == neqo_ffi::constants::NEQO_STREAM_LIMIT => return Ok(()),
                Err(e) => return Err(e.into()),
            }
            self.left -= 1;
            self.in_flight += 1;
        }
        Ok(())
    }
}
