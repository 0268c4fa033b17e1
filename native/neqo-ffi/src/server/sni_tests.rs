//! Handshakes of neqo's client with a server's connection, in memory.

use std::{
    cell::RefCell,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    rc::Rc,
    time::Instant,
};

use neqo_common::event::Provider as _;
use neqo_crypto::{AuthenticationStatus, ResumptionToken};
use neqo_transport::{
    version::Version, CloseReason, Connection, ConnectionEvent, ConnectionParameters,
    EmptyConnectionIdGenerator, Error, Output, RandomConnectionIdGenerator, State,
};

use super::{
    super::{
        credential::Credential,
        test_credentials::{self as fixtures, credential, Parts},
    },
    new_connection, CredentialTable, SniState,
};

/// A name that clients do not send (RFC 6066 3: no literal addresses).
const NO_NAME: &str = "127.0.0.1";
/// TLS alerts (RFC 8446 6).
const HANDSHAKE_FAILURE: u8 = 40;
const UNRECOGNIZED_NAME: u8 = 112;

fn address(port: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)
}

/// One version only: a ticket begins with that which the first connection was upgraded to, as a server here does not expect.
fn params() -> ConnectionParameters {
    ConnectionParameters::default().versions(Version::Version1, vec![Version::Version1])
}

fn client(server_name: &str) -> Connection {
    crate::nss::init().expect("NSS");
    Connection::new_client(
        server_name,
        &["h3"],
        Rc::new(RefCell::new(EmptyConnectionIdGenerator::default())),
        address(50_000),
        address(443),
        params(),
        Instant::now(),
    )
    .expect("client")
}

/// A server's credentials, as an engine has them.
struct Host {
    table: Rc<RefCell<CredentialTable>>,
    ask: bool,
}

impl Host {
    fn new(credentials: &[(&str, &Credential)]) -> Self {
        let mut table = CredentialTable::default();
        for (host, credential) in credentials {
            table.set(host, Some((*credential).clone()));
        }
        Self {
            table: Rc::new(RefCell::new(table)),
            ask: false,
        }
    }

    fn asking(credentials: &[(&str, &Credential)]) -> Self {
        Self {
            ask: true,
            ..Self::new(credentials)
        }
    }

    fn set(&self, host: &str, credential: Option<&Credential>) {
        self.table.borrow_mut().set(host, credential.cloned());
    }

    fn accept(&self, fixed: Option<&Credential>) -> (Connection, SniState) {
        new_connection(
            &self.table,
            fixed.cloned(),
            self.ask,
            &[String::from("h3")],
            Rc::new(RefCell::new(RandomConnectionIdGenerator::new(8))),
            params(),
        )
        .expect("server")
    }

    /// A handshake with a client that asks for `name`.
    fn meet(&self, name: &str) -> Meeting {
        Meeting::of(client(name), self.accept(None))
    }
}

/// Both ends after all that they had to say.
struct Meeting {
    client: Connection,
    server: Connection,
    sni: SniState,
    /// What the client was sent, DER.
    chain: Vec<Vec<u8>>,
}

impl Meeting {
    fn of(client: Connection, (server, sni): (Connection, SniState)) -> Self {
        let mut meeting = Self {
            client,
            server,
            sni,
            chain: Vec::new(),
        };
        meeting.talk();
        meeting
    }

    /// Carries datagrams until neither end has one.
    fn talk(&mut self) {
        let now = Instant::now();
        let mut to_server = self.client.process_output(now).dgram();
        while let Some(datagram) = to_server {
            let mut to_client = self.server.process(Some(datagram), now).dgram();
            while let Some(datagram) = to_client {
                self.client.process_input(datagram, now);
                to_client = self.server.process_output(now).dgram();
            }
            self.verify();
            to_server = match self.client.process_output(now) {
                Output::Datagram(datagram) => Some(datagram),
                Output::Callback(_) | Output::None => None,
            };
        }
    }

    fn verify(&mut self) {
        while let Some(event) = self.client.next_event() {
            if event == ConnectionEvent::AuthenticationNeeded {
                let sent = self.client.peer_certificate().expect("a chain");
                self.chain = sent.iter().map(<[u8]>::to_vec).collect();
                self.client
                    .authenticated(AuthenticationStatus::Ok, Instant::now());
            }
        }
    }

    fn is_confirmed(&self) -> bool {
        *self.client.state() == State::Confirmed && *self.server.state() == State::Confirmed
    }

    /// The alert with which the server closed the connection.
    fn alert(&self) -> Option<u8> {
        match self.server.state() {
            State::Closing { error, .. } | State::Closed(error) => match error {
                CloseReason::Transport(Error::CryptoAlert(alert)) => Some(*alert),
                _ => None,
            },
            _ => None,
        }
    }

