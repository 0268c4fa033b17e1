//! The command line.

use std::{
    error::Error,
    net::{Ipv4Addr, SocketAddrV4},
    str::FromStr,
};

const USAGE: &str =
    "usage: flood ADDRESS PORT [--count N] [--rate N] [--initials PERCENT] [--seed N]";
const DEFAULT_COUNT: usize = 1_000_000;
const DEFAULT_RATE: usize = 50_000;
const DEFAULT_INITIALS: usize = 50;

/// Where the flood goes and what it consists of.
pub struct Options {
    pub target: SocketAddrV4,
    pub count: usize,
    /// Datagrams a second; 0 for no limit.
    pub rate: usize,
    /// Percent.
    pub initials: usize,
    pub seed: u64,
}

impl Options {
    /// # Errors
    ///
    /// If the arguments are not as in the usage line, or the address is not this machine's own.
    pub fn from_args(mut args: impl Iterator<Item = String>) -> Result<Self, Box<dyn Error>> {
        let mut positional = Vec::new();
        let (mut count, mut rate, mut initials, mut seed) =
            (DEFAULT_COUNT, DEFAULT_RATE, DEFAULT_INITIALS, 1);
        while let Some(arg) = args.next() {
            match arg.as_str() {
                "--count" => count = number(&arg, args.next())?,
                "--rate" => rate = number(&arg, args.next())?,
                "--initials" => initials = number(&arg, args.next())?,
                "--seed" => seed = number(&arg, args.next())?,
                option if option.starts_with("--") => {
                    return Err(format!("unknown {option}").into())
                }
                _ => positional.push(arg),
            }
        }
        let [address, port] = <[String; 2]>::try_from(positional).map_err(|_| USAGE)?;
        let address: Ipv4Addr = address.parse()?;
        if !address.is_loopback() {
            return Err("a flood goes to a loopback address only".into());
        }
        Ok(Self {
            target: SocketAddrV4::new(address, port.parse()?),
            count,
            rate,
            initials,
            seed,
        })
    }
}

fn number<T: FromStr>(option: &str, value: Option<String>) -> Result<T, Box<dyn Error>> {
    value
        .and_then(|v| v.parse().ok())
        .ok_or_else(|| format!("{option} needs a number").into())
}
