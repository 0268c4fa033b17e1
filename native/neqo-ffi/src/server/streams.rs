//! What the application does with requests and connections.

use std::time::Instant;

use neqo_http3::{Header, Http3ServerHandler, StreamId};
use neqo_transport::Connection;

use super::{engine::Engine, entry::Phase};
use crate::{conn::varint, latin1, Error};

/// A header section in which each name and each value ends with a NUL, which neither may contain (RFC 9110 5.5).
fn parse_fields(section: &[u8]) -> Result<Vec<Header>, Error> {
    let Some((0, fields)) = section.split_last().map(|(last, rest)| (*last, rest)) else {
        return if section.is_empty() {
            Ok(Vec::new())
        } else {
            Err(Error::Input("a header section does not end with NUL"))
        };
    };
    let mut headers = Vec::with_capacity(8);
    let mut parts = fields.split(|byte| *byte == 0);
    while let Some(name) = parts.next() {
        let value = parts.next().ok_or(Error::Input("a header has no value"))?;
        headers.push(Header::new(latin1::decode(name), latin1::decode(value)));
    }
    Ok(headers)
}

/// The most that is sent to a client that has told no limit of its own: beyond it nobody would take a field section, this
/// project's client neither.
const MAX_FIELD_SECTION_SIZE: u64 = 1 << 20;
/// Octets of a NUL-terminated pair beyond its name and value, and what RFC 9114 4.2.2 adds to them instead.
const PAIR_ENDS: u64 = 2;
const FIELD_OVERHEAD: u64 = 32;

/// Sends a section of `octets`, as it came, unless the client does not accept its size (RFC 9114 4.2.2).
fn send_section(
    handler: &mut Http3ServerHandler,
    connection: &mut Connection,
    stream_id: StreamId,
    headers: &[Header],
    octets: usize,
) -> Result<(), Error> {
    let size = octets as u64 + (FIELD_OVERHEAD - PAIR_ENDS) * headers.len() as u64;
    let max = handler.peer_max_field_section_size();
    if size > max.unwrap_or(MAX_FIELD_SECTION_SIZE) {
        return Err(Error::TooMuch(
            "header section exceeds what the client accepts",
        ));
    }
    Ok(handler.send_headers(stream_id, headers, connection)?)
}

impl Engine {
    /// Runs `f` on a connection, which then gets its turn.
    pub(super) fn on<R>(
        &mut self,
        handle: u32,
        f: impl FnOnce(&mut Http3ServerHandler, &mut Connection) -> Result<R, Error>,
    ) -> Result<R, Error> {
        let result = self
            .entry(handle)?
            .enter(|link| f(&mut link.handler, &mut link.connection));
        self.mark(handle);
        result.unwrap_or(Err(Error::State(
            "the handshake waits for a credential, or the connection failed",
        )))
    }

    /// Sends headers and as much of `body` as is taken; with `fin` and all of it taken, ends the stream.
    pub fn respond(
        &mut self,
        handle: u32,
        stream_id: StreamId,
        head: &[u8],
        body: &[u8],
        fin: bool,
    ) -> Result<usize, Error> {
        let headers = parse_fields(head)?;
        self.on(handle, |handler, connection| {
            send_section(handler, connection, stream_id, &headers, head.len())?;
            send(handler, connection, stream_id, body, fin)
        })
    }

    /// Sends body bytes; returns how many were taken.
    pub fn send_data(
        &mut self,
        handle: u32,
        stream_id: StreamId,
        data: &[u8],
        fin: bool,
    ) -> Result<usize, Error> {
        self.on(handle, |handler, connection| {
            send(handler, connection, stream_id, data, fin)
        })
    }

    pub fn send_trailers(
        &mut self,
        handle: u32,
        stream_id: StreamId,
        trailers: &[u8],
    ) -> Result<(), Error> {
        let headers = parse_fields(trailers)?;
        self.on(handle, |handler, connection| {
            send_section(handler, connection, stream_id, &headers, trailers.len())?;
            Ok(handler.stream_close_send(stream_id, connection)?)
        })
    }

    pub fn end_stream(&mut self, handle: u32, stream_id: StreamId) -> Result<(), Error> {
        self.on(handle, |handler, connection| {
            Ok(handler.stream_close_send(stream_id, connection)?)
        })
    }

    /// Reads body bytes; returns how many, and whether the stream ended.
    pub fn read_data(
        &mut self,
        handle: u32,
        stream_id: StreamId,
        into: &mut [u8],
    ) -> Result<(usize, bool), Error> {
        let now = Instant::now();
        self.on(handle, |handler, connection| {
            Ok(handler.read_data(connection, now, stream_id, into)?)
        })
    }

    pub fn reset_stream(
        &mut self,
        handle: u32,
        stream_id: StreamId,
        error: u64,
    ) -> Result<(), Error> {
        let error = varint(error)?;
        self.on(handle, |handler, connection| {
            Ok(handler.stream_reset_send(stream_id, error, connection)?)
        })
    }

