//! What is known of connections and of the engine, in the layout of the C ABI.

use std::{ffi::c_char, io, net::SocketAddr, time::Instant};

use neqo_common::{hex, Datagram};

use super::{engine::Engine, entry::Entry, Server};
use crate::{
    c_text::c_text,
    stats::{self, NeqoStats},
    udp::UdpStats,
    Error,
};

/// Texts end with NUL.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct NeqoConnectionInfo {
    pub remote_address: [c_char; 48],
    pub local_address: [c_char; 48],
    pub connection_id: [c_char; 48],
    pub server_name: [c_char; 256],
    pub alpn: [c_char; 256],
    pub quic_version: u32,
    pub remote_port: u16,
    pub local_port: u16,
    pub cipher: u16,
    pub group: u16,
    pub signature_scheme: u16,
    pub resumed: bool,
    pub early_data: bool,
    pub retried: bool,
}

/// Counts as doubles because JavaScript gets them.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct NeqoServerStats {
    pub connections: f64,
    pub pending_handshakes: f64,
    pub queued_connections: f64,
    pub accepted: f64,
    pub refused: f64,
    pub handshakes_failed: f64,
    pub retries_sent: f64,
    pub retry_active: f64,
    pub version_negotiations_sent: f64,
    pub stateless_resets_sent: f64,
    pub datagrams_discarded: f64,
    pub datagrams_forwarded: f64,
    pub bytes_received: f64,
    pub bytes_sent: f64,
    pub datagrams_received: f64,
    pub datagrams_sent: f64,
    pub receive_calls: f64,
    pub send_calls: f64,
    pub would_block_receive: f64,
    pub would_block_send: f64,
}

fn address<const N: usize>(address: SocketAddr) -> [c_char; N] {
    c_text(&address.ip().to_string())
}

impl Entry {
    fn info(&self) -> NeqoConnectionInfo {
        let link = self.link.as_ref();
        let tls = link.and_then(|link| link.connection.tls_info());
        let id = self
            .initial
            .original_id
            .as_ref()
            .unwrap_or(&self.initial.destination_id);
        let name = link.and_then(|link| link.sni.server_name());
        NeqoConnectionInfo {
            remote_address: address(self.remote),
            local_address: address(self.local),
            connection_id: c_text(&hex(id)),
            server_name: c_text(name.as_deref().unwrap_or_default()),
            alpn: c_text(
                tls.and_then(|tls| tls.alpn().map(String::as_str))
                    .unwrap_or_default(),
            ),
            quic_version: link.map_or(0, |link| link.connection.version().wire_version()),
            remote_port: self.remote.port(),
            local_port: self.local.port(),
            cipher: tls.map_or(0, |tls| tls.cipher_suite()),
            group: tls.map_or(0, |tls| tls.key_exchange()),
            signature_scheme: tls.map_or(0, |tls| tls.signature_scheme()),
            resumed: tls.is_some_and(|tls| tls.resumed()),
            early_data: tls.is_some_and(|tls| tls.early_data_accepted()),
            retried: self.initial.original_id.is_some(),
        }
    }
}

impl Engine {
    /// # Errors
    ///
    /// If there is no such connection.
    pub fn connection_info(&mut self, handle: u32) -> Result<NeqoConnectionInfo, Error> {
        Ok(self.entry(handle)?.info())
    }

    /// # Errors
    ///
    /// If there is no such connection, or it waits for a credential.
    pub fn connection_stats(&mut self, handle: u32) -> Result<NeqoStats, Error> {
        let entry = self.entry(handle)?;
        let link = entry
            .link
            .as_ref()
            .ok_or(Error::State("the handshake waits for a credential"))?;
        // The socket belongs to all: only what it carried for this connection is known.
        let udp = UdpStats {
            bytes_received: entry.bytes_received,
            bytes_sent: entry.bytes_sent,
            datagrams_received: entry.datagrams_received,
            datagrams_sent: entry.datagrams_sent,
            ..UdpStats::default()
        };
        let qpack = [
            link.handler.qpack_encoder_stats().dynamic_table_references,
            link.handler.qpack_decoder_stats().dynamic_table_references,
        ];
        let connection = &link.connection;
        Ok(stats::collect(
            &connection.stats(),
            connection.path_facts(),
            &udp,
            qpack,
        ))
    }

    /// The next datagrams that another process handed on; none when there are no more.
    pub(super) fn receive_forwarded(&mut self) -> io::Result<Vec<Datagram>> {
        self.forwarding
            .as_mut()
            .map_or_else(|| Ok(Vec::new()), super::forward::Forwarding::receive)
    }
}

impl Server<'_> {
    pub fn stats(&mut self) -> NeqoServerStats {
        let udp = *self.udp_stats();
        let engine = &mut self.engine;
        let load = engine.load();
        engine.retry.refresh(load, Instant::now());
        let totals = engine.totals;
        NeqoServerStats {
            connections: engine.live() as f64,
            pending_handshakes: engine.pending as f64,
            queued_connections: engine.waiting.len() as f64,
            accepted: totals.accepted as f64,
            refused: totals.refused as f64,
            handshakes_failed: totals.handshakes_failed as f64,
            retries_sent: totals.retries_sent as f64,
            retry_active: f64::from(u8::from(engine.retry.active())),
            version_negotiations_sent: totals.version_negotiations_sent as f64,
            stateless_resets_sent: totals.stateless_resets_sent as f64,
            datagrams_discarded: totals.datagrams_discarded as f64,
            datagrams_forwarded: totals.datagrams_forwarded as f64,
            bytes_received: udp.bytes_received as f64,
            bytes_sent: udp.bytes_sent as f64,
            datagrams_received: udp.datagrams_received as f64,
            datagrams_sent: udp.datagrams_sent as f64,
            receive_calls: udp.receive_calls as f64,
            send_calls: udp.send_calls as f64,
            would_block_receive: udp.would_block_receive as f64,
            would_block_send: udp.would_block_send as f64,
        }
    }
}
