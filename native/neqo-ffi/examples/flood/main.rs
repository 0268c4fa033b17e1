//! A flood for a server's tests: datagrams that begin nothing, from addresses that nobody answers at.
//!
//! ```text
//! flood ADDRESS PORT [--count N] [--rate N] [--initials PERCENT] [--seed N]
//! ```
//!
//! Sends N datagrams (1,000,000), N a second (50,000; 0: as fast as it goes), from addresses all over 127.0.0.0/8. That part of
//! them (50 %) is well-formed Initials, each with a real ClientHello and a connection id of its own, so that a server which
//! does not validate addresses begins as many handshakes; the others are garbage of many kinds. The address has to be an IPv4
//! loopback address. Prints one line of JSON: what was sent, in how many seconds, and the answers by kind.

mod answers;
mod garbage;
mod initial;
mod options;
mod random;
mod spoof;

#[path = "../common/syscall.rs"]
mod syscall;

use std::{
    error::Error,
    thread,
    time::{Duration, Instant},
};

use initial::Initials;
use options::Options;
use random::Random;
use spoof::{Spoofer, BATCH};

/// Pause while the flood is ahead of its rate.
const PAUSE: Duration = Duration::from_millis(1);
/// How long answers to the last datagrams are waited for.
const LAST_ANSWERS: Duration = Duration::from_millis(200);

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::from_args(std::env::args().skip(1))?;
    let mut random = Random::new(options.seed);
    let initials = Initials::record()?;
    let mut spoofer = Spoofer::new(options.target)?;
    let (mut sent, mut initials_sent, mut dropped) = (0, 0, 0);
    let began = Instant::now();
    while sent < options.count {
        let due = match options.rate {
            0 => options.count,
            rate => (began.elapsed().as_secs_f64() * rate as f64) as usize,
        };
        let batch = due.min(options.count).saturating_sub(sent).min(BATCH);
        if batch == 0 {
            thread::sleep(PAUSE);
        }
        for _ in 0..batch {
            let is_initial = random.below(100) < options.initials;
            initials_sent += usize::from(is_initial);
            let datagram = spoofer.next(&mut random);
            if is_initial {
                initials.write(&mut random, datagram)?;
            } else {
                garbage::write(&mut random, datagram);
            }
        }
        dropped += spoofer.flush()?;
        sent += batch;
        spoofer.read_answers();
    }
    let seconds = began.elapsed().as_secs_f64();
    thread::sleep(LAST_ANSWERS);
    spoofer.read_answers();
    println!(
        "{{\"sent\":{sent},\"initials\":{initials_sent},\"dropped\":{dropped},\"seconds\":{seconds},\"answers\":{}}}",
        spoofer.answers
    );
    Ok(())
}
