//! What TLS negotiated, certificates, resumption and ECH.

use std::time::Instant;

use neqo_crypto::agent::SecretAgentInfo;

use crate::{events::epoch_ms, Conn, Error};

impl Conn<'_> {
    /// The peer's chain in DER, leaf first; `None` before it arrived and on resumption.
    pub(crate) fn peer_certificate_chain(&self) -> Option<Vec<Vec<u8>>> {
        let certificates = self.client.peer_certificate()?;
        let chain: Vec<Vec<u8>> = certificates.iter().map(<[u8]>::to_vec).collect();
        (!chain.is_empty()).then_some(chain)
    }

    /// What the handshake negotiated; `None` until it is complete.
    #[must_use]
    pub fn tls_info(&self) -> Option<&SecretAgentInfo> {
        self.client.tls_info()
    }

    /// Resumes with a token. neqo wants it before the first packet, and after ECH was configured.
    pub(crate) fn set_resumption_token(&mut self, token: &[u8]) -> Result<(), Error> {
        Ok(self.client.enable_resumption(Instant::now(), token)?)
    }

    /// A token if there is one, with its end of life in milliseconds since the epoch.
    pub(crate) fn take_resumption_token(&mut self) -> Option<(Vec<u8>, f64)> {
        let token = self.client.take_resumption_token(Instant::now())?;
        Some((token.as_ref().to_vec(), epoch_ms(token.expiration_time())))
    }

    pub(crate) fn set_ech_config(&mut self, config: &[u8]) -> Result<(), Error> {
        Ok(self.client.enable_ech(config)?)
    }
}
