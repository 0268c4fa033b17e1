/*
 * C interface of neqo-ffi's server: all HTTP/3 connections of one UDP socket.
 *
 * The rules of neqo_ffi.h hold here too: one thread, nothing unwinds, pointers are borrowed for the call, results are
 * non-negative or a negative NEQO_… code. After a panic the server is unusable and neqo_server_last_error() has the message.
 *
 * A connection is named by a handle. A handle that is not in use gives NEQO_INVALID_INPUT, or the false, 0 or NULL that the
 * function is documented to give.
 *
 * Kept by hand; tests/header.rs checks that functions, constants and struct layouts agree with the Rust side.
 */
#ifndef NEQO_SERVER_FFI_H
#define NEQO_SERVER_FFI_H

#include "neqo_ffi.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Kinds of event records: ServerEventKind of src/native-server.ts says what each means. A record has the layout of
 * neqo_ffi.h with a head of NEQO_SERVER_EVENT_HEAD bytes: u32 connection handle @32, u32 0 @36, payload @40.
 */
enum {
  NEQO_SERVER_EVENT_HEAD = 40,

  NEQO_SERVER_EVENT_CONNECTION = 1,
  NEQO_SERVER_EVENT_STATE_CHANGE = 2,
  NEQO_SERVER_EVENT_REQUEST = 3,
  NEQO_SERVER_EVENT_DATA_READABLE = 4,
  NEQO_SERVER_EVENT_DATA_WRITABLE = 5,
  NEQO_SERVER_EVENT_RESET = 6,
  NEQO_SERVER_EVENT_STOP_SENDING = 7,
  NEQO_SERVER_EVENT_TRAILERS = 8,
  NEQO_SERVER_EVENT_PRIORITY_UPDATE = 9,
  NEQO_SERVER_EVENT_SERVER_NAME = 10,
  NEQO_SERVER_EVENT_PATH = 11,
  NEQO_SERVER_EVENT_HEADERS_TOO_LARGE = 12,
  NEQO_SERVER_EVENT_SETTINGS = 13,
  NEQO_SERVER_EVENT_WEBTRANSPORT_STREAM = 14,
  NEQO_SERVER_EVENT_DATAGRAM = 15,
  NEQO_SERVER_EVENT_DATAGRAMS_WRITABLE = 16,
  NEQO_SERVER_EVENT_STREAMS_CREATABLE = 17,
  NEQO_SERVER_EVENT_STREAM_FINISHED = 18,
};

/* Address validation by Retry. */
enum {
  NEQO_RETRY_NEVER = 0,
  NEQO_RETRY_ALWAYS = 1,
  NEQO_RETRY_LOAD = 2,
};

/* The engine of one UDP socket. */
typedef struct NeqoServer NeqoServer;

/* A private key with its certificate chain. */
typedef struct NeqoCredential NeqoCredential;

/* NeqoHttp3ServerParams of src/native-server.ts, field by field. */
typedef struct NeqoServerParams {
  int32_t fd;
  uint16_t local_port;
  uint16_t connection_id_length;
  NeqoBytes local_address;
  NeqoBytes connection_id_prefix;
  /* 32 bytes */
  NeqoBytes stateless_reset_key;
  /* UTF-8 path, or empty for no qlog; files are server-<connection id>.qlog */
  NeqoBytes qlog_dir;
  /* as in NeqoParams */
  const uint64_t *settings;
  size_t settings_count;
  /* Those that are closing do not count, but there are never more than twice as many in all. */
  uint32_t max_connections;
  uint32_t max_queued_connections;
  uint32_t queue_timeout_ms;
  uint32_t max_pending_handshakes;
  uint32_t handshake_timeout_ms;
  uint32_t retry_policy;
  uint32_t retry_on_above;
  uint32_t retry_off_below;
  uint32_t zero_rtt_window_ms;
  uint32_t congestion_control;
  uint64_t max_table_size;
  uint64_t max_field_section_size;
  uint64_t max_data;
  uint64_t max_stream_data;
  uint64_t max_streams_bidi;
  uint64_t max_streams_uni;
  uint64_t idle_timeout_ms;
  uint64_t datagram_size;
  uint64_t outgoing_datagram_queue;
  uint64_t incoming_datagram_queue;
  uint64_t receive_buffer_size;
  uint64_t send_buffer_size;
  uint16_t max_blocked_streams;
  uint8_t ack_ratio;
  uint8_t fast_pto;
  bool ask_server_name;
  bool session_tickets;
  bool pacing;
  bool pmtud;
  bool grease;
  bool mlkem;
  bool version_negotiation;
  bool webtransport;
  bool reset_stream_at;
} NeqoServerParams;

