//! qlog to a file.

use std::{fs::OpenOptions, io::BufWriter, path::Path, time::Instant};

use neqo_common::{
    qlog::{new_trace, NeqoQlog},
    Role,
};
use qlog::{events::EventImportance, streamer::QlogStreamer, QLOG_VERSION};

use crate::InitError;

/// Opens `client-<connection id>.qlog` or `server-<connection id>.qlog` (JSON-SEQ) in `directory`, which must exist.
///
/// `NeqoQlog::enabled_with_file` is not used because it appends `.sqlog` to the name.
pub fn open(directory: &Path, role: Role, connection_id: &str) -> Result<NeqoQlog, InitError> {
    let name = match role {
        Role::Client => "client",
        Role::Server => "server",
    };
    let path = directory.join(format!("{name}-{connection_id}.qlog"));
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&path)
        .map_err(|e| InitError::io(&format!("qlog file {}", path.display()), &e))?;
    let streamer = QlogStreamer::new(
        QLOG_VERSION.to_string(),
        Some(format!("necko-http3 {name}")),
        None,
        None,
        Instant::now(),
        new_trace(role),
        EventImportance::Base,
        Box::new(BufWriter::new(file)),
    );
    NeqoQlog::enabled(streamer, path).map_err(|e| InitError::new(format!("qlog: {e:?}")))
}
