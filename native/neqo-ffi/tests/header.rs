//! The headers in `include/` are kept by hand: this compares them with the Rust side. Functions and constants are compared by their
//! text, the layout of structures by what a C compiler says of them.

use std::{
    collections::BTreeMap,
    env, fs,
    mem::{offset_of, size_of},
    path::{Path, PathBuf},
    process::Command,
};

use neqo_ffi::{
    abi::{
        server_types::{NeqoCredentialError, NeqoServerParams},
        types::{
            NeqoBytes, NeqoInitError, NeqoParams, NeqoRecvStreamStats, NeqoSendStreamStats,
            NeqoTlsInfo,
        },
        NeqoStats,
    },
    server::{NeqoConnectionInfo, NeqoServerStats},
};

const HEADERS: [&str; 2] = ["neqo_ffi.h", "neqo_server_ffi.h"];

/// Asked at run time: the build is shared by all checkouts, and the one that compiled this may be gone.
fn crate_root() -> PathBuf {
    env::var_os("CARGO_MANIFEST_DIR")
        .expect("cargo runs the tests")
        .into()
}

/// Both headers, one after the other.
fn header() -> String {
    let include = crate_root().join("include");
    HEADERS
        .map(|name| fs::read_to_string(include.join(name)).expect("the header is readable"))
        .map(|text| without_comments(&text))
        .concat()
}

fn without_comments(text: &str) -> String {
    let mut parts = text.split("/*");
    let mut result = parts.next().unwrap_or_default().to_string();
    for part in parts {
        result.push_str(part.split_once("*/").expect("comments end").1);
    }
    result
}

/// All sources of the ABI, one after the other.
fn abi_sources() -> String {
    let directory = crate_root().join("src/abi");
    fs::read_dir(directory)
        .expect("src/abi is readable")
        .map(|entry| fs::read_to_string(entry.expect("an entry").path()).expect("a source"))
        .collect()
}

/// Name → types of the parameters and of the result, in Rust's words.
type Signatures = BTreeMap<String, (Vec<String>, String)>;

