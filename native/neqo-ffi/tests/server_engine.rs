//! Requests, limits and ends of connections at a server's engine.

mod engine;

use std::time::Duration;

use engine::{
    Application, Kind, World, CONNECTION_REFUSED, H3_NO_ERROR, H3_REQUEST_REJECTED, PATTERN,
};
use neqo_ffi::{
    constants::{NEQO_CLOSE_HANDSHAKE_TIMEOUT, NEQO_CLOSE_NONE, NEQO_TOO_MUCH_DATA},
    server::retry::Policy,
};
use neqo_transport::{CloseReason, Error};

#[test]
fn answers_requests_with_bodies_and_trailers() {
    let mut world = World::new(|_| {});
    let client = world.connect();
    let response = world.get(client, "/size/100000");
    assert_eq!(
        (response.status.as_str(), response.length),
        ("200", 100_000)
    );
    assert!(response.is_pattern);

    let stream = world.clients[client].request("POST", "/echo", &PATTERN, true);
    world.until(|world| world.clients[client].is_done(stream));
    let response = &world.clients[client].responses[&stream];
    assert_eq!(response.body, PATTERN);
    let trailers: Vec<_> = response
        .trailers
        .iter()
        .map(|h| (h.name(), h.value()))
        .collect();
    assert_eq!(trailers, [("x-length", "251")]);

    world.clients[client].conn.close(H3_NO_ERROR, "").unwrap();
    world.until_empty();
    assert_eq!(world.server.stats().accepted, 1.0);
    assert_eq!(world.server.of_kind(Kind::Connection).count(), 1);
}

#[test]
fn serves_a_hundred_connections() {
    let mut world = World::new(|_| {});
    let clients: Vec<_> = (0..100).map(|_| world.open()).collect();
    world.until(|world| world.clients.iter().all(|client| client.is_connected()));
    let streams: Vec<_> = clients
        .iter()
        .map(|&client| world.clients[client].request("GET", "/size/1000", &[], true))
        .collect();
    world.until(|world| {
        let mut clients = world.clients.iter().zip(&streams);
        clients.all(|(client, &stream)| client.is_done(stream))
    });
    for (client, stream) in world.clients.iter().zip(&streams) {
        let response = &client.responses[stream];
        assert!(response.is_pattern && response.length == 1000);
    }
    assert_eq!(world.server.stats().connections, 100.0);
    for client in &mut world.clients {
        client.conn.close(H3_NO_ERROR, "").unwrap();
    }
    world.until_empty();
}

#[test]
fn events_that_do_not_fit_come_later_and_once() {
    let mut world = World::new(|_| {});
    // No event fits at first, then one does.
    world.server.event_buffer = 8;
    let clients: Vec<_> = (0..3).map(|_| world.connect()).collect();
    for client in clients {
        assert_eq!(world.get(client, "/size/10").length, 10);
    }
    assert_eq!(world.server.of_kind(Kind::Connection).count(), 3);
    assert_eq!(world.server.of_kind(Kind::Request).count(), 3);
}

#[test]
fn a_download_does_not_starve_others() {
    const LARGE: usize = 32 << 20;
    let mut world = World::new(|_| {});
    let (first, second) = (world.connect(), world.connect());
    let large = world.clients[first].request("GET", &format!("/size/{LARGE}"), &[], true);
    world.until(|world| world.clients[first].responses[&large].length > 1 << 20);
    for _ in 0..10 {
        assert_eq!(world.get(second, "/size/10").length, 10);
    }
    assert!(world.clients[first].responses[&large].length < LARGE);
    world.until(|world| world.clients[first].is_done(large));
    assert!(world.clients[first].responses[&large].is_pattern);
}

#[test]
fn goaway_ends_a_connection_in_order() {
    let mut world = World::new(|_| {});
    let client = world.connect();
    let early = world.clients[client].request("GET", "/wait", &[], true);
    world.until(|world| world.server.of_kind(Kind::Request).count() == 1);
    let connection = world.server.seen[0].connection;
    let engine = &mut world.server.server.engine;
    assert_eq!(
        engine.goaway(connection, false).unwrap().as_u64(),
        (1 << 62) - 4
    );
    // What the client asks for before it hears of that is served, until the last GOAWAY.
    let late = world.clients[client].request("GET", "/size/5", &[], true);
    world.until(|world| world.clients[client].is_done(late));
    world.until(|world| world.clients[client].goaways == 1);
    let engine = &mut world.server.server.engine;
    assert_eq!(engine.goaway(connection, true).unwrap().as_u64(), 8);
    world.until(|world| world.clients[client].goaways == 2);
    assert!(world.clients[client].responses[&early].reset.is_none());
    let engine = &mut world.server.server.engine;
    engine.close(connection, H3_NO_ERROR, "").unwrap();
    world.until_empty();
}

