//! Downloads over HTTP/3 without JavaScript: what neqo reaches with this crate's batched UDP I/O, as a yardstick.
//!
//! ```text
//! download HOST PORT PATH [--repeat N] [--concurrency N] [--fresh] [--single-io] [--pmtud] [--window BYTES]
//! ```
//!
//! GETs the path N times (1), with at most N in flight (1), on one connection or, with `--fresh`, a new one for each
//! request. Bodies are thrown away; certificates are not verified. `--single-io` imitates neqo's own client instead: one
//! buffer per recvmmsg, process_output after each, one datagram per sendmsg. `--window` sets the initial stream window.
//! Prints one line of JSON; times in seconds.

mod fetcher;
mod io;
mod options;

#[path = "../common/cpu.rs"]
mod cpu;

use std::{error::Error, time::Instant};

use cpu::cpu_seconds;
use fetcher::{Fetcher, Totals};
use options::Options;

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::from_args(std::env::args().skip(1))?;
    let began = Instant::now();
    let cpu = cpu_seconds();
    let mut totals = Totals::default();
    if options.fresh {
        for _ in 0..options.repeat {
            totals.add(&Fetcher::connect(&options)?.run(1, 1)?);
        }
    } else {
        totals.add(&Fetcher::connect(&options)?.run(options.repeat, options.concurrency)?);
    }
    let seconds = began.elapsed().as_secs_f64();
    println!(
        "{{\"bytes\":{},\"seconds\":{seconds},\"cpuSeconds\":{},\"requests\":{},\"connectSeconds\":{},\
         \"datagramsReceived\":{},\"receiveCalls\":{},\"datagramsSent\":{},\"sendCalls\":{},\"packetsLost\":{}}}",
        totals.bytes,
        cpu_seconds() - cpu,
        totals.requests,
        totals.connect_seconds,
        totals.datagrams_received,
        totals.receive_calls,
        totals.datagrams_sent,
        totals.send_calls,
        totals.packets_lost,
    );
    Ok(())
}
