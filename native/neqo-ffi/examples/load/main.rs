//! A load client for HTTP/3 servers: many connections on one thread, with every body checked.
//!
//! ```text
//! load run HOST PORT PATH [--requests N] [--connections N] [--concurrency N] [--per-connection N] [option …]
//! load hold HOST PORT PATH [option …]
//! ```
//!
//! `run` makes N requests in all (1) over N connections (1), with at most N in flight on each (1). Requests begin when all
//! connections are there. With `--per-connection`, a connection is closed after that many and another one made. Prints one
//! line of JSON. A request or connection that fails is counted, with its reason, and the run goes on.
//!
//! `hold` makes connections and keeps them, as standard input says; `hold.rs` has the commands. It ends with its input.
//!
//! Options of both: `--handshakes N`, incomplete handshakes at once (100); `--idle-timeout SECONDS` (30); `--length BYTES`,
//! what each body must have; `--pattern`, each body must be the bytes 0 to 250 over and over. `{n}` in PATH stands for the
//! number of the request; the pattern of that body begins with the byte of that number. Certificates are not verified.

mod client;
mod hold;
mod options;
mod pool;
mod run;
mod samples;
mod work;

#[path = "../common/cpu.rs"]
mod cpu;
#[path = "../common/syscall.rs"]
mod syscall;

use std::error::Error;

use options::{Mode, Options};

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::from_args(std::env::args().skip(1))?;
    raise_descriptor_limit()?;
    match options.mode {
        Mode::Run => run::run(&options),
        Mode::Hold => hold::hold(&options),
    }
}

/// A connection is a socket here: takes as many descriptors as the system allows.
fn raise_descriptor_limit() -> std::io::Result<()> {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: the kernel reads and writes the structure that the pointers are valid for.
    unsafe {
        syscall::check(libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit))?;
        limit.rlim_cur = limit.rlim_max;
        syscall::check(libc::setrlimit(libc::RLIMIT_NOFILE, &limit))?;
    }
    Ok(())
}