/* Why a credential could not be made. */
typedef struct NeqoCredentialError {
  /* ERR_TLS_CERT_INVALID, ERR_TLS_KEY_INVALID, ERR_TLS_KEY_UNSUPPORTED or ERR_TLS_KEY_MISMATCH */
  char code[32];
  char message[480];
} NeqoCredentialError;

/* NativeConnectionInfo of src/native-server.ts. Texts are NUL-terminated, and empty if not known. */
typedef struct NeqoConnectionInfo {
  char remote_address[48];
  char local_address[48];
  /* hex */
  char connection_id[48];
  char server_name[256];
  char alpn[256];
  uint32_t quic_version;
  uint16_t remote_port;
  uint16_t local_port;
  uint16_t cipher;
  uint16_t group;
  uint16_t signature_scheme;
  bool resumed;
  bool early_data;
  bool retried;
} NeqoConnectionInfo;

/* NativeServerStats of src/native-server.ts. */
typedef struct NeqoServerStats {
  double connections;
  double pending_handshakes;
  double queued_connections;
  double accepted;
  double refused;
  double handshakes_failed;
  double retries_sent;
  double retry_active;
  double version_negotiations_sent;
  double stateless_resets_sent;
  double datagrams_discarded;
  double datagrams_forwarded;
  double bytes_received;
  double bytes_sent;
  double datagrams_received;
  double datagrams_sent;
  double receive_calls;
  double send_calls;
  double would_block_receive;
  double would_block_send;
} NeqoServerStats;

/* Makes a credential of DER certificates, leaf first, and a PKCS#8 key; NULL and *error if that fails. */
NeqoCredential *neqo_credential_new(const NeqoBytes *chain, size_t chain_length, NeqoBytes private_key,
                                    NeqoCredentialError *error);
/* Lets go of a credential. Servers and connections that use it keep it. NULL does nothing. */
void neqo_credential_free(NeqoCredential *credential);
/* "EC" or "RSA", static */
const char *neqo_credential_key_type(const NeqoCredential *credential);

/* Makes a server; NULL and *error if that fails. */
NeqoServer *neqo_server_new(const NeqoServerParams *params, NeqoInitError *error);
/* Drops all connections without CONNECTION_CLOSE. NULL does nothing. */
void neqo_server_free(NeqoServer *server);

/* Writes NEQO_STATUS_BYTES_IN, DATAGRAMS_IN, INPUT_MORE, ERRNO. */
int64_t neqo_server_process_input(NeqoServer *server, uint32_t max_datagrams, double *status);
/* As neqo_server_process_input(), from the forwarding socket. */
int64_t neqo_server_process_forwarded(NeqoServer *server, uint32_t max_datagrams, double *status);
/* Writes NEQO_STATUS_BYTES_OUT, DATAGRAMS_OUT, OUTPUT_BLOCKED, OUTPUT_MORE, TIMEOUT_MS, ERRNO. */
int64_t neqo_server_process_output(NeqoServer *server, uint32_t max_datagrams, double *status);
/* As neqo_next_events(). */
int64_t neqo_server_next_events(NeqoServer *server, uint8_t *buffer, size_t capacity, size_t *needed, double *status);

/* host: a name, a wildcard name, an IP literal or empty for the default; credential: NULL removes. */
int64_t neqo_server_set_credential(NeqoServer *server, NeqoBytes host, const NeqoCredential *credential);
/* Answers SERVER_NAME; credential: NULL for the default. */
int64_t neqo_server_provide_credential(NeqoServer *server, uint32_t connection, const NeqoCredential *credential);

/*
 * Sends a header section (Latin-1, each name and each value ended by a NUL) and the beginning of the body; returns the body
 * bytes taken. With fin, the stream ends if all of it was taken. NEQO_TOO_MUCH_DATA: the client does not accept a section of
 * this size (SETTINGS_MAX_FIELD_SECTION_SIZE, 1 MiB without it), and nothing was sent.
 */
int64_t neqo_server_respond(NeqoServer *server, uint32_t connection, uint64_t stream_id, NeqoBytes head, NeqoBytes body,
                            bool fin);
