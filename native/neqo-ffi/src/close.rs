//! Why a connection is closing or closed, as it is told to the layer above.

use std::borrow::Cow;

use neqo_crypto::Error as CryptoError;
use neqo_transport::{CloseReason, Error as TransportError};

use crate::constants::{
    NEQO_CLOSE_APPLICATION, NEQO_CLOSE_CRYPTO, NEQO_CLOSE_CRYPTO_ALERT, NEQO_CLOSE_ECH_RETRY,
    NEQO_CLOSE_IDLE_TIMEOUT, NEQO_CLOSE_INTERNAL, NEQO_CLOSE_PEER_APPLICATION,
    NEQO_CLOSE_PEER_TRANSPORT, NEQO_CLOSE_STATELESS_RESET, NEQO_CLOSE_TRANSPORT,
    NEQO_CLOSE_VERSION_NEGOTIATION,
};

/// A close reason in the terms of `CloseKind` of `src/native.ts`.
#[derive(Debug, PartialEq, Eq)]
pub struct Close<'a> {
    /// `NEQO_CLOSE_…`
    pub kind: u32,
    /// What the kind says; 0 if it has none.
    pub code: u64,
    /// neqo's name of the reason, or the ECH configurations for `NEQO_CLOSE_ECH_RETRY`.
    pub text: Cow<'a, [u8]>,
}

impl<'a> From<&'a CloseReason> for Close<'a> {
    fn from(reason: &'a CloseReason) -> Self {
        let (kind, code) = match reason {
            CloseReason::Application(code) => (NEQO_CLOSE_APPLICATION, *code),
            CloseReason::Transport(
                TransportError::EchRetry(configs)
                | TransportError::CryptoError(CryptoError::EchRetry(configs)),
            ) => {
                return Self {
                    kind: NEQO_CLOSE_ECH_RETRY,
                    code: 0,
                    text: Cow::Borrowed(configs),
                }
            }
            CloseReason::Transport(error) => transport(error),
        };
        let text = match reason {
            CloseReason::Application(_) => format!("{reason:?}"),
            CloseReason::Transport(error) => format!("{error:?}"),
        };
        Self {
            kind,
            code,
            text: Cow::Owned(text.into_bytes()),
        }
    }
}

fn transport(error: &TransportError) -> (u32, u64) {
    match error {
        // RFC 9000 20.1: codes that go on the wire as they are.
        TransportError::NoError
        | TransportError::ConnectionRefused
        | TransportError::FlowControlError
        | TransportError::StreamLimitError
        | TransportError::StreamStateError
        | TransportError::FinalSizeError
        | TransportError::FrameEncodingError
        | TransportError::TransportParameterError
        | TransportError::ProtocolViolation
        | TransportError::InvalidToken
        | TransportError::ApplicationError
        | TransportError::CryptoBufferExceeded
        | TransportError::KeysExhausted
        | TransportError::NoAvailablePath => (NEQO_CLOSE_TRANSPORT, error.code()),
        TransportError::PeerError(code) => (NEQO_CLOSE_PEER_TRANSPORT, *code),
        TransportError::PeerApplicationError(code) => (NEQO_CLOSE_PEER_APPLICATION, *code),
        TransportError::IdleTimeout => (NEQO_CLOSE_IDLE_TIMEOUT, 0),
        TransportError::StatelessReset => (NEQO_CLOSE_STATELESS_RESET, 0),
        TransportError::CryptoAlert(alert) => (NEQO_CLOSE_CRYPTO_ALERT, u64::from(*alert)),
        TransportError::CryptoError(CryptoError::NssError { code, .. }) => {
            (NEQO_CLOSE_CRYPTO, u64::from(code.unsigned_abs()))
        }
        TransportError::CryptoError(_) => (NEQO_CLOSE_CRYPTO, 0),
        TransportError::EchRetry(_) => (NEQO_CLOSE_ECH_RETRY, 0),
        TransportError::VersionNegotiation => (NEQO_CLOSE_VERSION_NEGOTIATION, error.code()),
        // Errors of neqo itself: all of them go on the wire as INTERNAL_ERROR.
        TransportError::InternalError
        | TransportError::QlogError
        | TransportError::AckedUnsentPacket
        | TransportError::ConnectionIdLimitExceeded
        | TransportError::ConnectionIdsExhausted
        | TransportError::ConnectionState
        | TransportError::DecryptError
        | TransportError::DisabledVersion
        | TransportError::IntegerOverflow
        | TransportError::InvalidInput
        | TransportError::InvalidMigration
        | TransportError::InvalidPacket
        | TransportError::InvalidResumptionToken
        | TransportError::InvalidRetry
        | TransportError::InvalidStreamId
        | TransportError::KeysDiscarded(_)
        | TransportError::KeysPending(_)
        | TransportError::KeyUpdateBlocked
        | TransportError::NoMoreData
        | TransportError::NotAvailable
        | TransportError::NotConnected
        | TransportError::PacketNumberOverlap
        | TransportError::TooMuchData
        | TransportError::UnexpectedMessage
        | TransportError::UnknownConnectionId
        | TransportError::UnknownFrameType
        | TransportError::WrongRole
        | TransportError::UnknownTransportParameter => (NEQO_CLOSE_INTERNAL, error.code()),
    }
}

#[cfg(test)]
mod tests {
    use neqo_transport::{CloseReason, Error as TransportError};

    use super::Close;
    use crate::constants::{
        NEQO_CLOSE_APPLICATION, NEQO_CLOSE_ECH_RETRY, NEQO_CLOSE_IDLE_TIMEOUT, NEQO_CLOSE_INTERNAL,
        NEQO_CLOSE_PEER_APPLICATION, NEQO_CLOSE_TRANSPORT,
    };

    #[test]
    fn reasons_keep_their_codes() {
        for (reason, kind, code, text) in [
            (
                CloseReason::Application(0x100),
                NEQO_CLOSE_APPLICATION,
                0x100,
                "Application(256)",
            ),
            (
                CloseReason::Transport(TransportError::PeerApplicationError(0x101)),
                NEQO_CLOSE_PEER_APPLICATION,
                0x101,
                "PeerApplicationError(257)",
            ),
            (
                CloseReason::Transport(TransportError::FlowControlError),
                NEQO_CLOSE_TRANSPORT,
                3,
                "FlowControlError",
            ),
            (
                CloseReason::Transport(TransportError::IdleTimeout),
                NEQO_CLOSE_IDLE_TIMEOUT,
                0,
                "IdleTimeout",
            ),
            (
                CloseReason::Transport(TransportError::InvalidPacket),
                NEQO_CLOSE_INTERNAL,
                1,
                "InvalidPacket",
            ),
        ] {
            let close = Close::from(&reason);
            assert_eq!((close.kind, close.code), (kind, code));
            assert_eq!(close.text.as_ref(), text.as_bytes());
        }
    }

    #[test]
    fn ech_retry_carries_the_configurations() {
        let reason = CloseReason::Transport(TransportError::EchRetry(vec![1, 2, 3]));
        let close = Close::from(&reason);
        assert_eq!(close.kind, NEQO_CLOSE_ECH_RETRY);
        assert_eq!(close.text.as_ref(), [1, 2, 3]);
    }
}
