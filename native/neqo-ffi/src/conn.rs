//! The connection: neqo's `Http3Client` driven over a borrowed UDP socket.

use std::{cell::RefCell, net::SocketAddr, os::fd::BorrowedFd, rc::Rc, time::Instant};

use neqo_common::{event::Provider as _, hex, Datagram, Role, MAX_VARINT};
use neqo_crypto::AuthenticationStatus;
use neqo_http3::{Header, Http3Client, Http3ClientEvent, Http3State, Priority, StreamId};
use neqo_transport::{Connection, Output};

use crate::{
    client_ids::ClientIds,
    events::{self, EventQueue},
    nss, qlog,
    record::Written,
    udp::{Received, Sent, Udp, UdpStats},
    Error, InitError, Params,
};

/// Length of the connection ids that the peer uses towards us, as Firefox has it.
const CONNECTION_ID_LENGTH: usize = 3;
/// RFC 9218 4.1: urgency goes from 0 to 7.
const URGENCIES: u8 = 8;

/// Whether neqo waits for the result of certificate verification. It does so once in a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Authentication {
    NotAsked,
    Pending,
    Answered,
}

/// One client connection. Bound to the thread that made it, as neqo and NSS are.
pub struct Conn<'fd> {
    pub(crate) client: Http3Client,
    udp: Udp<'fd>,
    events: EventQueue,
    authentication: Authentication,
}

impl<'fd> Conn<'fd> {
    /// Takes a bound and connected socket into use. The handshake begins with the first [`Self::process_output`].
    ///
    /// # Errors
    ///
    /// If NSS cannot be initialised, a parameter is not acceptable, a socket option cannot be set or the qlog file cannot
    /// be created.
    pub fn new(fd: BorrowedFd<'fd>, params: &Params) -> Result<Self, InitError> {
        nss::init().map_err(|e| InitError::new(format!("NSS: {e:?}")))?;
        let http3 = params.http3_parameters()?;
        let udp = Udp::connected(
            fd,
            params.local,
            params.remote,
            params.receive_buffer_size,
            params.send_buffer_size,
        )?;
        let connection = Connection::new_client(
            params.server_name.as_str(),
            &params.alpn,
            Rc::new(RefCell::new(ClientIds::new(CONNECTION_ID_LENGTH))),
            params.local,
            params.remote,
            http3.get_connection_parameters().clone(),
            Instant::now(),
        )
        .map_err(|e| InitError::new(format!("neqo: {e:?}")))?;
        let mut client = Http3Client::new_with_conn(connection, http3);
        if let Some(directory) = &params.qlog_dir {
            client.set_qlog(qlog::open(
                directory,
                Role::Client,
                &hex(client.connection_id()),
            )?);
        }
        Ok(Self {
            client,
            udp,
            events: EventQueue::default(),
            authentication: Authentication::NotAsked,
        })
    }

    /// Reads datagrams and gives them to neqo, a batch at a time.
    pub fn process_input(&mut self, max_datagrams: usize) -> Received {
        let client = &mut self.client;
        self.udp.receive(max_datagrams, |segments| {
            client.process_multiple_input(segments, Instant::now());
        })
    }