    fn ticket(&mut self) -> ResumptionToken {
        let now = Instant::now();
        self.server.send_ticket(now, &[]).expect("a ticket");
        let datagram = self.server.process_output(now).dgram();
        self.client.process_input(datagram.expect("a ticket"), now);
        self.client
            .events()
            .find_map(|event| match event {
                ConnectionEvent::ResumptionToken(token) => Some(token),
                _ => None,
            })
            .or_else(|| self.client.take_resumption_token(now))
            .expect("a token")
    }

    fn is_resumed(&self) -> bool {
        self.client.tls_info().expect("complete").resumed()
            && self.server.tls_info().expect("complete").resumed()
    }
}

/// A handshake that presents `token`.
fn resume(host: &Host, name: &str, token: &ResumptionToken) -> Meeting {
    let mut client = client(name);
    client
        .enable_resumption(Instant::now(), token)
        .expect("a good token");
    Meeting::of(client, host.accept(None))
}

#[test]
fn each_kind_of_key_serves_a_handshake_and_the_whole_chain_is_sent() {
    let all: [Parts; 5] = [
        fixtures::p256(),
        fixtures::other(),
        fixtures::p384(),
        fixtures::p521(),
        fixtures::rsa(),
    ];
    for parts in all {
        let meeting = Host::new(&[("", &credential(&parts))]).meet("a.test");
        assert!(meeting.is_confirmed());
        assert_eq!(meeting.chain, parts.0);
    }
    assert_eq!(fixtures::p256().0.len(), 3);
}

#[test]
fn the_server_name_chooses() {
    let (named, wild, rest) = (fixtures::p256(), fixtures::wildcard(), fixtures::other());
    let host = Host::new(&[
        ("p256.test", &credential(&named)),
        ("*.wild.test", &credential(&wild)),
        ("", &credential(&rest)),
    ]);
    for (name, parts) in [
        ("p256.test", &named),
        ("P256.Test", &named),
        ("x.wild.test", &wild),
        ("x.y.wild.test", &rest),
        ("unknown.test", &rest),
        (NO_NAME, &rest),
    ] {
        let meeting = host.meet(name);
        assert!(meeting.is_confirmed(), "{name}");
        assert_eq!(meeting.chain, parts.0, "{name}");
        let sent = (name != NO_NAME).then(|| String::from(name));
        assert_eq!(meeting.sni.server_name(), sent);
        assert_eq!(meeting.sni.wanted(&meeting.server), None);
    }
}

/// The default is on the socket before the name is known, and NSS cannot be told to forget it.
#[test]
fn a_named_credential_of_another_key_type_is_not_overruled_by_the_default() {
    let kinds = [fixtures::p256(), fixtures::p384(), fixtures::rsa()];
    for named in &kinds {
        for rest in &kinds {
            let host = Host::new(&[("a.test", &credential(named)), ("", &credential(rest))]);
            assert_eq!(host.meet("a.test").chain, named.0);
            assert_eq!(host.meet("b.test").chain, rest.0);
        }
    }
}

#[test]
fn without_a_default_unknown_names_are_refused() {
    let host = Host::new(&[("p256.test", &credential(&fixtures::p256()))]);
    let meeting = host.meet("unknown.test");
    assert_eq!(meeting.alert(), Some(UNRECOGNIZED_NAME));
    assert_eq!(meeting.sni.wanted(&meeting.server), None);
    assert_eq!(host.meet(NO_NAME).alert(), Some(HANDSHAKE_FAILURE));
    assert_eq!(Host::new(&[]).meet("a.test").alert(), Some(112));
}

#[test]
fn a_name_without_a_credential_is_asked_for() {
    let known = credential(&fixtures::p256());
    let rest = credential(&fixtures::other());
    for host in [
        Host::asking(&[("p256.test", &known)]),
        Host::asking(&[("p256.test", &known), ("", &rest)]),
    ] {
        assert!(host.meet("p256.test").is_confirmed());
        let meeting = host.meet("New.test");
        assert!(!meeting.is_confirmed());
        let wanted = meeting.sni.wanted(&meeting.server);
        assert_eq!(wanted.as_deref(), Some("New.test"));
    }
}

#[test]
fn a_client_without_a_name_is_asked_for_only_without_a_default() {
    let rest = fixtures::other();
    let meeting = Host::asking(&[("", &credential(&rest))]).meet(NO_NAME);
    assert!(meeting.is_confirmed());
    assert_eq!(meeting.chain, rest.0);
    assert_eq!(meeting.sni.wanted(&meeting.server), None);

    let host = Host::asking(&[]);
    let (fresh, sni) = host.accept(None);
    assert_eq!(sni.wanted(&fresh), None);
    let meeting = Meeting::of(client(NO_NAME), (fresh, sni));
    assert_eq!(meeting.sni.wanted(&meeting.server).as_deref(), Some(""));
}