    pub fn stop_sending(
        &mut self,
        handle: u32,
        stream_id: StreamId,
        error: u64,
    ) -> Result<(), Error> {
        let error = varint(error)?;
        self.on(handle, |handler, connection| {
            Ok(handler.stream_stop_sending(stream_id, error, connection)?)
        })
    }

    pub fn cancel_stream(
        &mut self,
        handle: u32,
        stream_id: StreamId,
        error: u64,
    ) -> Result<(), Error> {
        let error = varint(error)?;
        self.on(handle, |handler, connection| {
            Ok(handler.cancel_fetch(stream_id, error, connection)?)
        })
    }

    /// GOAWAY; returns the id in it.
    pub fn goaway(&mut self, handle: u32, last: bool) -> Result<StreamId, Error> {
        self.on(handle, |handler, _| Ok(handler.goaway(last)?))
    }

    /// Begins an application close.
    pub fn close(&mut self, handle: u32, error: u64, reason: &str) -> Result<(), Error> {
        let error = varint(error)?;
        self.on(handle, |_, connection| {
            if !connection.state().closed() {
                connection.close(Instant::now(), error, reason);
            }
            Ok(())
        })?;
        self.touch(handle);
        Ok(())
    }

    /// Closes as soon as the client has all responses: CONNECTION_CLOSE ends retransmissions.
    pub fn close_when_sent(&mut self, handle: u32, error: u64) -> Result<(), Error> {
        let error = varint(error)?;
        let entry = self.entry(handle)?;
        if entry.current_phase() != Phase::Ended {
            entry.close_when_sent = Some(error);
            self.mark(handle);
        }
        Ok(())
    }

    /// CONNECTION_REFUSED.
    pub fn refuse(&mut self, handle: u32) -> Result<(), Error> {
        let entry = self.entry(handle)?;
        if entry.waits_for_credential() {
            // It waits for a credential: nothing was sent, so one packet ends it.
            let (initial, way) = (entry.initial.clone(), entry.way());
            self.refuse_initial(&initial, way);
            self.remove(handle, Instant::now());
            return Ok(());
        }
        let refused = self.on(handle, |_, connection| {
            let open = !connection.state().closed();
            if open {
                connection.refuse(Instant::now());
            }
            Ok(open)
        })?;
        self.totals.refused += u64::from(refused);
        self.touch(handle);
        Ok(())
    }

    /// The application has done with the handle: it is free when the connection is closed.
    pub fn release(&mut self, handle: u32) -> Result<(), Error> {
        self.entry(handle)?.released = true;
        self.remove_if_gone(handle, Instant::now());
        Ok(())
    }
}

fn send(
    handler: &mut Http3ServerHandler,
    connection: &mut Connection,
    stream_id: StreamId,
    data: &[u8],
    fin: bool,
) -> Result<usize, Error> {
    let taken = if data.is_empty() {
        0
    } else {
        handler.send_data(stream_id, data, connection)?
    };
    if fin && taken == data.len() {
        handler.stream_close_send(stream_id, connection)?;
    }
    Ok(taken)
}

#[cfg(test)]
#[path = "../../tests/engine/mod.rs"]
mod engine_under_test;

#[cfg(test)]
mod tests {
    use super::{
        engine_under_test::{Kind, World},
        parse_fields,
    };

    #[test]
    fn a_panic_costs_its_connection_alone() {
        let mut world = World::new(|_| {});
        let clients = [world.connect(), world.connect()];
        let handles: Vec<u32> = (world.server.of_kind(Kind::Connection))
            .map(|event| event.connection)
            .collect();
        let engine = &mut world.server.server.engine;
        engine
            .on::<()>(handles[0], |_, _| panic!("as neqo's assertions do"))
            .unwrap_err();
        engine.goaway(handles[0], false).unwrap_err();
        engine.refuse(handles[0]).unwrap_err();
        world.until(|world| world.server.released == 1);
        assert_eq!(world.server.stats().connections, 1.0);
        assert_eq!(world.get(clients[1], "/size/10").length, 10);
        // The first one is told when it comes again.
        world.clients[clients[0]].request("GET", "/size/10", &[], true);
        world.until(|world| world.clients[clients[0]].close.is_some());
        assert_eq!(world.server.stats().stateless_resets_sent, 1.0);
    }

    #[test]
    fn sections_are_pairs_ended_by_nul() {
        let fields = parse_fields(b":status\x00200\x00x-empty\0\0caf\xe9\0\xff\0").unwrap();
        let pairs: Vec<_> = fields.iter().map(|h| (h.name(), h.value())).collect();
        assert_eq!(
            pairs,
            [(":status", "200"), ("x-empty", ""), ("caf\u{e9}", "\u{ff}")]
        );
        assert!(parse_fields(b"").unwrap().is_empty());
        assert!(parse_fields(b"name\0value").is_err());
        assert!(parse_fields(b"name\0").is_err());
    }
}
