//! Which credential a host name gets.

use std::{cell::OnceCell, collections::HashMap, net::IpAddr};

use super::{
    credential::{Credential, CredentialError},
    placeholder::placeholder,
};

/// What [`CredentialTable::lookup`] finds.
#[derive(Clone, Debug)]
pub enum Lookup {
    /// One that was set for this name, or for a wildcard that matches it.
    Named(Credential),
    /// None for this name, but one for all others.
    Default(Credential),
    None,
}

/// Credentials by host name. Replacing one takes effect for new handshakes; a connection keeps the one it has.
#[derive(Debug, Default)]
pub struct CredentialTable {
    /// Keys are normalised names; wildcards begin with `*.`.
    named: HashMap<String, Credential>,
    default: Option<Credential>,
    placeholder: OnceCell<Credential>,
}

impl CredentialTable {
    /// Sets or, with `None`, removes the credential of `host`: a name, a wildcard for one label (`*.example.org`, RFC 6125
    /// 6.4.3), an IP literal, or `""` for all that have none of their own. Case and a final dot do not matter.
    pub fn set(&mut self, host: &str, credential: Option<Credential>) {
        if host.is_empty() {
            self.default = credential;
            return;
        }
        let name = normalise(host);
        match credential {
            Some(credential) => {
                self.named.insert(name, credential);
            }
            None => {
                self.named.remove(&name);
            }
        }
    }

    /// Exact names come before wildcards, and those before the default. `None` is a client without SNI.
    #[must_use]
    pub fn lookup(&self, name: Option<&str>) -> Lookup {
        let named = name.and_then(|name| self.lookup_named(&normalise(name)));
        match (named, &self.default) {
            (Some(credential), _) => Lookup::Named(credential.clone()),
            (None, Some(credential)) => Lookup::Default(credential.clone()),
            (None, None) => Lookup::None,
        }
    }

    /// The table's placeholder, made when it is first wanted.
    pub(super) fn placeholder(&self) -> Result<Credential, CredentialError> {
        if let Some(made) = self.placeholder.get() {
            return Ok(made.clone());
        }
        let made = placeholder()?;
        Ok(self.placeholder.get_or_init(|| made).clone())
    }

    fn lookup_named(&self, name: &str) -> Option<&Credential> {
        self.named.get(name).or_else(|| {
            let (label, domain) = name.split_once('.')?;
            // An IPv4 address has dots, but no labels; an empty label or a literal `*` is no name that a wildcard covers.
            if label.is_empty() || label == "*" || name.parse::<IpAddr>().is_ok() {
                return None;
            }
            self.named.get(&format!("*.{domain}"))
        })
    }
}

/// One spelling for each name: lower case, no final dot, IP literals as `IpAddr` writes them, without brackets.
fn normalise(host: &str) -> String {
    let host = host.strip_suffix('.').unwrap_or(host);
    let literal = host
        .strip_prefix('[')
        .and_then(|inner| inner.strip_suffix(']'))
        .unwrap_or(host);
    literal
        .parse::<IpAddr>()
        .map_or_else(|_| host.to_ascii_lowercase(), |ip| ip.to_string())
}

#[cfg(test)]
#[path = "credential_table_tests.rs"]
mod tests;
