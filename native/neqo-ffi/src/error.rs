//! One map from neqo's errors to the results of the C ABI.

use std::{fmt, io};

use neqo_http3::Error as Http3Error;
use neqo_transport::Error as TransportError;

use crate::constants::{
    NEQO_BLOCKED, NEQO_CRYPTO, NEQO_INTERNAL, NEQO_INVALID_INPUT, NEQO_INVALID_STATE,
    NEQO_INVALID_STREAM, NEQO_PROTOCOL_ERROR, NEQO_STREAM_LIMIT, NEQO_TOO_MUCH_DATA,
    NEQO_UNAVAILABLE,
};

/// Why a call on a connection failed.
#[derive(Debug)]
pub enum Error {
    /// neqo refused or failed.
    Http3(Http3Error),
    /// Not possible in the present state; nothing was handed to neqo.
    State(&'static str),
    /// An argument that neqo would assert on; nothing was handed to neqo.
    Input(&'static str),
    /// A socket cannot be used; nothing was handed to neqo.
    Socket(InitError),
    /// The queue for datagrams is full; nothing was handed to neqo.
    Blocked,
    /// More than the peer accepts; nothing was handed to neqo.
    TooMuch(&'static str),
}

impl Error {
    /// The negative result that stands for this error.
    #[must_use]
    pub fn code(&self) -> i64 {
        match self {
            Self::Http3(e) => http3_code(e),
            Self::State(_) => NEQO_INVALID_STATE,
            Self::Input(_) | Self::Socket(_) => NEQO_INVALID_INPUT,
            Self::TooMuch(_) => NEQO_TOO_MUCH_DATA,
            Self::Blocked => NEQO_BLOCKED,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http3(e) => write!(f, "{e:?}"),
            Self::Socket(e) => e.fmt(f),
            Self::Blocked => f.write_str("the queue for datagrams is full"),
            Self::State(text) | Self::Input(text) | Self::TooMuch(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for Error {}

impl From<Http3Error> for Error {
    fn from(e: Http3Error) -> Self {
        Self::Http3(e)
    }
}

fn http3_code(error: &Http3Error) -> i64 {
    match error {
        Http3Error::StreamLimitError => NEQO_STREAM_LIMIT,
        Http3Error::AlreadyClosed | Http3Error::Unavailable => NEQO_UNAVAILABLE,
        Http3Error::InvalidStreamId
        | Http3Error::TransportStreamDoesNotExist
        | Http3Error::NoMoreData => NEQO_INVALID_STREAM,
        Http3Error::InvalidHeader
        | Http3Error::InvalidInput
        | Http3Error::InvalidRequestTarget
        | Http3Error::InvalidResumptionToken => NEQO_INVALID_INPUT,
        Http3Error::AlreadyInitialized | Http3Error::InvalidState => NEQO_INVALID_STATE,
        Http3Error::HttpNoError
        | Http3Error::HttpGeneralProtocol
        | Http3Error::HttpGeneralProtocolStream
        | Http3Error::HttpInternal(_)
        | Http3Error::HttpStreamCreation
        | Http3Error::HttpClosedCriticalStream
        | Http3Error::HttpFrameUnexpected
        | Http3Error::HttpFrame
        | Http3Error::HttpExcessiveLoad
        | Http3Error::HttpId
        | Http3Error::HttpSettings
        | Http3Error::HttpMissingSettings
        | Http3Error::HttpRequestRejected
        | Http3Error::HttpRequestCancelled
        | Http3Error::HttpRequestIncomplete
        | Http3Error::HttpConnect
        | Http3Error::HttpVersionFallback
        | Http3Error::HttpMessageError
        | Http3Error::HttpDatagram
        | Http3Error::HttpGoaway
        | Http3Error::QpackError(_) => NEQO_PROTOCOL_ERROR,
        Http3Error::TransportError(e) => transport_code(e),
        Http3Error::FatalError
        | Http3Error::Internal
        | Http3Error::NotEnoughData
        | Http3Error::Unexpected => NEQO_INTERNAL,
    }
}

fn transport_code(error: &TransportError) -> i64 {
    match error {
        TransportError::StreamLimitError => NEQO_STREAM_LIMIT,
        TransportError::InvalidStreamId
        | TransportError::StreamStateError
        | TransportError::FinalSizeError
        | TransportError::NoMoreData => NEQO_INVALID_STREAM,
        TransportError::InvalidInput | TransportError::InvalidResumptionToken => NEQO_INVALID_INPUT,
        TransportError::ConnectionState
        | TransportError::InvalidMigration
        | TransportError::KeyUpdateBlocked
        | TransportError::NotAvailable
        | TransportError::NotConnected => NEQO_INVALID_STATE,
        TransportError::TooMuchData => NEQO_TOO_MUCH_DATA,
        TransportError::CryptoError(_)
        | TransportError::CryptoAlert(_)
        | TransportError::EchRetry(_) => NEQO_CRYPTO,
        TransportError::NoError
        | TransportError::InternalError
        | TransportError::ConnectionRefused
        | TransportError::FlowControlError
        | TransportError::FrameEncodingError
        | TransportError::TransportParameterError
        | TransportError::ProtocolViolation
        | TransportError::InvalidToken
        | TransportError::ApplicationError
        | TransportError::CryptoBufferExceeded
        | TransportError::QlogError
        | TransportError::AckedUnsentPacket
        | TransportError::ConnectionIdLimitExceeded
        | TransportError::ConnectionIdsExhausted
        | TransportError::DecryptError
        | TransportError::DisabledVersion
        | TransportError::IdleTimeout
        | TransportError::IntegerOverflow
        | TransportError::InvalidPacket
        | TransportError::InvalidRetry
        | TransportError::KeysDiscarded(_)
        | TransportError::KeysExhausted
        | TransportError::KeysPending(_)
        | TransportError::NoAvailablePath
        | TransportError::PacketNumberOverlap
        | TransportError::PeerApplicationError(_)
        | TransportError::PeerError(_)
        | TransportError::StatelessReset
        | TransportError::UnexpectedMessage
        | TransportError::UnknownConnectionId
        | TransportError::UnknownFrameType
        | TransportError::VersionNegotiation
        | TransportError::WrongRole
        | TransportError::UnknownTransportParameter => NEQO_INTERNAL,
    }
}

/// Why a connection could not be made.
#[derive(Debug)]
pub struct InitError {
    /// errno of a socket or file operation; 0 if neqo or NSS refused.
    pub errno: i32,
    pub message: String,
}

impl InitError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            errno: 0,
            message: message.into(),
        }
    }

    pub(crate) fn io(what: &str, error: &io::Error) -> Self {
        Self {
            errno: error.raw_os_error().unwrap_or(0),
            message: format!("{what}: {error}"),
        }
    }
}

impl fmt::Display for InitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for InitError {}

#[cfg(test)]
mod tests {
    use super::{Error, Http3Error, TransportError};
    use crate::constants::{
        NEQO_INVALID_STREAM, NEQO_PROTOCOL_ERROR, NEQO_STREAM_LIMIT, NEQO_TOO_MUCH_DATA,
        NEQO_UNAVAILABLE,
    };

    #[test]
    fn codes_tell_what_the_caller_can_do() {
        for (error, code) in [
            (Http3Error::StreamLimitError, NEQO_STREAM_LIMIT),
            (Http3Error::AlreadyClosed, NEQO_UNAVAILABLE),
            (Http3Error::InvalidStreamId, NEQO_INVALID_STREAM),
            (Http3Error::HttpFrame, NEQO_PROTOCOL_ERROR),
            (
                Http3Error::TransportError(TransportError::TooMuchData),
                NEQO_TOO_MUCH_DATA,
            ),
        ] {
            assert_eq!(Error::from(error).code(), code);
        }
    }

    #[test]
    fn text_is_the_name_in_neqo() {
        assert_eq!(
            Error::from(Http3Error::StreamLimitError).to_string(),
            "StreamLimitError"
        );
    }
}
