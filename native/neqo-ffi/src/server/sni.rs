//! A connection whose credential is chosen by the server name that the client sends (RFC 6066 3).
//!
//! Tickets are not bound to a name: in TLS 1.3 it is the client that must not use a ticket for a name which the original
//! certificate does not cover, and the server "has no need to associate an SNI value with the ticket" (RFC 8446 4.2.11). NSS
//! would bind them if the hook returned a name's index, and would then fail handshakes with a ticket of another name, or of
//! the time before a name had its own credential, instead of doing a full one.

use std::{
    cell::{Cell, RefCell},
    ffi::{c_int, c_uint, c_void},
    rc::Rc,
};

use neqo_crypto::Server;
use neqo_transport::{Connection, ConnectionIdGenerator, ConnectionParameters, Error, State};

use super::{
    credential::Credential,
    credential_table::{CredentialTable, Lookup},
    placeholder,
};
use crate::nss_calls::{
    SSL_SNISocketConfigHook, SecItem, SEC_SUCCESS, SNI_CURRENT_CONFIG, SNI_SEND_ALERT,
};

/// Longest host name in octets (RFC 1035 2.3.4).
const MAX_NAME: usize = 255;

/// Makes a server's connection.
///
/// With `fixed`, that credential is used whatever the client asks for. Otherwise `credentials` decide, as they are when the
/// ClientHello arrives. A name that has none gets the default one or, if `ask` is true, fails the handshake so that
/// [`SniState::wanted`] tells the name. A client that sends no name gets the default one; `wanted` only if there is none.
/// Where there is nothing to use, and nobody to ask, the handshake fails with `unrecognized_name`, or with
/// `handshake_failure` if the client sent no name.
///
/// # Errors
///
/// When NSS fails, or the generator has no connection id.
pub fn new_connection(
    credentials: &Rc<RefCell<CredentialTable>>,
    fixed: Option<Credential>,
    ask: bool,
    protocols: &[String],
    cid_generator: Rc<RefCell<dyn ConnectionIdGenerator>>,
    params: ConnectionParameters,
) -> Result<(Connection, SniState), Error> {
    let selector = Rc::new(Selector {
        credentials: Rc::clone(credentials),
        is_fixed: fixed.is_some(),
        ask,
        configured: RefCell::default(),
        server_name: RefCell::default(),
        is_missing: Cell::new(false),
    });
    let context = Rc::clone(&selector);
    let agent = Server::with_context(context, |socket| {
        // SAFETY: the socket is the agent's.
        unsafe { selector.configure_without_name(socket, fixed) }?;
        let argument = Rc::as_ptr(&selector).cast_mut().cast();
        // SAFETY: the socket is the agent's, which keeps the selector (its context) longer than the socket.
        let status = unsafe { SSL_SNISocketConfigHook(socket, choose_by_name, argument) };
        if status == SEC_SUCCESS {
            Ok(())
        } else {
            Err(neqo_crypto::Error::CertificateLoading)
        }
    })?;
    let connection = Connection::new_server_with(agent, protocols, cid_generator, params)?;
    Ok((connection, SniState(selector)))
}

/// What the client's server name led to.
#[derive(Clone, Debug)]
pub struct SniState(Rc<Selector>);

impl SniState {
    /// The name as the client sent it; `None` if it sent none, or before the ClientHello arrived.
    #[must_use]
    pub fn server_name(&self) -> Option<String> {
        self.0.server_name.borrow().clone()
    }

    /// The name (`""`: none was sent) for want of whose credential the handshake of `connection`, which was made with this
    /// state, has failed. Only when asking, and not with a fixed credential.
    #[must_use]
    pub fn wanted(&self, connection: &Connection) -> Option<String> {
        if !matches!(connection.state(), State::Closing { .. } | State::Closed(_)) {
            return None;
        }
        if self.0.is_missing.get() {
            return self.server_name();
        }
        // Without a name the hook did not run. That a cipher suite was negotiated tells that the ClientHello was good, and
        // that the handshake failed where NSS wants a certificate.
        let is_nameless = self.0.server_name.borrow().is_none()
            && self.0.configured.borrow().is_none()
            && connection
                .tls_preinfo()
                .is_ok_and(|info| info.cipher_suite().is_some());
        (self.0.ask && is_nameless).then(String::new)
    }
}