/// What the engine does with the answer: the client's first datagram once more, to a new connection.
#[test]
fn the_answer_serves_the_same_client() {
    let answer = fixtures::rsa();
    let host = Host::asking(&[("", &credential(&fixtures::p256()))]);
    for name in ["new.test", NO_NAME] {
        let now = Instant::now();
        let mut client = client(name);
        let first = client.process_output(now).dgram().expect("an Initial");
        let second = client.process_output(now).dgram();
        let (mut dropped, sni) = host.accept(None);
        dropped.process_input(first.clone(), now);
        if let Some(second) = second.clone() {
            dropped.process_input(second, now);
        }
        let expected = (name != NO_NAME).then(|| String::from(name));
        assert_eq!(sni.wanted(&dropped), expected);
        drop(dropped);

        let (mut server, sni) = host.accept(Some(&credential(&answer)));
        server.process_input(first, now);
        if let Some(second) = second {
            server.process_input(second, now);
        }
        while let Some(datagram) = server.process_output(now).dgram() {
            client.process_input(datagram, now);
        }
        let mut meeting = Meeting {
            client,
            server,
            sni,
            chain: Vec::new(),
        };
        meeting.verify();
        meeting.talk();
        assert!(meeting.is_confirmed(), "{name}");
        assert_eq!(meeting.chain, answer.0);
        assert_eq!(meeting.sni.server_name(), expected);
        assert_eq!(meeting.sni.wanted(&meeting.server), None);
    }
}

#[test]
fn a_replaced_credential_serves_new_handshakes_only() {
    let (old, new) = (fixtures::p256(), fixtures::other());
    let host = Host::new(&[("a.test", &credential(&old))]);
    // Made, but its ClientHello has not arrived: it gets the new one.
    let waiting = host.accept(None);
    let mut before = host.meet("a.test");
    host.set("a.test", Some(&credential(&new)));
    assert_eq!(before.chain, old.0);
    assert_eq!(host.meet("a.test").chain, new.0);
    assert_eq!(Meeting::of(client("a.test"), waiting).chain, new.0);
    host.set("a.test", None);
    assert_eq!(host.meet("a.test").alert(), Some(UNRECOGNIZED_NAME));
    // The key of the old connection is gone from the table; its tickets do not need it.
    before.ticket();
    assert!(before.is_confirmed());
}

#[test]
fn tickets_resume_by_name_by_default_and_without_a_name() {
    let host = Host::new(&[
        ("a.test", &credential(&fixtures::p256())),
        ("b.test", &credential(&fixtures::rsa())),
        ("", &credential(&fixtures::p384())),
    ]);
    for name in ["a.test", "b.test", "c.test", NO_NAME] {
        let mut first = host.meet(name);
        let token = first.ticket();
        let mut second = resume(&host, name, &token);
        assert!(second.is_confirmed() && second.is_resumed(), "{name}");
        let sent = (name != NO_NAME).then(|| String::from(name));
        assert_eq!(second.sni.server_name(), sent);
        let third = resume(&host, name, &second.ticket());
        assert!(third.is_confirmed() && third.is_resumed(), "{name}");
    }
}

/// NSS's client keeps tickets and names together. Others need not: this changes the name that the token carries.
fn rename(token: &ResumptionToken, from: &str, to: &str) -> ResumptionToken {
    assert_eq!(from.len(), to.len());
    let mut bytes = token.as_ref().to_vec();
    let at = bytes
        .windows(from.len())
        .position(|window| window == from.as_bytes())
        .expect("the name");
    bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
    ResumptionToken::new(bytes, token.expiration_time())
}

/// No ticket makes a handshake fail, whatever name it is presented with: it is used or passed over.
#[test]
fn a_ticket_of_one_name_does_not_break_a_handshake_for_another() {
    let all = ["aaaa.test", "bbbb.test", "cccc.test", "rest.test", NO_NAME];
    let host = Host::new(&[
        ("aaaa.test", &credential(&fixtures::p256())),
        ("bbbb.test", &credential(&fixtures::rsa())),
        ("cccc.test", &credential(&fixtures::other())),
        ("", &credential(&fixtures::p384())),
    ]);
    for from in all {
        for to in all {
            let token = rename(&host.meet(from).ticket(), from, to);
            let meeting = resume(&host, to, &token);
            assert!(meeting.is_confirmed(), "{from} {to}");
            let sent = (to != NO_NAME).then(|| String::from(to));
            assert_eq!(meeting.sni.server_name(), sent);
            // Resumed, or a full handshake with the certificate of the new name.
            assert_eq!(meeting.is_resumed(), meeting.chain.is_empty());
        }
    }
}

#[test]
fn a_ticket_from_before_a_name_had_its_own_credential_is_good() {
    let host = Host::new(&[("", &credential(&fixtures::p256()))]);
    let token = host.meet("a.test").ticket();
    host.set("a.test", Some(&credential(&fixtures::other())));
    assert!(resume(&host, "a.test", &token).is_confirmed());
    host.set("a.test", Some(&credential(&fixtures::rsa())));
    assert!(resume(&host, "a.test", &token).is_confirmed());
}
