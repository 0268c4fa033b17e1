//! Credentials that are dropped leave nothing in NSS. In a process of its own, where nothing else allocates.

use std::fs;

use neqo_ffi::server::credential::Credential;

/// Resident memory of this process in KiB.
fn resident_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("status");
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    line.and_then(|line| line.split_whitespace().nth(1))
        .and_then(|number| number.parse().ok())
        .expect("VmRSS")
}

fn make(count: usize) {
    let ec = [
        include_bytes!("fixtures/credentials/p256.der").to_vec(),
        include_bytes!("fixtures/credentials/inner.der").to_vec(),
    ];
    let rsa = [include_bytes!("fixtures/credentials/rsa.der").to_vec()];
    let ec_key = include_bytes!("fixtures/credentials/p256.key.der");
    let rsa_key = include_bytes!("fixtures/credentials/rsa.key.der");
    for _ in 0..count {
        Credential::new(&ec, ec_key).expect("EC");
        Credential::new(&rsa, rsa_key).expect("RSA");
        Credential::new(&ec, rsa_key).expect_err("mismatch");
        Credential::new(&ec, b"garbage").expect_err("garbage");
    }
}

#[test]
fn dropped_credentials_leave_nothing_behind() {
    make(200);
    let before = resident_kib();
    make(1000);
    let grown = resident_kib().saturating_sub(before);
    // A leaked certificate or key would be at least 2 KiB of each.
    assert!(grown < 1024, "{grown} KiB more");
}