/// What the hook refers to. The agent keeps it longer than its socket.
#[derive(Debug)]
struct Selector {
    credentials: Rc<RefCell<CredentialTable>>,
    is_fixed: bool,
    ask: bool,
    /// The credential that the socket has now; none while it has the placeholder.
    configured: RefCell<Option<Credential>>,
    server_name: RefCell<Option<String>>,
    /// The application has to be asked for a credential for `server_name`.
    is_missing: Cell<bool>,
}

impl Selector {
    /// Configures the socket for a name; `false` to refuse it. Runs again for the second ClientHello after a
    /// HelloRetryRequest (RFC 8446 4.1.2).
    ///
    /// # Safety
    ///
    /// `socket` must be that of the agent whose context this is.
    unsafe fn choose(&self, socket: *mut c_void, name: &[u8]) -> bool {
        let Some(name) = host_name(name) else {
            return false;
        };
        self.server_name.replace(Some(String::from(name)));
        if self.is_fixed {
            return true;
        }
        let Ok(credentials) = self.credentials.try_borrow() else {
            return false;
        };
        let credential = match credentials.lookup(Some(name)) {
            Lookup::Named(credential) => credential,
            Lookup::Default(_) | Lookup::None if self.ask => {
                self.is_missing.set(true);
                return false;
            }
            Lookup::Default(credential) => credential,
            Lookup::None => return false,
        };
        // SAFETY: the caller vouches for the socket.
        unsafe { self.configure(socket, credential) }.is_ok()
    }

    /// Configures the socket for a client that sends no name: the hook will not run.
    ///
    /// # Safety
    ///
    /// As that of `choose`.
    unsafe fn configure_without_name(
        &self,
        socket: *mut c_void,
        fixed: Option<Credential>,
    ) -> Result<(), neqo_crypto::Error> {
        let credentials = self.credentials.borrow();
        let credential = fixed.or_else(|| match credentials.lookup(None) {
            Lookup::Named(credential) | Lookup::Default(credential) => Some(credential),
            Lookup::None => None,
        });
        if let Some(credential) = credential {
            // SAFETY: the caller vouches for the socket.
            return unsafe { self.configure(socket, credential) };
        }
        let placeholder = credentials
            .placeholder()
            .map_err(|_| neqo_crypto::Error::CertificateLoading)?;
        // SAFETY: the caller vouches for the socket.
        unsafe { placeholder.configure_for(socket, placeholder::ENABLED) }
    }

    /// # Safety
    ///
    /// As that of `choose`.
    unsafe fn configure(
        &self,
        socket: *mut c_void,
        credential: Credential,
    ) -> Result<(), neqo_crypto::Error> {
        let mut configured = self.configured.borrow_mut();
        if !configured.as_ref().is_some_and(|c| c.is(&credential)) {
            // SAFETY: the caller vouches for the socket.
            unsafe { credential.configure(socket) }?;
            *configured = Some(credential);
        }
        Ok(())
    }
}

/// A HostName is ASCII (RFC 6066 3).
fn host_name(name: &[u8]) -> Option<&str> {
    let name = std::str::from_utf8(name).ok()?;
    let is_host_name =
        !name.is_empty() && name.len() <= MAX_NAME && name.bytes().all(|b| b.is_ascii_graphic());
    is_host_name.then_some(name)
}

/// The `SSLSNISocketConfig` of all server sockets. Nothing in it panics: there is no unwinding into NSS.
unsafe extern "C" fn choose_by_name(
    socket: *mut c_void,
    names: *const SecItem,
    count: c_uint,
    argument: *mut c_void,
) -> c_int {
    if count == 0 || names.is_null() {
        return SNI_SEND_ALERT;
    }
    // SAFETY: the argument is the selector that `new_connection` gave; only shared references to it exist. NSS gives
    // `count` names (it refuses more than one), which live as long as this call, as does the socket.
    let is_chosen = unsafe {
        let selector = &*argument.cast::<Selector>();
        let name = &*names;
        if name.data.is_null() {
            return SNI_SEND_ALERT;
        }
        let name = std::slice::from_raw_parts(name.data, name.length as usize);
        selector.choose(socket, name)
    };
    if is_chosen {
        SNI_CURRENT_CONFIG
    } else {
        SNI_SEND_ALERT
    }
}

#[cfg(test)]
#[path = "sni_tests.rs"]
mod tests;