/* Returns the bytes taken. With fin, the stream ends if all of it was taken. */
int64_t neqo_server_send_data(NeqoServer *server, uint32_t connection, uint64_t stream_id, NeqoBytes data, bool fin);
/* A trailer section as neqo_server_respond()'s head, and FIN. */
int64_t neqo_server_send_trailers(NeqoServer *server, uint32_t connection, uint64_t stream_id, NeqoBytes trailers);
int64_t neqo_server_end_stream(NeqoServer *server, uint32_t connection, uint64_t stream_id);
/* Returns the bytes read. Writes NEQO_STATUS_FIN. */
int64_t neqo_server_read_data(NeqoServer *server, uint32_t connection, uint64_t stream_id, uint8_t *into, size_t length,
                              double *status);
int64_t neqo_server_reset_stream(NeqoServer *server, uint32_t connection, uint64_t stream_id, uint64_t error);
int64_t neqo_server_stop_sending(NeqoServer *server, uint32_t connection, uint64_t stream_id, uint64_t error);
int64_t neqo_server_cancel_stream(NeqoServer *server, uint32_t connection, uint64_t stream_id, uint64_t error);

/* As without `server` in neqo_ffi.h. */
int64_t neqo_server_open_stream(NeqoServer *server, uint32_t connection, uint64_t session_id, bool bidirectional);
int64_t neqo_server_send_whole(NeqoServer *server, uint32_t connection, uint64_t stream_id, NeqoBytes data);
int64_t neqo_server_reset_stream_keeping(NeqoServer *server, uint32_t connection, uint64_t stream_id, uint64_t error,
                                         uint64_t committed);
int64_t neqo_server_set_send_order(NeqoServer *server, uint32_t connection, uint64_t stream_id, uint64_t group,
                                   int64_t order);
int64_t neqo_server_send_datagram(NeqoServer *server, uint32_t connection, uint64_t session_id, NeqoBytes data);
int64_t neqo_server_max_datagram_size(NeqoServer *server, uint32_t connection, uint64_t session_id);
int64_t neqo_server_send_stream_stats(NeqoServer *server, uint32_t connection, uint64_t stream_id,
                                      NeqoSendStreamStats *stats);
int64_t neqo_server_recv_stream_stats(NeqoServer *server, uint32_t connection, uint64_t stream_id,
                                      NeqoRecvStreamStats *stats);
NeqoByteList *neqo_server_export_keying_material(NeqoServer *server, uint32_t connection, NeqoBytes label,
                                                 NeqoBytes context, size_t length);
/* With keep, PING is sent for as long as the stream's receiving side is open, so that the connection does not idle out. */
int64_t neqo_server_keep_alive(NeqoServer *server, uint32_t connection, uint64_t stream_id, bool keep);

/* Returns the id in the GOAWAY. */
int64_t neqo_server_goaway(NeqoServer *server, uint32_t connection, bool last);
int64_t neqo_server_close(NeqoServer *server, uint32_t connection, uint64_t error, NeqoBytes reason);
/* As neqo_server_close() without a reason, as soon as the client has acknowledged all responses. */
int64_t neqo_server_close_when_sent(NeqoServer *server, uint32_t connection, uint64_t error);
/* Also instead of an answer to SERVER_NAME: the handle is then free at once, and no event of it follows. */
int64_t neqo_server_refuse(NeqoServer *server, uint32_t connection);
int64_t neqo_server_release(NeqoServer *server, uint32_t connection);
int64_t neqo_server_connection_info(NeqoServer *server, uint32_t connection, NeqoConnectionInfo *info);
int64_t neqo_server_connection_stats(NeqoServer *server, uint32_t connection, NeqoStats *stats);

int64_t neqo_server_set_accepting(NeqoServer *server, bool accepting);
int64_t neqo_server_set_retry(NeqoServer *server, uint32_t policy, uint32_t on_above, uint32_t off_below);
int64_t neqo_server_set_max_connections(NeqoServer *server, uint32_t max_connections);
int64_t neqo_server_stats(NeqoServer *server, NeqoServerStats *stats);
/*
 * Each process that shares the port has a Unix datagram socket directory/ID.sock; ID is in hex the last id_length bytes of its
 * connection_id_prefix. fd: this process's, non-blocking; it stays open until the server is freed.
 */
int64_t neqo_server_set_forwarding(NeqoServer *server, int32_t fd, NeqoBytes directory, uint32_t id_length);

/* As neqo_last_error(). */
int64_t neqo_server_last_error(NeqoServer *server, char *buffer, size_t capacity);

#ifdef __cplusplus
}
#endif

#endif