#[test]
fn requests_after_the_last_goaway_are_rejected() {
    let mut world = World::new(|_| {});
    let client = world.connect();
    world.get(client, "/size/1");
    let connection = world.server.seen[0].connection;
    world.server.server.engine.goaway(connection, true).unwrap();
    // The client has not heard of it yet.
    let stream = world.clients[client].request("GET", "/size/5", &[], true);
    world.clients[client].conn.process_output(256);
    world.until(|world| world.clients[client].is_done(stream));
    let response = &world.clients[client].responses[&stream];
    assert_eq!(response.reset, Some(H3_REQUEST_REJECTED));
}

#[test]
fn the_application_refuses() {
    let mut world = World::new(|_| {});
    world.server.application = Application::Refuses;
    let client = world.open();
    world.until(|world| world.clients[client].close.is_some());
    assert_eq!(world.clients[client].refusal(), Some(CONNECTION_REFUSED));
    assert_eq!(world.server.stats().refused, 1.0);
    assert_eq!(
        world.server.stats().connections,
        0.0,
        "its place is free at once"
    );
    world.until_empty();
}

#[test]
fn beyond_the_limit_connections_are_refused() {
    let mut world = World::new(|params| params.max_connections = 2);
    world.connect();
    let second = world.connect();
    let third = world.open();
    world.until(|world| world.clients[third].close.is_some());
    assert_eq!(world.clients[third].refusal(), Some(CONNECTION_REFUSED));
    assert_eq!(world.server.of_kind(Kind::Connection).count(), 2);
    world.clients[second].conn.close(H3_NO_ERROR, "").unwrap();
    world.until(|world| world.server.stats().connections == 1.0);
    let fourth = world.connect();
    assert_eq!(world.get(fourth, "/size/1").length, 1);
    world.server.server.set_accepting(false);
    let fifth = world.open();
    world.until(|world| world.clients[fifth].close.is_some());
    assert_eq!(world.clients[fifth].refusal(), Some(CONNECTION_REFUSED));
}

#[test]
fn those_that_wait_get_in_when_there_is_a_place() {
    let mut world = World::new(|params| {
        params.max_connections = 1;
        params.max_queued_connections = 1;
        params.queue_timeout = Duration::from_secs(60);
        // A token lives for less long than a client may wait: what it said is kept.
        params.retry = Policy::Always;
    });
    let first = world.connect();
    let second = world.open();
    world.until(|world| world.server.stats().queued_connections == 1.0);
    let third = world.open();
    world.until(|world| world.clients[third].close.is_some());
    assert_eq!(world.clients[third].refusal(), Some(CONNECTION_REFUSED));
    world.clients[first].conn.close(H3_NO_ERROR, "").unwrap();
    world.until(|world| world.clients[second].is_connected());
    assert_eq!(world.get(second, "/size/1").length, 1);
}

#[test]
fn those_that_wait_too_long_are_refused() {
    let mut world = World::new(|params| {
        params.max_connections = 1;
        params.max_queued_connections = 2;
        params.queue_timeout = Duration::from_millis(50);
    });
    world.connect();
    let second = world.open();
    world.until(|world| world.clients[second].close.is_some());
    assert_eq!(world.clients[second].refusal(), Some(CONNECTION_REFUSED));
    assert_eq!(world.server.stats().queued_connections, 0.0);
}

#[test]
fn those_that_wait_are_refused_when_the_server_ends() {
    let mut world = World::new(|params| {
        params.max_connections = 1;
        params.max_queued_connections = 2;
        params.queue_timeout = Duration::from_secs(60);
    });
    world.connect();
    let second = world.open();
    world.until(|world| world.server.stats().queued_connections == 1.0);
    world.server.server.set_accepting(false);
    world.until(|world| world.clients[second].close.is_some());
    assert_eq!(world.clients[second].refusal(), Some(CONNECTION_REFUSED));
}

