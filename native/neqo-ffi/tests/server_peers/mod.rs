//! A server connection with neqo's HTTP/3 on it, and a client of which every octet can be chosen, in memory.

mod database;

use std::{net::SocketAddr, time::Instant};

use neqo_common::{event::Provider as _, Decoder, Encoder};
use neqo_crypto::AuthenticationStatus;
use neqo_http3::{Header, Http3Parameters, Http3ServerConnEvent, Http3ServerHandler, StreamId};
use neqo_qpack::{decoder::QPackDecoder, QpackSettings};
use neqo_transport::{Connection, ConnectionEvent, ConnectionParameters, Output, StreamType};

pub use database::random_ids;
use database::{open_database, CERTIFICATE};

/// What a client says first on its control stream: the stream's type and empty SETTINGS.
const CONTROL: [u8; 3] = [0x00, 0x04, 0x00];

pub const FRAME_DATA: u64 = 0x0;
pub const FRAME_HEADERS: u64 = 0x1;
pub const FRAME_SETTINGS: u64 = 0x4;
pub const FRAME_GOAWAY: u64 = 0x7;

/// A HEADERS frame of literals, without Huffman coding and without the dynamic table.
pub fn headers_frame(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut section = Encoder::from(&[0, 0][..]);
    for (name, value) in fields {
        prefixed_integer(&mut section, 0x20, 3, name.len());
        section.encode(name.as_bytes());
        prefixed_integer(&mut section, 0x00, 7, value.len());
        section.encode(value.as_bytes());
    }
    frame(FRAME_HEADERS, section.as_ref())
}

/// RFC 7541 5.1.
fn prefixed_integer(encoder: &mut Encoder, pattern: u8, bits: u32, value: usize) {
    let largest = (1 << bits) - 1;
    if value < largest {
        encoder.encode_byte(pattern | u8::try_from(value).expect("less than the prefix"));
        return;
    }
    encoder.encode_byte(pattern | u8::try_from(largest).expect("a prefix"));
    let mut rest = value - largest;
    while rest >= 0x80 {
        encoder.encode_byte(u8::try_from(rest & 0x7f).expect("7 bits") | 0x80);
        rest >>= 7;
    }
    encoder.encode_byte(u8::try_from(rest).expect("7 bits"));
}

pub fn frame(kind: u64, payload: &[u8]) -> Vec<u8> {
    let mut encoder = Encoder::default();
    encoder.encode_varint(kind).encode_vvec(payload);
    encoder.into()
}

/// A GET request with further fields.
pub fn request(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut all = vec![
        (":method", "GET"),
        (":scheme", "https"),
        (":authority", "localhost"),
        (":path", "/"),
    ];
    all.extend_from_slice(fields);
    headers_frame(&all)
}

/// Type and payload of each frame.
pub fn frames(octets: &[u8]) -> Vec<(u64, Vec<u8>)> {
    let mut decoder = Decoder::from(octets);
    let mut result = Vec::new();
    while let Some(kind) = decoder.decode_varint() {
        let payload = decoder.decode_vvec().expect("a whole frame");
        result.push((kind, payload.to_vec()));
    }
    result
}

/// The fields of a section that does not use the dynamic table, as "name: value".
pub fn fields(section: &[u8]) -> Vec<String> {
    let mut decoder = QPackDecoder::new(&QpackSettings {
        max_table_size_encoder: 0,
        max_table_size_decoder: 0,
        max_blocked_streams: 0,
    });
    decoder
        .decode_header_block(section, StreamId::from(0))
        .expect("a field section")
        .expect("nothing to wait for")
        .iter()
        .map(|field| format!("{}: {}", field.name(), field.value()))
        .collect()
}

pub struct Peers {
    pub client: Connection,
    pub server: Connection,
    pub handler: Http3ServerHandler,
    /// All that the handler told, in order.
    pub events: Vec<Http3ServerConnEvent>,
    /// All that the client's connection told, in order.
    pub client_events: Vec<ConnectionEvent>,
    pub control: StreamId,
    now: Instant,
}

impl Peers {
    /// Two ends that have said nothing yet.
    pub fn new(parameters: Http3Parameters, client: ConnectionParameters) -> Self {
        open_database();
        let now = Instant::now();
        let client_address = SocketAddr::from(([127, 0, 0, 1], 40_000));
        let server_address = SocketAddr::from(([127, 0, 0, 1], 443));
        let client = Connection::new_client(
            "localhost",
            &["h3"],
            random_ids(),
            client_address,
            server_address,
            client.pmtud(false),
            now,
        )
        .expect("a client");
        let server = Connection::new_server(
            &[CERTIFICATE],
            &["h3"],
            random_ids(),
            parameters.get_connection_parameters().clone().pmtud(false),
        )
        .expect("a server");
        Self {
            client,
            server,
            handler: Http3ServerHandler::new(parameters),
            events: Vec::new(),
            client_events: Vec::new(),
            control: StreamId::from(0),
            now,
        }
    }

