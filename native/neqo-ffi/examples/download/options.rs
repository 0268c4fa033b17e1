//! The command line.

use std::{
    error::Error,
    net::{SocketAddr, ToSocketAddrs},
    str::FromStr,
};

/// neqo's own initial window of a stream in bytes; it grows by itself to ten times that.
const DEFAULT_WINDOW: u64 = 1 << 20;

/// What to download and how.
pub struct Options {
    pub host: String,
    pub remote: SocketAddr,
    pub path: String,
    pub repeat: usize,
    pub concurrency: usize,
    pub fresh: bool,
    pub single_io: bool,
    pub pmtud: bool,
    pub window: u64,
}

impl Options {
    /// # Errors
    ///
    /// If the arguments are not as in the usage line, or the host has no address.
    pub fn from_args(mut args: impl Iterator<Item = String>) -> Result<Self, Box<dyn Error>> {
        let mut positional = Vec::new();
        let (mut repeat, mut concurrency, mut window) = (1, 1, DEFAULT_WINDOW);
        let (mut fresh, mut single_io, mut pmtud) = (false, false, false);
        while let Some(arg) = args.next() {
            match arg.as_str() {
                "--repeat" => repeat = number(&arg, args.next())?,
                "--concurrency" => concurrency = number(&arg, args.next())?,
                "--window" => window = number(&arg, args.next())?,
                "--fresh" => fresh = true,
                "--single-io" => single_io = true,
                "--pmtud" => pmtud = true,
                option if option.starts_with("--") => {
                    return Err(format!("unknown {option}").into())
                }
                _ => positional.push(arg),
            }
        }
        let [host, port, path] = <[String; 3]>::try_from(positional)
            .map_err(|_| "usage: download HOST PORT PATH [--repeat N] [--concurrency N] [--fresh] [--single-io] [--pmtud] [--window BYTES]")?;
        let remote = (host.as_str(), port.parse::<u16>()?)
            .to_socket_addrs()?
            .next()
            .ok_or("the host has no address")?;
        Ok(Self {
            host,
            remote,
            path,
            repeat,
            concurrency,
            fresh,
            single_io,
            pmtud,
            window,
        })
    }
}

fn number<T: FromStr>(option: &str, value: Option<String>) -> Result<T, Box<dyn Error>> {
    value
        .and_then(|v| v.parse().ok())
        .ok_or_else(|| format!("{option} needs a number").into())
}