    /// Gives datagrams to neqo that were read elsewhere.
    pub fn process_datagrams<'a>(
        &mut self,
        datagrams: impl IntoIterator<Item = Datagram<&'a mut [u8]>>,
    ) {
        self.client
            .process_multiple_input(datagrams, Instant::now());
    }

    /// Sends what neqo has to send, in batches.
    pub fn process_output(&mut self, max_datagrams: usize) -> Sent {
        let client = &mut self.client;
        self.udp
            .send(max_datagrams, || client.process_output(Instant::now()))
    }

    /// The next datagram or timer, for a caller that sends by itself.
    pub fn next_output(&mut self) -> Output {
        self.client.process_output(Instant::now())
    }

    /// Packs waiting events into `buffer`.
    pub fn next_events(&mut self, buffer: &mut [u8]) -> Written {
        let goaway = match self.client.state() {
            Http3State::GoingAway(stream_id) => Some(stream_id),
            _ => None,
        };
        let (client, authentication) = (&mut self.client, &mut self.authentication);
        self.events.write(buffer, goaway, || {
            let event = client.next_event()?;
            authentication.note(&event);
            Some(event)
        })
    }

    /// The next event, unpacked.
    pub fn next_event(&mut self) -> Option<Http3ClientEvent> {
        let event = self.client.next_event()?;
        self.authentication.note(&event);
        Some(event)
    }

    /// Opens a request stream and queues its headers.
    ///
    /// # Errors
    ///
    /// `StreamLimitError`, `AlreadyClosed`, or what neqo says of the headers.
    pub fn fetch(
        &mut self,
        method: &str,
        (scheme, authority, path): (&str, &str, &str),
        headers: &[Header],
        urgency: u8,
        incremental: bool,
    ) -> Result<StreamId, Error> {
        self.check_started()?;
        let priority = priority(urgency, incremental)?;
        Ok(self.client.fetch(
            Instant::now(),
            method,
            &(scheme, authority, path),
            headers,
            priority,
        )?)
    }

    /// Queues body bytes; returns how many neqo took.
    ///
    /// # Errors
    ///
    /// If the stream's sending side is gone.
    pub fn send_data(&mut self, stream_id: StreamId, data: &[u8]) -> Result<usize, Error> {
        if data.is_empty() {
            return Ok(0);
        }
        Ok(self.client.send_data(stream_id, data)?)
    }

    /// Reads body bytes; returns how many, and whether the stream ended.
    ///
    /// # Errors
    ///
    /// If there is no such stream, or its frames cannot be parsed.
    pub fn read_data(
        &mut self,
        stream_id: StreamId,
        into: &mut [u8],
    ) -> Result<(usize, bool), Error> {
        Ok(self.client.read_data(Instant::now(), stream_id, into)?)
    }

    /// Ends the sending side of a stream.
    ///
    /// # Errors
    ///
    /// If there is no such stream.
    pub fn close_stream(&mut self, stream_id: StreamId) -> Result<(), Error> {
        Ok(self.client.stream_close_send(stream_id)?)
    }

    pub(crate) fn cancel_fetch(&mut self, stream_id: StreamId, error: u64) -> Result<(), Error> {
        Ok(self.client.cancel_fetch(stream_id, varint(error)?)?)
    }

    pub(crate) fn reset_stream(&mut self, stream_id: StreamId, error: u64) -> Result<(), Error> {
        Ok(self.client.stream_reset_send(stream_id, varint(error)?)?)
    }

    pub(crate) fn stop_sending(&mut self, stream_id: StreamId, error: u64) -> Result<(), Error> {
        Ok(self.client.stream_stop_sending(stream_id, varint(error)?)?)
    }

    pub(crate) fn priority_update(
        &mut self,
        stream_id: StreamId,
        urgency: u8,
        incremental: bool,
    ) -> Result<(), Error> {
        let priority = priority(urgency, incremental)?;
        self.client.priority_update(stream_id, priority)?;
        Ok(())
    }

    pub(crate) fn set_stream_max_data(
        &mut self,
        stream_id: StreamId,
        max_data: u64,
    ) -> Result<(), Error> {
        Ok(self
            .client
            .set_stream_max_data(stream_id, varint(max_data)?)?)
    }

    /// Begins an application close.
    ///
    /// # Errors
    ///
    /// If the code cannot be sent.
    pub fn close(&mut self, error: u64, reason: &str) -> Result<(), Error> {
        self.client.close(Instant::now(), varint(error)?, reason);
        Ok(())
    }

    /// Tells neqo the result of certificate verification: 0, or an NSS or mozilla::pkix error.
    ///
    /// # Errors
    ///
    /// If neqo does not wait for one; neqo itself would assert.
    pub fn authenticated(&mut self, pr_error_code: i32) -> Result<(), Error> {
        if self.authentication != Authentication::Pending {
            return Err(Error::State("no authentication is pending"));
        }
        if matches!(
            self.client.state(),
            Http3State::Closing(_) | Http3State::Closed(_)
        ) {
            return Err(Error::State("the connection is closing"));
        }
        self.authentication = Authentication::Answered;
        self.client
            .authenticated(AuthenticationStatus::from(pr_error_code), Instant::now());
        Ok(())
    }

    pub(crate) fn initiate_key_update(&mut self) -> Result<(), Error> {
        Ok(self.client.initiate_key_update()?)
    }

    /// Moves to another socket, bound to `local` and connected to the same peer (RFC 9000 9).
    ///
    /// # Errors
    ///
    /// If QUIC does not allow it, or a socket option cannot be set. The connection then stays where it is.
    pub fn rebind(&mut self, fd: BorrowedFd<'fd>, local: SocketAddr) -> Result<(), Error> {
        let udp = self.udp.moved(fd, local).map_err(Error::Socket)?;
        self.client.rebind(local, Instant::now())?;
        self.udp = udp;
        Ok(())
    }

    /// Asks for a round trip; `Http3ClientEvent::PingAcknowledged` tells its end.
    pub fn ping(&mut self) {
        self.client.ping();
    }

    /// `NEQO_STATE_…`
    pub(crate) fn state(&self) -> u32 {
        events::state_number(&self.client.state())
    }

    /// Original destination connection id in hex.
    pub(crate) fn connection_id(&self) -> String {
        hex(self.client.connection_id())
    }

    #[must_use]
    pub const fn udp_stats(&self) -> &UdpStats {
        self.udp.stats()
    }

    /// Requests are possible from 0-RTT or the end of the handshake on. neqo would say `Unavailable`, which is what it also
    /// says when there will never be a stream again.
    pub(crate) fn check_started(&self) -> Result<(), Error> {
        if self.client.state() == Http3State::Initializing {
            return Err(Error::State("the handshake is not complete"));
        }
        Ok(())
    }
}

impl Authentication {
    fn note(&mut self, event: &Http3ClientEvent) {
        // neqo repeats the ECH event when more handshake bytes arrive: an answer is final.
        if *self == Self::NotAsked
            && matches!(
                event,
                Http3ClientEvent::AuthenticationNeeded
                    | Http3ClientEvent::EchFallbackAuthenticationNeeded { .. }
            )
        {
            *self = Self::Pending;
        }
    }
}

/// A number that goes on the wire as it is; neqo asserts that it fits (RFC 9000 16).
pub fn varint(value: u64) -> Result<u64, Error> {
    if value <= MAX_VARINT {
        Ok(value)
    } else {
        Err(Error::Input("number is above 2^62 - 1"))
    }
}

fn priority(urgency: u8, incremental: bool) -> Result<Priority, Error> {
    if urgency < URGENCIES {
        Ok(Priority::new(urgency, incremental))
    } else {
        Err(Error::Input("urgency is above 7"))
    }
}
