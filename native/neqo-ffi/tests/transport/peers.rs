//! Two QUIC connections in memory, with a network between them that can lose what is sent.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use neqo_common::{event::Provider as _, Datagram};
use neqo_crypto::AuthenticationStatus;
use neqo_transport::{
    Connection, ConnectionEvent, ConnectionParameters, Output, State, StreamId, StreamType,
};

#[path = "../server_peers/database.rs"]
mod database;

use database::{open_database, random_ids, CERTIFICATE};

/// One way through the network: longer than nothing, so that several packets are under way at a time.
const LATENCY: Duration = Duration::from_millis(5);

pub fn parameters() -> ConnectionParameters {
    ConnectionParameters::default().pmtud(false)
}

pub struct Pair {
    pub client: Connection,
    pub server: Connection,
    /// All that the connections told, in order, but readable and writable streams.
    pub client_events: Vec<ConnectionEvent>,
    pub server_events: Vec<ConnectionEvent>,
    now: Instant,
}

impl Pair {
    pub fn connected() -> Self {
        Self::connected_with(parameters(), parameters())
    }

    pub fn connected_with(client: ConnectionParameters, server: ConnectionParameters) -> Self {
        let mut pair = Self::unconnected(client, server);
        pair.settle();
        assert_eq!(*pair.client.state(), State::Confirmed);
        assert_eq!(*pair.server.state(), State::Confirmed);
        pair.client_events.clear();
        pair.server_events.clear();
        pair
    }

    /// Two ends that have said nothing yet.
    pub fn unconnected(client: ConnectionParameters, server: ConnectionParameters) -> Self {
        open_database();
        let now = Instant::now();
        let client = Connection::new_client(
            "localhost",
            &["h3"],
            random_ids(),
            SocketAddr::from(([127, 0, 0, 1], 40_000)),
            SocketAddr::from(([127, 0, 0, 1], 443)),
            client,
            now,
        )
        .expect("a client");
        let server = Connection::new_server(&[CERTIFICATE], &["h3"], random_ids(), server)
            .expect("a server");
        Self {
            client,
            server,
            client_events: Vec::new(),
            server_events: Vec::new(),
            now,
        }
    }

    /// What the client sends now, until it waits for something.
    pub fn client_output(&mut self) -> Vec<Datagram> {
        output(&mut self.client, self.now).0
    }

    pub fn server_output(&mut self) -> Vec<Datagram> {
        output(&mut self.server, self.now).0
    }

    /// The client closes the connection, and what it sends then.
    pub fn close_client(&mut self, code: u64) -> Vec<Datagram> {
        self.client.close(self.now, code, "closed");
        self.client_output()
    }

    pub fn close_server(&mut self, code: u64) {
        self.server.close(self.now, code, "closed");
    }

    /// One flight of the client and one of the server; `false`: neither had anything to send.
    pub fn round(&mut self) -> bool {
        let flight = self.client_output();
        let mut active = !flight.is_empty();
        self.deliver_to_server(flight);
        let flight = self.server_output();
        active |= !flight.is_empty();
        self.deliver_to_client(flight);
        active
    }

    pub fn deliver_to_server(&mut self, flight: Vec<Datagram>) {
        self.now += LATENCY;
        for datagram in flight {
            self.server.process_input(datagram, self.now);
        }
        take_events(&mut self.server, &mut self.server_events, self.now);
    }

    pub fn deliver_to_client(&mut self, flight: Vec<Datagram>) {
        self.now += LATENCY;
        for datagram in flight {
            self.client.process_input(datagram, self.now);
        }
        take_events(&mut self.client, &mut self.client_events, self.now);
    }

    /// Lets time pass until the next timer of either side; `false`: there is none so soon.
    pub fn wait(&mut self, at_most: Duration) -> bool {
        let (to_server, client_delay) = output(&mut self.client, self.now);
        let (to_client, server_delay) = output(&mut self.server, self.now);
        if !to_server.is_empty() || !to_client.is_empty() {
            self.deliver_to_server(to_server);
            self.deliver_to_client(to_client);
            return true;
        }
        let next = [client_delay, server_delay]
            .into_iter()
            .filter(|delay| !delay.is_zero() && *delay <= at_most)
            .min();
        self.now += next.unwrap_or_default();
        next.is_some()
    }

    /// Rounds, until both sides have nothing more to send, other than probes.
    pub fn settle(&mut self) {
        while self.round() || self.wait(Duration::from_millis(30)) {}
    }

    /// As `settle`, with the timers for lost packets.
    pub fn recover(&mut self) {
        while self.round() || self.wait(Duration::from_secs(2)) {}
    }

    /// A stream of the client with these bytes.
    pub fn open(&mut self, kind: StreamType, bytes: &[u8]) -> StreamId {
        let stream = self.client.stream_create(kind).expect("a stream");
        if !bytes.is_empty() {
            let taken = self.client.stream_send(stream, bytes).expect("a stream");
            assert_eq!(taken, bytes.len());
        }
        stream
    }

    /// What the server can read now on a stream, and whether it has ended.
    pub fn read(&mut self, stream: StreamId) -> (Vec<u8>, bool) {
        let mut result = Vec::new();
        let mut buffer = [0; 16 * 1024];
        loop {
            let (length, end) = self
                .server
                .stream_recv(stream, &mut buffer)
                .expect("a stream");
            result.extend_from_slice(&buffer[..length]);
            if end || length == 0 {
                take_events(&mut self.server, &mut self.server_events, self.now);
                return (result, end);
            }
        }
    }

    /// Codes of the resets of a stream that the server was told of.
    pub fn resets(&self, stream: StreamId) -> Vec<u64> {
        self.server_events
            .iter()
            .filter_map(|event| match event {
                ConnectionEvent::RecvStreamReset {
                    stream_id,
                    app_error,
                } if *stream_id == stream => Some(*app_error),
                _ => None,
            })
            .collect()
    }
}

/// What a connection sends now, and how long it waits then.
fn output(connection: &mut Connection, now: Instant) -> (Vec<Datagram>, Duration) {
    let mut flight = Vec::new();
    loop {
        match connection.process_output(now) {
            Output::Datagram(datagram) => flight.push(datagram),
            other => return (flight, other.callback()),
        }
    }
}

fn take_events(connection: &mut Connection, events: &mut Vec<ConnectionEvent>, now: Instant) {
    while let Some(event) = connection.next_event() {
        match event {
            ConnectionEvent::AuthenticationNeeded => {
                connection.authenticated(AuthenticationStatus::Ok, now);
            }
            ConnectionEvent::RecvStreamReadable { .. }
            | ConnectionEvent::SendStreamWritable { .. } => {}
            other => events.push(other),
        }
    }
}
