//! Requests as fast as they go, over a fixed number of connections.

use std::{error::Error, time::Instant};

use crate::{cpu::cpu_seconds, options::Options, pool::Pool, work::Work};

/// Makes all requests and prints what came of them.
///
/// # Errors
///
/// If the program cannot go on; failed requests are counted instead.
pub fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let (began, cpu) = (Instant::now(), cpu_seconds());
    let mut pool = Pool::new(options)?;
    let mut work = Work::new(options);
    work.left = options.requests;
    let mut in_all = 0;
    let mut serve = false;
    while work.done + work.failed < options.requests {
        let wanted = options.connections.min(work.left + pool.connected);
        while pool.connecting + pool.connected < wanted && pool.connecting < options.handshakes {
            pool.open()?;
            in_all += 1;
        }
        // The first requests wait until all connections are there.
        if !serve && pool.connecting == 0 && in_all >= wanted {
            serve = true;
            pool.touch_all();
        }
        pool.turn(&mut work, serve)?;
    }
    let seconds = began.elapsed().as_secs_f64();
    pool.close(usize::MAX);
    println!(
        "{{\"seconds\":{seconds},\"cpuSeconds\":{},\"connections\":{in_all},{}}}",
        cpu_seconds() - cpu,
        work.report(),
    );
    Ok(())
}
