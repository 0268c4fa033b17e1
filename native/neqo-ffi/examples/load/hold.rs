//! Connections that are kept, as commands on standard input say:
//!
//! - `open N`: N more connections;
//! - `probe N`: N more, one after the other; each is closed when its handshake is complete;
//! - `get N`: N requests, over all connections;
//! - `close N`: N of the connections.
//!
//! Each is answered with a line of JSON when it is done; the next one is sent after that. Connections that end by themselves are told as failed with the
//! next answer.

use std::{error::Error, io::BufRead, time::Instant};

use crate::{cpu::cpu_seconds, options::Options, pool::Pool, work::Work};

/// Obeys until the input ends.
///
/// # Errors
///
/// If a command is none, or the program cannot go on; failed connections are counted instead.
pub fn hold(options: &Options) -> Result<(), Box<dyn Error>> {
    let mut pool = Pool::new(options)?;
    let mut work = Work::new(options);
    pool.watch_input()?;
    let mut lines = std::io::stdin().lock().lines();
    loop {
        while !pool.input_ready {
            pool.turn(&mut work, false)?;
        }
        let Some(line) = lines.next() else {
            pool.close(usize::MAX);
            return Ok(());
        };
        let line = line?;
        let (command, count) = line.split_once(' ').ok_or("a command needs a number")?;
        let count: usize = count.parse()?;
        let (began, cpu) = (Instant::now(), cpu_seconds());
        match command {
            "open" => open(&mut pool, &mut work, count, options.handshakes)?,
            "probe" => probe(&mut pool, &mut work, count)?,
            "get" => get(&mut pool, &mut work, count)?,
            "close" => pool.close(count),
            _ => return Err(format!("no such command: {command}").into()),
        }
        println!(
            "{{\"command\":{line:?},\"open\":{},\"seconds\":{},\"cpuSeconds\":{},{}}}",
            pool.connected,
            began.elapsed().as_secs_f64(),
            cpu_seconds() - cpu,
            work.report(),
        );
    }
}

fn open(
    pool: &mut Pool<'_>,
    work: &mut Work,
    mut count: usize,
    handshakes: usize,
) -> Result<(), Box<dyn Error>> {
    while count > 0 || pool.connecting > 0 {
        while count > 0 && pool.connecting < handshakes {
            pool.open()?;
            count -= 1;
        }
        pool.turn(work, false)?;
    }
    Ok(())
}

fn probe(pool: &mut Pool<'_>, work: &mut Work, count: usize) -> Result<(), Box<dyn Error>> {
    for _ in 0..count {
        let index = pool.open()?;
        while pool.connecting > 0 {
            pool.turn(work, false)?;
        }
        pool.release(index);
    }
    Ok(())
}

fn get(pool: &mut Pool<'_>, work: &mut Work, count: usize) -> Result<(), Box<dyn Error>> {
    work.left = count;
    pool.touch_all();
    while work.done + work.failed < count {
        if pool.connected == 0 {
            return Err("there is no connection for requests".into());
        }
        pool.turn(work, true)?;
    }
    Ok(())
}
