//! A client's path: other sockets, and whether anybody answers.

mod engine;

use engine::{Kind, World};
use neqo_ffi::constants::NEQO_INVALID_STATE;

/// Indices of `NeqoStats::frames_sent` and `frames_received`.
const RETIRE_CONNECTION_ID: usize = 14;
const PATH_CHALLENGE: usize = 15;
const PATH_RESPONSE: usize = 16;
/// Octets of a body that outlasts what a test does meanwhile.
const LARGE: usize = 8 << 20;

#[test]
fn a_download_goes_on_from_another_socket() {
    let mut world = World::new(|_| {});
    let client = world.connect();
    let path = format!("/size/{LARGE}");
    let stream = world.clients[client].request("GET", &path, &[], true);
    for part in 1..=3 {
        world.until(|world| world.clients[client].responses[&stream].length > part * LARGE / 4);
        let server = world.server.address;
        world.clients[client].rebind(server).expect("another path");
    }
    world.until(|world| world.clients[client].is_done(stream));
    let response = &world.clients[client].responses[&stream];
    assert!(response.is_pattern && response.length == LARGE);
    assert_eq!(world.server.of_kind(Kind::Path).count(), 3);
    // It counts on.
    let stats = world.clients[client].conn.stats();
    assert!(stats.bytes_received > LARGE as f64);
    assert!(stats.frames_received[PATH_RESPONSE] >= 3.0);
}

#[test]
fn connection_ids_are_replaced_so_that_a_client_may_move_often() {
    let mut world = World::new(|_| {});
    let client = world.connect();
    for round in 1..=20 {
        let server = world.server.address;
        world.clients[client].rebind(server).expect("another path");
        assert_eq!(world.get(client, "/size/1000").length, 1000, "{round}");
        // The server keeps an id of ours for each former path until it has given that up, a few probe timeouts later.
        if round % 4 == 0 {
            let retired = |world: &World| {
                world.clients[client].conn.stats().frames_received[RETIRE_CONNECTION_ID]
            };
            world.until(|world| retired(world) >= f64::from(round));
        }
    }
}

#[test]
fn without_another_connection_id_a_client_stays_where_it_is() {
    let mut world = World::new(|_| {});
    let client = world.connect();
    assert_eq!(world.get(client, "/size/1000").length, 1000);
    let server = world.server.address;
    let refused = (0..20)
        .find_map(|_| world.clients[client].rebind(server).err())
        .expect("the ids come to an end");
    assert_eq!(refused.code(), NEQO_INVALID_STATE);
    assert_eq!(world.get(client, "/size/1000").length, 1000);
}

#[test]
fn before_the_handshake_is_confirmed_a_client_stays_where_it_is() {
    let mut world = World::new(|_| {});
    let client = world.open();
    let server = world.server.address;
    let refused = world.clients[client].rebind(server).expect_err("too early");
    assert_eq!(refused.code(), NEQO_INVALID_STATE);
    world.until(|world| world.clients[client].is_connected());
}

/// A client whose datagrams go through a relay that nobody steps: they arrive nowhere, as long as [`World::step`] is not called.
fn silent_world() -> (World, usize) {
    let mut world = World::new(|_| {});
    let client = world.open_relayed();
    world.until(|world| world.clients[client].is_connected());
    assert_eq!(world.get(client, "/size/1000").length, 1000);
    (world, client)
}

/// As [`World::until`], for a client that is cut off.
fn alone_until(world: &mut World, client: usize, done: impl Fn(&World) -> bool) {
    while !done(world) {
        world.clients[client].step();
    }
}

#[test]
fn a_client_that_moves_to_where_nobody_answers_does_not_end() {
    let (mut world, client) = silent_world();
    let challenges = |world: &World| world.clients[client].conn.stats().frames_sent[PATH_CHALLENGE];
    let (relay, before) = (world.relays[0].address(), challenges(&world));
    world.clients[client].rebind(relay).expect("another path");
    let stream = world.clients[client].request("GET", "/size/1000", &[], true);
    // Three probes with ECN, three without (MAX_PATH_PROBES of neqo).
    alone_until(&mut world, client, |world| {
        challenges(world) >= before + 6.0
    });
    // The next would come after one more probe timeout.
    let sent = world.clients[client].conn.stats().packets_sent;
    alone_until(&mut world, client, |world| {
        world.clients[client].conn.stats().packets_sent >= sent + 2.0
    });
    assert!(world.clients[client].is_connected());
    world.until(|world| world.clients[client].is_done(stream));
    assert_eq!(world.clients[client].responses[&stream].length, 1000);
}

#[test]
fn every_ping_is_answered_and_lost_ones_are_repeated() {
    let (mut world, client) = silent_world();
    for round in 1..=3 {
        world.clients[client].conn.ping();
        world.until(|world| world.clients[client].pings == round);
    }
    world.clients[client].conn.ping();
    let sent = world.clients[client].conn.stats().packets_sent;
    alone_until(&mut world, client, |world| {
        world.clients[client].conn.stats().packets_sent >= sent + 3.0
    });
    assert_eq!(world.clients[client].pings, 3);
    // What was sent until now is lost with the relay's socket.
    world.relays[0].drop_waiting();
    world.until(|world| world.clients[client].pings >= 4);
}

#[test]
fn a_ping_before_the_handshake_is_confirmed_waits_for_that() {
    let mut world = World::new(|_| {});
    let client = world.open();
    world.clients[client].conn.ping();
    world.until(|world| world.clients[client].pings == 1);
    assert!(world.clients[client].is_connected());
}
