//! What the patches of neqo-transport and neqo-crypto give to WebTransport, on two connections in memory.

mod datagrams_and_streams;
mod facts;
mod last_flight;
mod peers;
mod reset_stream_at;
mod send_groups;
