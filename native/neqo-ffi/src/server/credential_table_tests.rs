//! Which credential a name gets.

use super::{super::test_credentials as fixtures, CredentialTable, Lookup};
use crate::server::credential::Credential;

/// A table with these hosts, and the credential of each.
fn table<const N: usize>(hosts: [&str; N]) -> (CredentialTable, [Credential; N]) {
    let mut table = CredentialTable::default();
    let credentials = hosts.map(|host| {
        let credential = fixtures::credential(&fixtures::other());
        table.set(host, Some(credential.clone()));
        credential
    });
    (table, credentials)
}

fn named(lookup: &Lookup, credential: &Credential) -> bool {
    matches!(lookup, Lookup::Named(found) if found.is(credential))
}

fn default(lookup: &Lookup, credential: &Credential) -> bool {
    matches!(lookup, Lookup::Default(found) if found.is(credential))
}

#[test]
fn exact_names_come_before_wildcards_and_those_before_the_default() {
    let (table, [exact, wildcard, other]) = table(["www.a.test", "*.a.test", ""]);
    assert!(named(&table.lookup(Some("www.a.test")), &exact));
    assert!(named(&table.lookup(Some("api.a.test")), &wildcard));
    assert!(default(&table.lookup(Some("a.test")), &other));
    assert!(default(&table.lookup(None), &other));
}

#[test]
fn a_wildcard_matches_one_label_only() {
    let (table, [wildcard]) = table(["*.a.test"]);
    assert!(named(&table.lookup(Some("x.a.test")), &wildcard));
    for name in [
        "a.test",
        "x.y.a.test",
        ".a.test",
        "*.a.test.",
        "xa.test",
        "test",
        "",
    ] {
        let found = table.lookup(Some(name));
        // The wildcard's own spelling is a name like any other.
        assert_eq!(matches!(found, Lookup::None), name != "*.a.test.", "{name}");
    }
}

#[test]
fn case_and_a_final_dot_do_not_matter() {
    let (table, [credential]) = table(["WWW.a.test."]);
    for name in ["www.a.test", "www.A.TEST", "Www.a.test."] {
        assert!(named(&table.lookup(Some(name)), &credential), "{name}");
    }
}

#[test]
fn addresses_match_however_they_are_written() {
    let (table, [v6, v4, _]) = table(["[2001:DB8::1]", "192.0.2.1", "*.0.2.1"]);
    assert!(named(&table.lookup(Some("2001:db8:0:0::1")), &v6));
    assert!(named(&table.lookup(Some("192.0.2.1")), &v4));
    assert!(matches!(table.lookup(Some("198.0.2.1")), Lookup::None));
}

#[test]
fn a_credential_is_replaced_and_removed() {
    let (mut table, [old]) = table(["a.test"]);
    let new = fixtures::credential(&fixtures::rsa());
    table.set("A.test", Some(new.clone()));
    assert!(named(&table.lookup(Some("a.test")), &new));
    assert!(!named(&table.lookup(Some("a.test")), &old));
    table.set("a.test", None);
    assert!(matches!(table.lookup(Some("a.test")), Lookup::None));
    table.set("", Some(old.clone()));
    assert!(default(&table.lookup(Some("a.test")), &old));
    table.set("", None);
    assert!(matches!(table.lookup(None), Lookup::None));
}