fn squeeze(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `const uint8_t *data` → `*const u8`; the parameter's name is dropped if there is one.
fn rust_type(c: &str) -> String {
    let c = c.replace('*', " * ");
    let words: Vec<&str> = c.split_whitespace().collect();
    let constant = words[0] == "const";
    let base = match words[usize::from(constant)] {
        "int64_t" => "i64",
        "int32_t" => "i32",
        "uint64_t" => "u64",
        "uint32_t" => "u32",
        "uint8_t" => "u8",
        "uint16_t" => "u16",
        "size_t" => "usize",
        "double" => "f64",
        "char" => "c_char",
        "void" => "()",
        other => other,
    };
    match (words.contains(&"*"), constant) {
        (true, true) => format!("*const {base}"),
        (true, false) => format!("*mut {base}"),
        (false, _) => base.to_string(),
    }
}

fn c_signatures(header: &str) -> Signatures {
    header
        .split(';')
        .filter_map(|statement| {
            let (before, parameters) = statement.split_once('(')?;
            let line = squeeze(before.rsplit(['}', '{']).next()?);
            let start = line.rfind("neqo_")?;
            let name = line[start..].to_string();
            let result = rust_type(line[..start].trim());
            let parameters = parameters.trim_end().strip_suffix(')')?;
            let types = parameters
                .split(',')
                .map(squeeze)
                .filter(|parameter| parameter != "void")
                .map(|parameter| rust_type(&parameter))
                .collect();
            Some((name, (types, result)))
        })
        .collect()
}

fn rust_signatures(sources: &str) -> Signatures {
    sources
        .split("#[no_mangle]")
        .skip(1)
        .map(|item| {
            let (_, rest) = item.split_once("extern \"C\" fn ").expect("an exported fn");
            let (name, rest) = rest.split_once('(').expect("parameters");
            let (parameters, rest) = rest.split_once(')').expect("parameters end");
            let types = parameters
                .split(',')
                .filter_map(|parameter| parameter.split_once(':'))
                .map(|(_, kind)| squeeze(kind))
                .collect();
            let result = rest.split_once('{').expect("a body").0;
            let result = result.trim().strip_prefix("->").unwrap_or("()");
            (name.to_string(), (types, squeeze(result)))
        })
        .collect()
}

#[test]
fn functions_agree() {
    let c = c_signatures(&header());
    let rust = rust_signatures(&abi_sources());
    assert!(rust.len() > 30);
    assert_eq!(c, rust);
}

/// `NEQO_…` → value.
type Constants = BTreeMap<String, i64>;

fn c_constants(header: &str) -> Constants {
    header
        .lines()
        .filter_map(|line| {
            let (name, value) = line.trim().strip_suffix(',')?.split_once(" = ")?;
            Some((name.to_string(), value.parse().ok()?))
        })
        .collect()
}

fn rust_constants(source: &str) -> Constants {
    source
        .lines()
        .filter_map(|line| {
            let (name, rest) = line.strip_prefix("pub const ")?.split_once(':')?;
            let value = rest.split_once(" = ")?.1.strip_suffix(';')?;
            Some((name.to_string(), value.parse().ok()?))
        })
        .collect()
}

#[test]
fn constants_agree() {
    let rust = rust_constants(include_str!("../src/constants.rs"));
    assert!(rust.len() > 60);
    assert_eq!(c_constants(&header()), rust);
}

/// A structure: its name, its size, and its fields with their offsets.
struct Layout {
    name: &'static str,
    size: usize,
    fields: Vec<(&'static str, usize)>,
}

macro_rules! layout {
    ($name:ident { $($field:ident),* $(,)? }) => {
        Layout {
            name: stringify!($name),
            size: size_of::<$name>(),
            fields: vec![$((stringify!($field), offset_of!($name, $field))),*],
        }
    };
}

fn layouts() -> Vec<Layout> {
    vec![
        layout!(NeqoBytes { data, length }),
        layout!(NeqoParams {
            fd,
            local_port,
            remote_port,
            server_name,
            alpn,
            alpn_count,
            local_address,
            remote_address,
            qlog_dir,
            settings,
            settings_count,
            max_table_size,
            max_data,
            max_stream_data,
            max_streams_bidi,
            max_streams_uni,
            idle_timeout_ms,
            datagram_size,
            outgoing_datagram_queue,
            incoming_datagram_queue,
            receive_buffer_size,
            send_buffer_size,
            congestion_control,
            max_blocked_streams,
            ack_ratio,
            fast_pto,
            pacing,
            pmtud,
            grease,
            sni_slicing,
            mlkem,
            version_negotiation,
            webtransport,
            reset_stream_at,
        }),
        layout!(NeqoInitError {
            errno_value,
            message,
        }),
        layout!(NeqoTlsInfo {
            version,
            cipher,
            group,
            signature_scheme,
            resumed,
            early_data,
            ech_accepted,
            has_alpn,
            alpn_length,
            alpn,
        }),
        layout!(NeqoStats {
            packets_received,
            packets_duplicate,
            packets_dropped,
            packets_sent,
            packets_lost,
            packets_late_acked,
            pto_acked,
            pto_counts,
            saved_datagrams,
            pmtud_sent,
            pmtud_acked,
            pmtud_lost,
            pmtu,
            resumed,
            rtt_ms,
            rtt_var_ms,
            ecn_ce_sent,
            ecn_ce_received,
            frames_received,
            frames_sent,
            datagrams_dropped_incoming,
            datagrams_lost,
            datagrams_dropped_too_big,
            datagrams_dropped_queue_full,
            bytes_received,
            bytes_sent,
            datagrams_received,
            datagrams_sent,
            receive_calls,
            send_calls,
            would_block_receive,
            would_block_send,
            qpack_encoder_dynamic_references,
            qpack_decoder_dynamic_references,
            bytes_acked,
            bytes_lost,
            datagram_frames_queued,
            datagram_frames_acked,
            min_rtt_ms,
            cwnd,
            bytes_in_flight,
            send_rate,
            congestion_limited,
        }),
        layout!(NeqoSendStreamStats {
            bytes_written,
            bytes_sent,
            bytes_acked,
        }),
        layout!(NeqoRecvStreamStats {
            bytes_received,
            bytes_read,
        }),
        layout!(NeqoServerParams {
            fd,
            local_port,
            connection_id_length,
            local_address,
            connection_id_prefix,
            stateless_reset_key,
            qlog_dir,
            settings,
            settings_count,
            max_connections,
            max_queued_connections,
            queue_timeout_ms,
            max_pending_handshakes,
            handshake_timeout_ms,
            retry_policy,
            retry_on_above,
            retry_off_below,
            zero_rtt_window_ms,
            congestion_control,
            max_table_size,
            max_field_section_size,
            max_data,
            max_stream_data,
            max_streams_bidi,
            max_streams_uni,
            idle_timeout_ms,
            datagram_size,
            outgoing_datagram_queue,
            incoming_datagram_queue,
            receive_buffer_size,
            send_buffer_size,
            max_blocked_streams,
            ack_ratio,
            fast_pto,
            ask_server_name,
            session_tickets,
            pacing,
            pmtud,
            grease,
            mlkem,
            version_negotiation,
            webtransport,
            reset_stream_at,
        }),
        layout!(NeqoCredentialError { code, message }),
        layout!(NeqoConnectionInfo {
            remote_address,
            local_address,
            connection_id,
            server_name,
            alpn,
            quic_version,
            remote_port,
            local_port,
            cipher,
            group,
            signature_scheme,
            resumed,
            early_data,
            retried,
        }),
        layout!(NeqoServerStats {
            connections,
            pending_handshakes,
            queued_connections,
            accepted,
            refused,
            handshakes_failed,
            retries_sent,
            retry_active,
            version_negotiations_sent,
            stateless_resets_sent,
            datagrams_discarded,
            datagrams_forwarded,
            bytes_received,
            bytes_sent,
            datagrams_received,
            datagrams_sent,
            receive_calls,
            send_calls,
            would_block_receive,
            would_block_send,
        }),
    ]
}

/// Names of the fields of a structure in the header, in order.
fn c_fields(header: &str, name: &str) -> Vec<String> {
    let body = header
        .split_once(&format!("typedef struct {name} {{"))
        .unwrap_or_else(|| panic!("the header has {name}"))
        .1;
    body.split_once('}')
        .expect("a structure ends")
        .0
        .split(';')
        .filter_map(|field| {
            let declarator = field.split_whitespace().last()?;
            let name = declarator.trim_start_matches('*');
            Some(name.split('[').next().unwrap_or(name).to_string())
        })
        .collect()
}

#[test]
fn structures_agree() {
    let text = header();
    let mut program =
        String::from("#include <stdio.h>\n#include \"neqo_server_ffi.h\"\nint main(void) {\n");
    let mut expected = String::new();
    for layout in layouts() {
        let name = layout.name;
        let fields: Vec<_> = layout.fields.iter().map(|(field, _)| *field).collect();
        assert_eq!(c_fields(&text, name), fields, "fields of {name}");
        program += &format!("printf(\"{name} %zu\\n\", sizeof({name}));\n");
        expected += &format!("{name} {}\n", layout.size);
        for (field, offset) in layout.fields {
            program += &format!("printf(\"{name}.{field} %zu\\n\", offsetof({name}, {field}));\n");
            expected += &format!("{name}.{field} {offset}\n");
        }
    }
    program += "return 0;\n}\n";

    let directory = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (source, binary) = (directory.join("layout.c"), directory.join("layout"));
    fs::write(&source, program).expect("the program is writable");
    let include = crate_root().join("include");
    let compiled = Command::new("cc")
        .args([
            "-std=c11",
            "-Wall",
            "-Wextra",
            "-Wpedantic",
            "-Werror",
            "-I",
        ])
        .args([
            include.as_path(),
            source.as_path(),
            Path::new("-o"),
            binary.as_path(),
        ])
        .status()
        .expect("a C compiler, which the addon needs as well");
    assert!(compiled.success());
    let output = Command::new(binary).output().expect("the program runs");
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
}
