//! NSS's database with a certificate, and connection IDs: what every connection in memory needs.

use std::{
    cell::RefCell,
    env, fs,
    path::PathBuf,
    process::{self, Command},
    rc::Rc,
    sync::Once,
};

use neqo_transport::{ConnectionIdGenerator, RandomConnectionIdGenerator};

/// Name of the certificate in the database.
pub const CERTIFICATE: &str = "server";

/// Opens a database with a new certificate, made by NSS's own tool, which lies beside the libraries that were linked.
pub fn open_database() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let directory = env::temp_dir().join(format!("neqo-ffi-server-{}", process::id()));
        fs::create_dir_all(&directory).expect("a directory");
        let nss = PathBuf::from(env::var_os("NSS_DIR").expect("NSS_DIR"));
        let certutil = |args: &[&str]| {
            let output = Command::new(nss.join("../dist/Release/bin/certutil"))
                .args(args)
                .arg("-d")
                .arg(format!("sql:{}", directory.display()))
                .output()
                .expect("certutil runs");
            assert!(output.status.success(), "certutil {args:?}");
        };
        certutil(&["-N", "--empty-password"]);
        // NSS seeds itself; without some file as a further source, certutil asks for keys to be pressed.
        let noise = directory.join("cert9.db");
        let noise = noise.to_str().expect("a path in UTF-8");
        certutil(&[
            "-S",
            "-x",
            "-n",
            CERTIFICATE,
            "-s",
            "CN=localhost",
            "-t",
            "CTu,,",
            "-k",
            "ec",
            "-q",
            "nistp256",
            "-z",
            noise,
        ]);
        neqo_crypto::init_db(&directory).expect("NSS");
        fs::remove_dir_all(&directory).expect("the open database needs no names");
    });
}

pub fn random_ids() -> Rc<RefCell<dyn ConnectionIdGenerator>> {
    Rc::new(RefCell::new(RandomConnectionIdGenerator::new(8)))
}
