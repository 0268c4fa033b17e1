//! What comes from the network to a server's engine: floods, junk, other versions, other addresses.

mod engine;

use std::{
    net::{SocketAddr, UdpSocket},
    time::Duration,
};

use engine::{raw_socket, receive, Client, Kind, World};
use neqo_ffi::server::retry::Policy;
use neqo_transport::Output;

/// Marsaglia's xorshift64: the same numbers in each run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.next() as u8).collect()
    }
}

/// The first datagram of a new client.
fn initial(server: SocketAddr) -> Vec<u8> {
    match Client::new(server, |_| {}).conn.next_output() {
        Output::Datagram(datagram) => datagram.to_vec(),
        other => panic!("{other:?}"),
    }
}

/// Octets that came to a socket.
fn drain(socket: &UdpSocket) -> usize {
    std::iter::from_fn(|| receive(socket))
        .map(|(datagram, _)| datagram.len())
        .sum()
}

fn works(world: &mut World) {
    let client = world.connect();
    assert_eq!(world.get(client, "/size/1000").length, 1000);
}

#[test]
fn another_version_is_negotiated() {
    let mut world = World::new(|_| {});
    let socket = raw_socket();
    let mut datagram = initial(world.server.address);
    let (destination, source) = (datagram[6..6 + usize::from(datagram[5])].to_vec(), {
        let at = 6 + usize::from(datagram[5]);
        datagram[at + 1..=at + usize::from(datagram[at])].to_vec()
    });
    datagram[1..5].copy_from_slice(&0x1a2a_3a4a_u32.to_be_bytes());
    socket.send_to(&datagram, world.server.address).unwrap();
    world.until(|world| world.server.stats().version_negotiations_sent == 1.0);
    let (answer, _) = receive(&socket).unwrap();
    assert_eq!(answer[1..5], [0; 4]);
    assert_eq!(answer[6..6 + source.len()], source);
    assert_eq!(answer[7 + source.len()..][..destination.len()], destination);
    // RFC 9000 6.1, 14.1: not for what is too short to be from a client.
    socket
        .send_to(&datagram[..1199], world.server.address)
        .unwrap();
    world.until(|world| world.server.stats().datagrams_discarded == 1.0);
    assert_eq!(drain(&socket), 0);
}

#[test]
fn junk_of_all_lengths_does_no_harm() {
    let mut world = World::new(|_| {});
    let socket = raw_socket();
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for length in 0..1500 {
        for form in 0..4 {
            let mut datagram = random.bytes(length);
            match (form, datagram.first_mut()) {
                (0, Some(first)) => *first = (*first & 0x3f) | 0x40,
                (1, Some(first)) => *first |= 0xc0,
                (2, Some(first)) if length > 20 => {
                    // An Initial of version 1 with ids of any length.
                    *first = 0xc0 | (*first & 0x0f);
                    datagram[1..5].copy_from_slice(&1_u32.to_be_bytes());
                    datagram[5] %= 24;
                }
                _ => {}
            }
            socket.send_to(&datagram, world.server.address).unwrap();
            world.server.step();
            assert!(drain(&socket) <= length, "form {form} of {length}");
        }
    }
    assert_eq!(world.server.stats().connections, 0.0);
    assert_eq!(world.server.stats().pending_handshakes, 0.0);
    works(&mut world);
}

#[test]
fn initials_with_errors_do_no_harm() {
    let mut world = World::new(|_| {});
    let socket = raw_socket();
    let good = initial(world.server.address);
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let (mut sent, mut answered) = (0, 0);
    for _ in 0..1000 {
        let mut datagram = good.clone();
        for _ in 0..=random.below(4) {
            // Mostly in the header, where nothing protects them at first.
            let bound = if random.below(4) == 0 { good.len() } else { 40 };
            datagram[random.below(bound)] = random.next() as u8;
        }
        if random.below(8) == 0 {
            datagram.truncate(random.below(good.len()));
        }
        socket.send_to(&datagram, world.server.address).unwrap();
        world.server.step();
        // RFC 9000 8.1: three times for a handshake that begins. Of one that began before, something may be sent again now.
        sent += datagram.len();
        answered += drain(&socket);
        assert!(answered <= 3 * sent);
    }
    works(&mut world);
}

#[test]
fn silent_clients_switch_retry_on_and_off() {
    let mut world = World::new(|params| {
        params.handshake_timeout = Duration::from_millis(300);
        params.retry = Policy::Load {
            on_above: 10,
            off_below: 5,
        };
    });
    let socket = raw_socket();
    for _ in 0..30 {
        let datagram = initial(world.server.address);
        socket.send_to(&datagram, world.server.address).unwrap();
    }
    world.until(|world| world.server.stats().retry_active == 1.0);
    assert_eq!(world.server.stats().pending_handshakes, 10.0);
    world.until(|world| world.server.stats().retries_sent == 20.0);
    works(&mut world);
    assert_eq!(world.server.stats().retries_sent, 21.0);
    world.until(|world| world.server.stats().retry_active == 0.0);
    works(&mut world);
    assert_eq!(world.server.stats().retries_sent, 21.0);
}

#[test]
fn forged_initials_switch_retry_on() {
    let mut world = World::new(|params| {
        params.retry = Policy::Load {
            on_above: 10,
            off_below: 5,
        };
    });
    let socket = raw_socket();
    for _ in 0..20 {
        let mut datagram = initial(world.server.address);
        datagram[100] ^= 1;
        socket.send_to(&datagram, world.server.address).unwrap();
        world.server.step();
    }
    assert_eq!(world.server.stats().pending_handshakes, 0.0);
    assert_eq!(world.server.stats().retry_active, 1.0);
    works(&mut world);
    assert!(world.server.stats().retries_sent > 0.0);
}

#[test]
fn a_client_may_move() {
    let mut world = World::new(|_| {});
    let client = world.open_relayed();
    world.until(|world| world.clients[client].is_connected());
    let stream = world.clients[client].request("GET", "/size/4000000", &[], true);
    world.until(|world| world.clients[client].responses[&stream].length > 1_000_000);
    world.relays[0].rebind();
    world.until(|world| world.clients[client].is_done(stream));
    let response = &world.clients[client].responses[&stream];
    assert!(response.is_pattern && response.length == 4_000_000);
    let path = world.server.of_kind(Kind::Path).last().expect("it moved");
    let outer = world.relays[0].outer();
    let server = world.server.address;
    assert_eq!(
        path.text(),
        format!(
            "{} {} {} {}",
            outer.ip(),
            outer.port(),
            server.ip(),
            server.port()
        )
    );
}
