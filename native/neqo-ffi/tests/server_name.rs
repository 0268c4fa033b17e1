//! Connections whose credential the application has to find.

mod engine;

use std::{
    thread,
    time::{Duration, Instant},
};

use engine::{credential, Client, Kind, World, CONNECTION_REFUSED};
use neqo_ffi::constants::NEQO_CLOSE_HANDSHAKE_TIMEOUT;
use neqo_transport::Output;

fn asking() -> World {
    World::new(|params| params.ask_server_name = true)
}

/// Waits for the question; returns its connection.
fn question(world: &mut World) -> u32 {
    world.until(|world| world.server.of_kind(Kind::ServerName).count() == 1);
    let event = world.server.of_kind(Kind::ServerName).next().expect("one");
    assert_eq!(event.text(), "p256.test");
    event.connection
}

fn provide(world: &mut World, connection: u32) {
    let engine = &mut world.server.server.engine;
    engine
        .provide_credential(connection, Some(credential()), Instant::now())
        .expect("it waits");
}

#[test]
fn a_slow_answer_does() {
    let mut world = asking();
    let client = world.open();
    let connection = question(&mut world);
    // The client asks again and again in the meantime.
    let received = |world: &World| world.server.server.udp_stats().datagrams_received;
    let before = received(&world);
    world.until(|world| received(world) > before + 1);
    assert_eq!(world.server.of_kind(Kind::Connection).count(), 0);
    provide(&mut world, connection);
    world.until(|world| world.clients[client].is_connected());
    assert_eq!(world.get(client, "/size/1000").length, 1000);
    assert_eq!(world.server.of_kind(Kind::Connection).count(), 1);
    assert_eq!(world.server.of_kind(Kind::ServerName).count(), 1);
}

#[test]
fn the_name_may_come_in_two_datagrams() {
    let mut world = asking();
    let mut client = Client::new(world.server.address, |params| {
        params.transport.mlkem = true;
        // The name is in the second one.
        params.sni_slicing = false;
    });
    let mut datagrams = Vec::new();
    while let Output::Datagram(datagram) = client.conn.next_output() {
        datagrams.push(datagram);
    }
    assert_eq!(datagrams.len(), 2);
    client.socket.send(&datagrams[0]).unwrap();
    world.until(|world| world.server.stats().pending_handshakes == 1.0);
    for _ in 0..20 {
        world.step();
        thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(world.server.server.udp_stats().datagrams_sent, 0);
    client.socket.send(&datagrams[1]).unwrap();
    world.clients.push(client);
    let connection = question(&mut world);
    provide(&mut world, connection);
    world.until(|world| world.clients[0].is_connected());
    assert_eq!(world.get(0, "/size/1000").length, 1000);
}

#[test]
fn the_application_may_have_none() {
    let mut world = asking();
    let client = world.open();
    let connection = question(&mut world);
    let engine = &mut world.server.server.engine;
    engine.refuse(connection).unwrap();
    world.until(|world| world.clients[client].close.is_some());
    assert_eq!(world.clients[client].refusal(), Some(CONNECTION_REFUSED));
    let stats = world.server.stats();
    assert_eq!((stats.connections, stats.pending_handshakes), (0.0, 0.0));
    assert_eq!(stats.refused, 1.0);
}

#[test]
fn a_question_without_an_answer_is_given_up() {
    let mut world = World::new(|params| {
        params.ask_server_name = true;
        params.handshake_timeout = Duration::from_millis(100);
    });
    let client = world.open();
    let connection = question(&mut world);
    // The application is told by the connection's last event, and the client by one packet.
    world.until(|world| world.clients[client].close.is_some());
    assert_eq!(world.clients[client].refusal(), Some(CONNECTION_REFUSED));
    let ends: Vec<_> = (world.server.seen.iter())
        .filter(|event| event.is_end())
        .map(|event| (event.connection, event.flags >> 8))
        .collect();
    assert_eq!(ends, [(connection, NEQO_CLOSE_HANDSHAKE_TIMEOUT)]);
    assert_eq!(world.server.of_kind(Kind::Connection).count(), 0);
    let stats = world.server.stats();
    assert_eq!((stats.connections, stats.pending_handshakes), (0.0, 0.0));
    assert_eq!((stats.handshakes_failed, stats.refused), (1.0, 1.0));
    let engine = &mut world.server.server.engine;
    engine
        .provide_credential(connection, Some(credential()), Instant::now())
        .expect_err("nobody waits for it");
}

#[test]
fn a_handle_is_not_used_again_before_its_release() {
    let mut world = World::new(|params| {
        params.ask_server_name = true;
        params.handshake_timeout = Duration::from_millis(100);
    });
    world.open();
    let connection = question(&mut world);
    world.clients[0].is_silent = true;
    let engine = &mut world.server.server.engine;
    thread::sleep(Duration::from_millis(100));
    engine.run_timers(Instant::now());
    engine
        .provide_credential(connection, Some(credential()), Instant::now())
        .expect_err("it was given up");
    // A second client comes before the application has heard of it.
    let mut second = Client::new(world.server.address, |_| {});
    second.step();
    world.clients.push(second);
    world.server.server.process_input(256);
    world.until(|world| world.server.of_kind(Kind::ServerName).count() == 2);
    let handles: Vec<_> = (world.server.of_kind(Kind::ServerName))
        .map(|event| event.connection)
        .collect();
    assert_ne!(handles[0], handles[1]);
}
