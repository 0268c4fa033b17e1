//! The command line.

use std::{
    error::Error,
    net::{SocketAddr, ToSocketAddrs},
    str::FromStr,
    time::Duration,
};

const USAGE: &str = "usage: load run|hold HOST PORT PATH [--requests N] [--connections N] [--concurrency N] \
                     [--per-connection N] [--handshakes N] [--idle-timeout SECONDS] [--length BYTES] [--pattern]";
const DEFAULT_HANDSHAKES: usize = 100;
const DEFAULT_IDLE_TIMEOUT: u64 = 30;

/// What the program does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Run,
    Hold,
}

/// Where the load goes and how much of it.
pub struct Options {
    pub mode: Mode,
    pub host: String,
    pub remote: SocketAddr,
    pub path: String,
    pub requests: usize,
    pub connections: usize,
    /// Requests in flight on a connection, at most.
    pub concurrency: usize,
    /// Requests after which a connection is replaced.
    pub per_connection: usize,
    /// Incomplete handshakes at once, at most.
    pub handshakes: usize,
    pub idle_timeout: Duration,
    /// Bytes that each body must have.
    pub length: Option<u64>,
    /// Bodies must be the pattern.
    pub pattern: bool,
}

impl Options {
    /// # Errors
    ///
    /// If the arguments are not as in the usage line, or the host has no address.
    pub fn from_args(mut args: impl Iterator<Item = String>) -> Result<Self, Box<dyn Error>> {
        let mut positional = Vec::new();
        let (mut requests, mut connections, mut concurrency) = (1, 1, 1);
        let (mut per_connection, mut handshakes) = (usize::MAX, DEFAULT_HANDSHAKES);
        let (mut idle_timeout, mut length, mut pattern) = (DEFAULT_IDLE_TIMEOUT, None, false);
        while let Some(arg) = args.next() {
            match arg.as_str() {
                "--requests" => requests = number(&arg, args.next())?,
                "--connections" => connections = number(&arg, args.next())?,
                "--concurrency" => concurrency = number(&arg, args.next())?,
                "--per-connection" => per_connection = number(&arg, args.next())?,
                "--handshakes" => handshakes = number(&arg, args.next())?,
                "--idle-timeout" => idle_timeout = number(&arg, args.next())?,
                "--length" => length = Some(number(&arg, args.next())?),
                "--pattern" => pattern = true,
                option if option.starts_with("--") => {
                    return Err(format!("unknown {option}").into())
                }
                _ => positional.push(arg),
            }
        }
        let [mode, host, port, path] = <[String; 4]>::try_from(positional).map_err(|_| USAGE)?;
        let mode = match mode.as_str() {
            "run" => Mode::Run,
            "hold" => Mode::Hold,
            _ => return Err(USAGE.into()),
        };
        let remote = (host.as_str(), port.parse::<u16>()?)
            .to_socket_addrs()?
            .next()
            .ok_or("the host has no address")?;
        Ok(Self {
            mode,
            host,
            remote,
            path,
            requests,
            connections,
            concurrency,
            per_connection,
            handshakes,
            idle_timeout: Duration::from_secs(idle_timeout),
            length,
            pattern,
        })
    }
}

/// A whole number from 1.
fn number<T: FromStr + PartialEq + From<u8>>(
    option: &str,
    value: Option<String>,
) -> Result<T, Box<dyn Error>> {
    value
        .and_then(|v| v.parse().ok())
        .filter(|n| *n != T::from(0))
        .ok_or_else(|| format!("{option} needs a number from 1").into())
}
