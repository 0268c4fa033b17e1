//! Makes neqo's half of a connection.

use std::{
    cell::RefCell,
    path::PathBuf,
    rc::Rc,
    time::{Duration, Instant},
};

use neqo_common::{hex, Role};
use neqo_crypto::AntiReplay;
use neqo_http3::{Http3Parameters, Http3ServerHandler, HttpZeroRttChecker};
use neqo_transport::{AddressValidation, ConnectionParameters, Version};

use super::{
    connection_ids::{Generator, Layout, OwnIds},
    credential::Credential,
    credential_table::CredentialTable,
    entry::{Initial, Link},
    params::ServerParams,
    reset_tokens::ResetTokens,
    sni,
};
use crate::{qlog, Error, InitError};

const ALPN: &str = "h3";
/// Bloom filter of NSS's anti-replay (SSL_CreateAntiReplayContext): 7 hashes over 2^14 bits, as its documentation advises.
const ANTI_REPLAY_HASHES: usize = 7;
const ANTI_REPLAY_BITS: usize = 14;

/// Where a connection's credential comes from.
pub enum Choice {
    /// The table, with its default for hosts that it does not name.
    Table,
    /// The table; for hosts that it does not name the application is asked.
    Ask,
    /// The application has given it.
    Given(Credential),
}

/// What all connections of a server are made of.
pub struct Factory {
    pub layout: Rc<Layout>,
    pub tokens: Rc<ResetTokens>,
    /// QUIC versions that are spoken.
    pub versions: Vec<Version>,
    pub credentials: Rc<RefCell<CredentialTable>>,
    connection: ConnectionParameters,
    http3: Http3Parameters,
    anti_replay: Option<AntiReplay>,
    session_tickets: bool,
    qlog_dir: Option<PathBuf>,
    protocols: Vec<String>,
}

impl Factory {
    pub fn new(params: &ServerParams, now: Instant) -> Result<Self, InitError> {
        let connection = params.transport.connection_parameters(true)?;
        let http3 = params
            .transport
            .http3_parameters(connection.clone())
            .max_field_section_size(params.max_field_section_size);
        Ok(Self {
            layout: Rc::new(params.layout()?),
            tokens: Rc::new(ResetTokens::new(&params.stateless_reset_key)?),
            versions: params.transport.versions(),
            credentials: Rc::default(),
            connection,
            http3,
            anti_replay: anti_replay(params.zero_rtt_window, now)?,
            session_tickets: params.session_tickets,
            qlog_dir: params.qlog_dir.clone(),
            protocols: vec![ALPN.to_string()],
        })
    }

    /// Makes a connection that has not seen a datagram yet.
    ///
    /// # Errors
    ///
    /// If NSS has no memory for it, or the qlog file cannot be created.
    pub fn link(
        &self,
        initial: &Initial,
        ids: &Rc<RefCell<OwnIds>>,
        choice: Choice,
        validation: &Rc<RefCell<AddressValidation>>,
    ) -> Result<Link, Error> {
        let generator = Generator::new(&self.layout, &self.tokens, Some(Rc::clone(ids)));
        let params = self
            .connection
            .clone()
            .versions(initial.version, self.versions.clone());
        let (ask, given) = match choice {
            Choice::Table => (false, None),
            Choice::Ask => (true, None),
            Choice::Given(credential) => (false, Some(credential)),
        };
        let (mut connection, sni) = sni::new_connection(
            &self.credentials,
            given,
            ask,
            &self.protocols,
            Rc::new(RefCell::new(generator)),
            params,
        )
        .map_err(neqo_http3::Error::from)?;
        if let Some(anti_replay) = &self.anti_replay {
            let checker = HttpZeroRttChecker::new(self.http3.clone());
            connection
                .server_enable_0rtt(anti_replay, checker)
                .map_err(neqo_http3::Error::from)?;
        }
        if let Some(original) = &initial.original_id {
            connection.set_retry_cids(original, initial.source_id.clone(), &initial.destination_id);
        }
        connection.set_validation(validation);
        if let Some(directory) = &self.qlog_dir {
            let id = initial
                .original_id
                .as_ref()
                .unwrap_or(&initial.destination_id);
            // A connection without its log is better than none: names may collide, disks fill up.
            if let Ok(log) = qlog::open(directory, Role::Server, &hex(id)) {
                connection.set_qlog(log);
            }
        }
        let mut handler = Http3ServerHandler::new(self.http3.clone());
        handler.set_send_tickets(self.session_tickets);
        Ok(Link {
            connection,
            handler,
            sni,
        })
    }
}

fn anti_replay(window: Duration, now: Instant) -> Result<Option<AntiReplay>, InitError> {
    if window.is_zero() {
        return Ok(None);
    }
    AntiReplay::new(now, window, ANTI_REPLAY_HASHES, ANTI_REPLAY_BITS)
        .map(Some)
        .map_err(|e| InitError::new(format!("anti-replay: {e:?}")))
}