#[test]
fn a_handshake_that_stops_is_given_up() {
    let mut world = World::new(|params| params.handshake_timeout = Duration::from_millis(100));
    let client = world.open();
    world.clients[client].step();
    world.clients[client].is_silent = true;
    world.until(|world| world.server.stats().pending_handshakes == 1.0);
    world.until(|world| world.server.stats().handshakes_failed == 1.0);
    assert_eq!(world.server.stats().connections, 0.0);
    world.until(|world| world.server.released == 1);
    assert_eq!(world.server.stats().accepted, 0.0);
    let kinds: Vec<_> = (world.server.of_kind(Kind::StateChange))
        .map(|event| event.flags >> 8)
        .collect();
    assert!(kinds.contains(&NEQO_CLOSE_HANDSHAKE_TIMEOUT));
    assert!(
        (kinds.iter()).all(|kind| [NEQO_CLOSE_NONE, NEQO_CLOSE_HANDSHAKE_TIMEOUT].contains(kind))
    );
}

#[test]
fn a_section_that_is_too_large_is_not_sent() {
    let mut world = World::new(|_| {});
    let client = world.connect();
    let stream = world.clients[client].request("GET", "/wait", &[], true);
    world.until(|world| world.server.of_kind(Kind::Request).count() == 1);
    let connection = (world.server.of_kind(Kind::Request).next().expect("one")).connection;
    let engine = &mut world.server.server.engine;
    // With 42 for `:status` and 33 for the name of the other and what is added to it, 1 MiB and an octet.
    let length = (1 << 20) + 1 - 42 - 33;
    let head = |length| [b":status\x00200\0x\0", &vec![b'x'; length][..], b"\0"].concat();
    let trailers = head((1 << 20) + 1);
    for (length, is_sent) in [(10 << 20, false), (length, false), (length - 1, true)] {
        let code = match engine.respond(connection, stream, &head(length), &[], false) {
            Ok(_) => 0,
            Err(error) => error.code(),
        };
        assert_eq!(code, if is_sent { 0 } else { NEQO_TOO_MUCH_DATA });
    }
    let error = (engine.send_trailers(connection, stream, &trailers)).unwrap_err();
    assert_eq!(error.code(), NEQO_TOO_MUCH_DATA);
    engine.end_stream(connection, stream).unwrap();
    world.until(|world| world.clients[client].responses[&stream].status == "200");
    assert_eq!(world.get(client, "/size/10").length, 10);
}

#[test]
fn retry_validates_addresses() {
    let mut world = World::new(|params| params.retry = Policy::Always);
    let client = world.connect();
    assert_eq!(world.get(client, "/size/10").length, 10);
    assert_eq!(world.server.stats().retries_sent, 1.0);
    let connection = world.server.seen[0].connection;
    let info = world
        .server
        .server
        .engine
        .connection_info(connection)
        .unwrap();
    assert!(info.retried);
}

#[test]
fn a_client_of_a_lost_connection_is_told() {
    let mut world = World::new(|_| {});
    let client = world.connect();
    world.get(client, "/size/1");
    let mut after = World::new(|_| {});
    // The same key, as after a restart, and another socket in the client's place in front of it.
    let lost = std::mem::replace(&mut world.server, after.server);
    after.server = lost;
    let old = after.server.socket;
    let new = world.server.socket;
    let client_socket = world.clients[client].socket;
    world.clients[client].request("GET", "/size/1", &[], true);
    world.clients[client].conn.process_output(16);
    let mut buffer = [0; 2000];
    let (length, _) = old.recv_from(&mut buffer).unwrap();
    // Sent on from a third socket: its answer comes back there.
    let relay = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    relay
        .send_to(&buffer[..length], new.local_addr().unwrap())
        .unwrap();
    world.until(|world| world.server.stats().stateless_resets_sent == 1.0);
    let (reset, _) = relay.recv_from(&mut buffer).unwrap();
    assert!(reset < length);
    old.send_to(&buffer[..reset], client_socket.local_addr().unwrap())
        .unwrap();
    world.until(|world| world.clients[client].close.is_some());
    assert_eq!(
        world.clients[client].close,
        Some(CloseReason::Transport(Error::StatelessReset))
    );
}
