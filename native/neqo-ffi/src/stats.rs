//! Transport statistics in the layout of the C ABI.

use std::{ffi::CStr, time::Duration};

use neqo_common::IpTosEcn;
use neqo_transport::{PathFacts, Stats};

use crate::{
    constants::{NEQO_FRAME_TYPES, NEQO_PTO_COUNTS},
    udp::UdpStats,
    Conn,
};

/// Counts as doubles because JavaScript gets them; times in milliseconds.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct NeqoStats {
    pub packets_received: f64,
    pub packets_duplicate: f64,
    pub packets_dropped: f64,
    pub packets_sent: f64,
    pub packets_lost: f64,
    pub packets_late_acked: f64,
    pub pto_acked: f64,
    pub pto_counts: [f64; NEQO_PTO_COUNTS],
    pub saved_datagrams: f64,
    pub pmtud_sent: f64,
    pub pmtud_acked: f64,
    pub pmtud_lost: f64,
    pub pmtu: f64,
    pub resumed: f64,
    pub rtt_ms: f64,
    pub rtt_var_ms: f64,
    pub ecn_ce_sent: f64,
    pub ecn_ce_received: f64,
    pub frames_received: [f64; NEQO_FRAME_TYPES],
    pub frames_sent: [f64; NEQO_FRAME_TYPES],
    pub datagrams_dropped_incoming: f64,
    pub datagrams_lost: f64,
    pub datagrams_dropped_too_big: f64,
    pub datagrams_dropped_queue_full: f64,
    pub bytes_received: f64,
    pub bytes_sent: f64,
    pub datagrams_received: f64,
    pub datagrams_sent: f64,
    pub receive_calls: f64,
    pub send_calls: f64,
    pub would_block_receive: f64,
    pub would_block_send: f64,
    pub qpack_encoder_dynamic_references: f64,
    pub qpack_decoder_dynamic_references: f64,
    // NaN in what follows: not known yet.
    pub bytes_acked: f64,
    pub bytes_lost: f64,
    pub datagram_frames_queued: f64,
    pub datagram_frames_acked: f64,
    pub min_rtt_ms: f64,
    pub cwnd: f64,
    pub bytes_in_flight: f64,
    pub send_rate: f64,
    pub congestion_limited: f64,
}

/// `FrameStats` of neqo, whose type is private.
macro_rules! frame_types {
    ($($field:ident),* $(,)?) => {
        /// qlog's names of the frame types, in the order of `NeqoStats::frames_*`.
        const FRAME_NAMES: [&CStr; NEQO_FRAME_TYPES] = [$(
            match CStr::from_bytes_with_nul(concat!(stringify!($field), "\0").as_bytes()) {
                Ok(name) => name,
                Err(_) => panic!("a field's name has no NUL"),
            }
        ),*];

        fn frames(stats: &Stats) -> [[f64; NEQO_FRAME_TYPES]; 2] {
            [
                [$(stats.frame_rx.$field as f64),*],
                [$(stats.frame_tx.$field as f64),*],
            ]
        }
    };
}

frame_types!(
    ack,
    crypto,
    stream,
    reset_stream,
    stop_sending,
    ping,
    padding,
    max_streams,
    streams_blocked,
    max_data,
    data_blocked,
    max_stream_data,
    stream_data_blocked,
    new_connection_id,
    retire_connection_id,
    path_challenge,
    path_response,
    connection_close,
    handshake_done,
    new_token,
    ack_frequency,
    datagram,
);

/// qlog's name of the frame type at `index`.
pub fn frame_name(index: usize) -> Option<&'static CStr> {
    FRAME_NAMES.get(index).copied()
}

