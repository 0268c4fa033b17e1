//! An HTTP/3 server without JavaScript, as the limit of what the engine reaches. GET /N is answered with N octets.
//!
//! `serve PORT KEY LEAF [ISSUER…]`: PKCS#8 key and certificates in DER. It runs until its standard input ends.

#[path = "../common/syscall.rs"]
mod syscall;

mod application;

use std::{
    env,
    error::Error,
    fs,
    net::UdpSocket,
    os::fd::{AsFd, AsRawFd},
    time::Duration,
};

use neqo_ffi::{
    server::{credential::Credential, retry::Policy, Server, ServerParams},
    udp::Wakeup,
    Transport,
};
use neqo_transport::CongestionControlAlgorithm;

use application::Application;
use syscall::check;

const USAGE: &str = "usage: serve PORT KEY LEAF [ISSUER…]";
/// Datagrams that one turn reads and sends at most, as in the library.
const MAX_DATAGRAMS_IN: usize = 256;
const MAX_DATAGRAMS_OUT: usize = 1024;
/// Socket buffers in bytes.
const SOCKET_BUFFER: usize = 4 << 20;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [port, key, chain @ ..] = arguments.as_slice() else {
        return Err(USAGE.into());
    };
    let chain: Vec<Vec<u8>> = chain.iter().map(fs::read).collect::<Result<_, _>>()?;
    let credential = Credential::new(&chain, &fs::read(key)?).map_err(|e| e.message)?;
    let socket = UdpSocket::bind(("127.0.0.1", port.parse()?))?;
    println!("{}", socket.local_addr()?);
    let mut server = Server::new(socket.as_fd(), parameters(&socket)?)?;
    server.set_credential("", Some(credential));
    let mut application = Application::default();
    let mut readable = true;
    let mut timeout = 0;
    loop {
        if readable {
            server.process_input(MAX_DATAGRAMS_IN);
            application.turn(&mut server)?;
        }
        let sent = server.process_output(MAX_DATAGRAMS_OUT);
        application.turn(&mut server)?;
        if sent.more {
            timeout = 0;
        } else if let Wakeup::After(ms) = sent.wakeup {
            timeout = i32::try_from(ms)?;
        } else if !sent.blocked {
            timeout = -1;
        }
        let mut polled = [
            poll_of(socket.as_raw_fd(), sent.blocked),
            poll_of(libc::STDIN_FILENO, false),
        ];
        // SAFETY: the array is valid for its length.
        check(unsafe { libc::poll(polled.as_mut_ptr(), 2, timeout) })?;
        readable = polled[0].revents & libc::POLLIN != 0;
        if polled[1].revents != 0 {
            return Ok(());
        }
    }
}

const fn poll_of(fd: i32, writable: bool) -> libc::pollfd {
    libc::pollfd {
        fd,
        events: if writable {
            libc::POLLIN | libc::POLLOUT
        } else {
            libc::POLLIN
        },
        revents: 0,
    }
}

/// The library's defaults, and no limit on connections.
fn parameters(socket: &UdpSocket) -> Result<ServerParams, Box<dyn Error>> {
    Ok(ServerParams {
        local: socket.local_addr()?,
        connection_id_prefix: vec![0, 1],
        connection_id_length: 10,
        max_connections: 1 << 20,
        max_queued_connections: 0,
        queue_timeout: Duration::ZERO,
        max_pending_handshakes: 1 << 20,
        handshake_timeout: Duration::from_secs(10),
        retry: Policy::Never,
        stateless_reset_key: vec![0; 32],
        ask_server_name: false,
        zero_rtt_window: Duration::ZERO,
        session_tickets: true,
        max_field_section_size: 1 << 16,
        transport: Transport {
            max_table_size: 4096,
            max_blocked_streams: 16,
            max_data: 16 << 20,
            max_stream_data: 256 << 10,
            max_streams_bidi: 100,
            max_streams_uni: 16,
            idle_timeout: Duration::from_secs(600),
            congestion_control: CongestionControlAlgorithm::Cubic,
            pacing: true,
            pmtud: false,
            grease: true,
            mlkem: true,
            version_negotiation: false,
            webtransport: false,
            settings: Vec::new(),
            reset_stream_at: false,
            datagram_size: 0,
            outgoing_datagram_queue: 10,
            incoming_datagram_queue: 10,
            ack_ratio: 40,
            fast_pto: 100,
        },
        qlog_dir: None,
        receive_buffer_size: SOCKET_BUFFER,
        send_buffer_size: SOCKET_BUFFER,
    })
}
