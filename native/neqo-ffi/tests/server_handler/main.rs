//! What the patches of neqo give a server: its handler for one connection.

mod committed;
mod last_flight;
mod requests;
#[path = "../server_peers/mod.rs"]
mod server_peers;
mod tagged;