/// All that is counted of a connection. `qpack`: references of encoder and decoder to their dynamic tables.
pub fn collect(
    transport: &Stats,
    path: Option<PathFacts>,
    udp: &UdpStats,
    qpack: [usize; 2],
) -> NeqoStats {
    // Before the first sample, neqo's least round-trip time is a guess.
    let sampled = path.filter(|path| path.send_rate.is_some());
    let [frames_received, frames_sent] = frames(transport);
    NeqoStats {
        packets_received: transport.packets_rx as f64,
        packets_duplicate: transport.dups_rx as f64,
        packets_dropped: transport.dropped_rx as f64,
        packets_sent: transport.packets_tx as f64,
        packets_lost: transport.lost as f64,
        packets_late_acked: transport.late_ack as f64,
        pto_acked: transport.pto_ack as f64,
        pto_counts: transport.pto_counts.map(|count| count as f64),
        saved_datagrams: transport.saved_datagrams as f64,
        pmtud_sent: transport.pmtud_tx as f64,
        pmtud_acked: transport.pmtud_ack as f64,
        pmtud_lost: transport.pmtud_lost as f64,
        pmtu: transport.pmtud_pmtu as f64,
        resumed: f64::from(u8::from(transport.resumed)),
        rtt_ms: milliseconds(transport.rtt),
        rtt_var_ms: milliseconds(transport.rttvar),
        // Our own packets arrive marked CE at the peer, which says so in its acknowledgements.
        ecn_ce_sent: transport
            .ecn_tx_acked
            .values()
            .map(|count| count[IpTosEcn::Ce])
            .sum::<u64>() as f64,
        ecn_ce_received: transport
            .ecn_rx
            .values()
            .map(|count| count[IpTosEcn::Ce])
            .sum::<u64>() as f64,
        frames_received,
        frames_sent,
        datagrams_dropped_incoming: transport.incoming_datagram_dropped as f64,
        datagrams_lost: transport.datagram_tx.lost as f64,
        datagrams_dropped_too_big: transport.datagram_tx.dropped_too_big as f64,
        datagrams_dropped_queue_full: transport.datagram_tx.dropped_queue_full as f64,
        bytes_received: udp.bytes_received as f64,
        bytes_sent: udp.bytes_sent as f64,
        datagrams_received: udp.datagrams_received as f64,
        datagrams_sent: udp.datagrams_sent as f64,
        receive_calls: udp.receive_calls as f64,
        send_calls: udp.send_calls as f64,
        would_block_receive: udp.would_block_receive as f64,
        would_block_send: udp.would_block_send as f64,
        qpack_encoder_dynamic_references: qpack[0] as f64,
        qpack_decoder_dynamic_references: qpack[1] as f64,
        bytes_acked: transport.bytes_acked as f64,
        bytes_lost: transport.bytes_lost as f64,
        datagram_frames_queued: transport.datagram_tx.queued as f64,
        datagram_frames_acked: transport.datagram_tx.acked as f64,
        min_rtt_ms: sampled.map_or(f64::NAN, |path| milliseconds(path.min_rtt)),
        cwnd: path.map_or(f64::NAN, |path| path.cwnd as f64),
        bytes_in_flight: path.map_or(f64::NAN, |path| path.bytes_in_flight as f64),
        send_rate: path
            .and_then(|path| path.send_rate)
            .map_or(f64::NAN, |rate| rate as f64),
        congestion_limited: path.map_or(f64::NAN, |path| {
            f64::from(u8::from(path.congestion_limited))
        }),
    }
}

impl Conn<'_> {
    /// Everything that is counted, as of now.
    #[must_use]
    pub fn stats(&self) -> NeqoStats {
        let qpack = [
            self.client.qpack_encoder_stats().dynamic_table_references,
            self.client.qpack_decoder_stats().dynamic_table_references,
        ];
        collect(
            &self.client.transport_stats(),
            self.client.path_facts(),
            self.udp_stats(),
            qpack,
        )
    }
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

#[cfg(test)]
mod tests {
    use super::{frame_name, NEQO_FRAME_TYPES};

    #[test]
    fn every_frame_type_has_a_name() {
        assert_eq!(frame_name(0), Some(c"ack"));
        assert_eq!(frame_name(NEQO_FRAME_TYPES - 1), Some(c"datagram"));
        assert_eq!(frame_name(NEQO_FRAME_TYPES), None);
    }
}
