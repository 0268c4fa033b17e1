//! Which chains and keys make a credential, and what is said of those that do not.

use super::{super::test_credentials as fixtures, Credential};
use fixtures::fixture;

fn code(chain: &[Vec<u8>], key: &[u8]) -> &'static str {
    Credential::new(chain, key).expect_err("no credential").code
}

#[test]
fn ec_and_rsa_keys_are_accepted() {
    for (parts, key_type) in [
        (fixtures::p256(), "EC"),
        (fixtures::p384(), "EC"),
        (fixtures::p521(), "EC"),
        (fixtures::rsa(), "RSA"),
    ] {
        assert_eq!(fixtures::credential(&parts).key_type(), key_type);
    }
}

#[test]
fn a_key_of_another_certificate_is_a_mismatch() {
    let (chain, _) = fixtures::p256();
    for (_, key) in [
        fixtures::other(),
        fixtures::p384(),
        fixtures::p521(),
        fixtures::rsa(),
    ] {
        assert_eq!(code(&chain, key), "ERR_TLS_KEY_MISMATCH");
    }
    let (chain, _) = fixtures::rsa();
    for key in [fixture!("encipher.key.der"), fixture!("p256.key.der")] {
        assert_eq!(code(&chain, key), "ERR_TLS_KEY_MISMATCH");
    }
}

#[test]
fn unsupported_keys_are_named() {
    let (chain, _) = fixtures::p256();
    for (key, reason) in [
        (fixture!("ed25519.key.der"), "EdDSA"),
        (fixture!("pss.key.der"), "RSA-PSS"),
        (fixture!("k256.key.der"), "P-256, P-384 and P-521"),
        (fixture!("nopublic.key.der"), "without its public part"),
    ] {
        let error = Credential::new(&chain, key).expect_err(reason);
        assert_eq!(error.code, "ERR_TLS_KEY_UNSUPPORTED");
        assert!(error.message.contains(reason), "{error}");
    }
    let short = [fixture!("rsa1024.der").to_vec()];
    let error = Credential::new(&short, fixture!("rsa1024.key.der")).expect_err("too short");
    assert_eq!(error.code, "ERR_TLS_KEY_UNSUPPORTED");
    assert!(error.message.contains("1024 bits"), "{error}");
}

#[test]
fn a_key_that_is_cut_or_garbage_is_invalid() {
    let (chain, key) = fixtures::p256();
    assert_eq!(code(&chain, b""), "ERR_TLS_KEY_INVALID");
    assert_eq!(code(&chain, b"garbage"), "ERR_TLS_KEY_INVALID");
    assert_eq!(code(&chain, &key[..key.len() - 1]), "ERR_TLS_KEY_INVALID");
    assert_eq!(code(&chain, &chain[0]), "ERR_TLS_KEY_INVALID");
}

/// Each octet changed in turn: NSS must refuse or accept, and live.
#[test]
fn damaged_keys_and_certificates_do_no_harm() {
    let (chain, key) = fixtures::p256();
    for at in 0..key.len() {
        let mut damaged = key.to_vec();
        damaged[at] ^= 0x55;
        let _ = Credential::new(&chain, &damaged);
    }
    for at in 0..chain[0].len() {
        let mut damaged = chain[0].clone();
        damaged[at] ^= 0x55;
        let _ = Credential::new(&[damaged], key);
    }
}

#[test]
fn a_certificate_that_is_cut_or_garbage_is_invalid() {
    let (chain, key) = fixtures::p256();
    assert_eq!(code(&[], key), "ERR_TLS_CERT_INVALID");
    assert_eq!(code(&[Vec::new()], key), "ERR_TLS_CERT_INVALID");
    assert_eq!(code(&[b"garbage".to_vec()], key), "ERR_TLS_CERT_INVALID");
    let cut = chain[0][..chain[0].len() - 1].to_vec();
    assert_eq!(code(&[cut], key), "ERR_TLS_CERT_INVALID");
    let bad_intermediate = [chain[0].clone(), b"garbage".to_vec()];
    assert_eq!(code(&bad_intermediate, key), "ERR_TLS_CERT_INVALID");
}

#[test]
fn a_leaf_that_must_not_sign_is_invalid() {
    let chain = [fixture!("encipher.der").to_vec()];
    assert_eq!(
        code(&chain, fixture!("encipher.key.der")),
        "ERR_TLS_CERT_INVALID"
    );
}
