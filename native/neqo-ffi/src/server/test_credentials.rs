//! Credentials of the tests, made by `tests/fixtures/credentials/make.sh`.

use super::credential::Credential;

/// The bytes of a fixture.
macro_rules! fixture {
    ($name:literal) => {
        include_bytes!(concat!("../../tests/fixtures/credentials/", $name)).as_slice()
    };
}
pub(super) use fixture;

/// A chain (DER, leaf first) and its PKCS#8 key.
pub type Parts = (Vec<Vec<u8>>, &'static [u8]);

/// `p256.test`, EC on P-256, issued by `inner`, that by `outer`, that by a root which is not sent.
pub fn p256() -> Parts {
    let chain = [
        fixture!("p256.der"),
        fixture!("inner.der"),
        fixture!("outer.der"),
    ];
    (
        chain.iter().map(|der| der.to_vec()).collect(),
        fixture!("p256.key.der"),
    )
}

/// `other.test`, EC on P-256, self-signed, as all below are.
pub fn other() -> Parts {
    (
        vec![fixture!("other.der").to_vec()],
        fixture!("other.key.der"),
    )
}

/// `*.wild.test`, EC on P-256.
pub fn wildcard() -> Parts {
    (
        vec![fixture!("wildcard.der").to_vec()],
        fixture!("wildcard.key.der"),
    )
}

/// `p384.test`
pub fn p384() -> Parts {
    (
        vec![fixture!("p384.der").to_vec()],
        fixture!("p384.key.der"),
    )
}

/// `p521.test`
pub fn p521() -> Parts {
    (
        vec![fixture!("p521.der").to_vec()],
        fixture!("p521.key.der"),
    )
}

/// `rsa.test`, 2048 bits; its key usage also allows key encipherment.
pub fn rsa() -> Parts {
    (vec![fixture!("rsa.der").to_vec()], fixture!("rsa.key.der"))
}

/// The credential of `parts`, which are good.
pub fn credential(parts: &Parts) -> Credential {
    Credential::new(&parts.0, parts.1).expect("a good credential")
}