    /// Two ends that are connected, with SETTINGS exchanged.
    pub fn connected(parameters: Http3Parameters) -> Self {
        Self::connected_with(parameters, &CONTROL)
    }

    /// As `connected`; `control` is what the client says first on its control stream.
    pub fn connected_with(parameters: Http3Parameters, control: &[u8]) -> Self {
        Self::new(parameters, ConnectionParameters::default()).with_settings(control)
    }

    /// As `connected`, to a client with these parameters.
    pub fn connected_to(parameters: Http3Parameters, client: ConnectionParameters) -> Self {
        Self::new(parameters, client).with_settings(&CONTROL)
    }

    fn with_settings(mut self, control: &[u8]) -> Self {
        self.exchange();
        self.control = self.open(StreamType::UniDi, control);
        self.exchange();
        self.events.clear();
        self
    }

    pub fn open(&mut self, kind: StreamType, octets: &[u8]) -> StreamId {
        let stream = self.client.stream_create(kind).expect("a stream");
        self.send(stream, octets);
        stream
    }

    pub fn send(&mut self, stream: StreamId, octets: &[u8]) {
        if octets.is_empty() {
            return;
        }
        let sent = self.client.stream_send(stream, octets).expect("a stream");
        assert_eq!(sent, octets.len());
    }

    pub fn end(&mut self, stream: StreamId) {
        self.client.stream_close_send(stream).expect("a stream");
    }

    /// Opens a request stream with these octets and ends it.
    pub fn request(&mut self, octets: &[u8]) -> StreamId {
        let stream = self.open(StreamType::BiDi, octets);
        self.end(stream);
        stream
    }

    /// Lets datagrams go to and fro, and time pass for the timers that are due soon, until both ends are silent.
    pub fn exchange(&mut self) {
        loop {
            let mut sent = self.deliver_to_server();
            self.run_handler();
            sent |= self.deliver_to_client();
            while let Some(event) = self.client.next_event() {
                if event == ConnectionEvent::AuthenticationNeeded {
                    self.client
                        .authenticated(AuthenticationStatus::Ok, self.now);
                }
                self.client_events.push(event);
            }
            if !sent && !self.wait_for_pacer() {
                return;
            }
        }
    }

    /// Gives the server's connection all the datagrams that the client has. HTTP/3 sees what they bring later, in the
    /// same order.
    pub fn deliver_to_server(&mut self) -> bool {
        let mut sent = false;
        while let Output::Datagram(datagram) = self.client.process_output(self.now) {
            self.server.process_input(datagram, self.now);
            sent = true;
        }
        sent
    }

    /// HTTP/3 at the server sees what has been delivered, and tells of it.
    pub fn run_handler(&mut self) {
        self.handler.process_http3(&mut self.server, self.now);
        while let Some(event) = self.handler.next_event() {
            self.events.push(event);
        }
    }

    fn deliver_to_client(&mut self) -> bool {
        let mut sent = false;
        while let Output::Datagram(datagram) = self.server.process_output(self.now) {
            self.client.process_input(datagram, self.now);
            sent = true;
        }
        sent
    }

    /// Delayed acknowledgements and the pacer take less than 30 ms; probes and time-outs take longer.
    fn wait_for_pacer(&mut self) -> bool {
        let client = self.client.process_output(self.now).callback();
        let server = self.server.process_output(self.now).callback();
        let soon = [client, server]
            .into_iter()
            .filter(|delay| !delay.is_zero() && delay.as_millis() < 30)
            .min();
        if let Some(delay) = soon {
            self.now += delay;
        }
        soon.is_some()
    }

    pub fn headers(&mut self, stream: StreamId, fields: &[(&str, &str)]) {
        let headers: Vec<Header> = fields.iter().map(|(n, v)| Header::new(*n, *v)).collect();
        self.handler
            .send_headers(stream, &headers, &mut self.server)
            .expect("a response");
    }

    /// What has come on a stream, and whether it has ended.
    pub fn receive(&mut self, stream: StreamId) -> (Vec<u8>, bool) {
        let mut result = Vec::new();
        let mut buffer = [0; 4096];
        loop {
            let (length, end) = self
                .client
                .stream_recv(stream, &mut buffer)
                .expect("a stream");
            result.extend_from_slice(&buffer[..length]);
            if end || length == 0 {
                return (result, end);
            }
        }
    }

    pub fn reset_code(&self, stream: StreamId) -> Option<u64> {
        self.client_events.iter().find_map(|event| match event {
            ConnectionEvent::RecvStreamReset {
                stream_id,
                app_error,
            } if *stream_id == stream => Some(*app_error),
            _ => None,
        })
    }

    pub fn stop_code(&self, stream: StreamId) -> Option<u64> {
        self.client_events.iter().find_map(|event| match event {
            ConnectionEvent::SendStreamStopSending {
                stream_id,
                app_error,
            } if *stream_id == stream => Some(*app_error),
            _ => None,
        })
    }

    pub const fn now(&self) -> Instant {
        self.now
    }
}
