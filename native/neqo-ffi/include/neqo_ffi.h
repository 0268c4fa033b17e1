/*
 * C interface of neqo-ffi: one QUIC and HTTP/3 client connection (neqo's Http3Client) with batched UDP I/O.
 *
 * Rules that hold for every function:
 * - A NeqoConn is bound to the thread that made it: neqo holds reference-counted cells and NSS binds SSL objects to it.
 * - Nothing unwinds out of Rust. A panic makes the call return NEQO_PANIC; the connection is then unusable (every later
 *   call returns NEQO_PANIC) and neqo_last_error() has the message. Only neqo_conn_free() remains to be called.
 * - Pointers that are passed in are borrowed for the duration of the call. A pointer may be NULL if its length is 0.
 * - Functions returning int64_t give a non-negative result or a negative NEQO_… result.
 * - `status` is an array of NEQO_STATUS_LENGTH doubles of the caller; a call writes only the fields named with it.
 * - Header names and values are bytes as on the wire (Latin-1 seen from JavaScript). Other text is UTF-8.
 *
 * Kept by hand; tests/header.rs checks that functions, constants and struct layouts agree with the Rust side.
 */
#ifndef NEQO_FFI_H
#define NEQO_FFI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Negative results. */
enum {
  NEQO_OK = 0,
  /* The peer's stream limit is reached (RFC 9000 4.6): queue until REQUESTS_CREATABLE. */
  NEQO_STREAM_LIMIT = -1,
  /* No new streams any more: GOAWAY received, closing, closed. */
  NEQO_UNAVAILABLE = -2,
  /* No such stream, or that half of it is finished. */
  NEQO_INVALID_STREAM = -3,
  NEQO_INVALID_INPUT = -4,
  /* Not possible in the present state of the connection or session. */
  NEQO_INVALID_STATE = -5,
  /* A datagram is larger than the path or the peer allows. */
  NEQO_TOO_MUCH_DATA = -6,
  /* The stream cannot be parsed; neqo is resetting it or closing the connection, and an event says so. */
  NEQO_PROTOCOL_ERROR = -7,
  /* A TLS or crypto call failed. */
  NEQO_CRYPTO = -8,
  /* Anything else; neqo_last_error() names it. */
  NEQO_INTERNAL = -9,
  /* The queue for datagrams is full: wait for DATAGRAMS_WRITABLE. */
  NEQO_BLOCKED = -10,
  /* Rust panicked. */
  NEQO_PANIC = -99,
};

/* Indices into the status array. */
enum {
  NEQO_STATUS_BYTES_IN = 0,
  NEQO_STATUS_DATAGRAMS_IN = 1,
  NEQO_STATUS_INPUT_MORE = 2,
  NEQO_STATUS_ERRNO = 3,
  NEQO_STATUS_BYTES_OUT = 4,
  NEQO_STATUS_DATAGRAMS_OUT = 5,
  NEQO_STATUS_OUTPUT_BLOCKED = 6,
  NEQO_STATUS_OUTPUT_MORE = 7,
  NEQO_STATUS_TIMEOUT_MS = 8,
  NEQO_STATUS_EVENTS_MORE = 9,
  NEQO_STATUS_FIN = 10,
  NEQO_STATUS_LENGTH = 16,
};

/*
 * Kinds of event records. Every record is little-endian, begins at a multiple of 8 and has a head of NEQO_EVENT_HEAD bytes:
 *   u32 kind @0; u32 length @4 (whole record with head and padding, a multiple of 8); f64 streamId @8; f64 a @16;
 *   u32 flags @24; u32 count @28; payload @32.
 * Payloads: a header block (count = number of headers: count pairs of u32 nameLength, u32 valueLength, then the bytes of
 * name, value, name, value …) or bytes (count = their number). Fields that are not named are 0.
 */
enum {
  NEQO_EVENT_HEAD = 32,

  /* streamId; flags: 1 interim (1xx), 2 fin; header block */
  NEQO_EVENT_HEADER_READY = 1,
  /* streamId */
  NEQO_EVENT_DATA_WRITABLE = 2,
  /* streamId */
  NEQO_EVENT_DATA_READABLE = 3,
  /* streamId; a: error; flags: 1 if this side found the error */
  NEQO_EVENT_RESET = 4,
  /* streamId; a: error */
  NEQO_EVENT_STOP_SENDING = 5,
  /* streamId: push id; a: request stream id; header block */
  NEQO_EVENT_PUSH_PROMISE = 6,
  /* streamId: push id; flags as HEADER_READY; header block */
  NEQO_EVENT_PUSH_HEADER_READY = 7,
  /* streamId: push id */
  NEQO_EVENT_PUSH_DATA_READABLE = 8,
  /* streamId: push id */
  NEQO_EVENT_PUSH_CANCELED = 9,
  /* streamId: push id; a: error */
  NEQO_EVENT_PUSH_RESET = 10,
  NEQO_EVENT_REQUESTS_CREATABLE = 11,
  NEQO_EVENT_AUTHENTICATION_NEEDED = 12,
  /* bytes: public name (UTF-8) */
  NEQO_EVENT_ECH_FALLBACK_AUTHENTICATION_NEEDED = 13,
  /* a: end of life in milliseconds since the epoch; bytes: token */
  NEQO_EVENT_RESUMPTION_TOKEN = 14,
  NEQO_EVENT_ZERO_RTT_REJECTED = 15,
  /* streamId: the GOAWAY's id; requests with this id and above were not processed (neqo sends no STATE_CHANGE for it) */
  NEQO_EVENT_GOAWAY_RECEIVED = 16,
  /*
   * streamId: GOAWAY id in GOING_AWAY; a: close code; flags: NEQO_STATE_… | NEQO_CLOSE_… << 8; bytes: neqo's name of the
   * close reason (UTF-8), or the ECH configurations for NEQO_CLOSE_ECH_RETRY
   */
  NEQO_EVENT_STATE_CHANGE = 17,
  /* with webtransport only, as all that follow but TRAILERS and PING_ACKNOWLEDGED; bytes: 'id value id value …' in decimal */
  NEQO_EVENT_SETTINGS = 18,
  /* streamId; a: session id, of which neqo knows nothing more */
  NEQO_EVENT_WEBTRANSPORT_STREAM = 19,
  /* streamId: session id; bytes: the datagram's payload */
  NEQO_EVENT_DATAGRAM = 20,
  /* there is room for datagrams after NEQO_BLOCKED */
  NEQO_EVENT_DATAGRAMS_WRITABLE = 21,
  /* flags: 1: unidirectional streams; bidirectional ones: REQUESTS_CREATABLE */
  NEQO_EVENT_STREAMS_CREATABLE = 22,
  /* streamId; header block */
  NEQO_EVENT_TRAILERS = 23,
  /* a: milliseconds from sending what neqo_ping() asked for to its acknowledgement */
  NEQO_EVENT_PING_ACKNOWLEDGED = 24,
  /* streamId; the peer has acknowledged all of a stream of a session that this side has ended */
  NEQO_EVENT_STREAM_FINISHED = 25,
};

/* Http3State. */
enum {
  NEQO_STATE_INITIALIZING = 0,
  NEQO_STATE_ZERO_RTT = 1,
  NEQO_STATE_CONNECTED = 2,
  NEQO_STATE_GOING_AWAY = 3,
  NEQO_STATE_CLOSING = 4,
  NEQO_STATE_CLOSED = 5,
};

/* Why a connection is closing or closed; the code in `a` is what the kind says. */
enum {
  NEQO_CLOSE_NONE = 0,
  /* RFC 9000 20.1 value, found on this side */
  NEQO_CLOSE_TRANSPORT = 1,
  /* HTTP/3 error, closed by this side */
  NEQO_CLOSE_APPLICATION = 2,
  /* transport error of the peer's CONNECTION_CLOSE 0x1c */
  NEQO_CLOSE_PEER_TRANSPORT = 3,
  /* HTTP/3 error of the peer's CONNECTION_CLOSE 0x1d */
  NEQO_CLOSE_PEER_APPLICATION = 4,
  NEQO_CLOSE_IDLE_TIMEOUT = 5,
  NEQO_CLOSE_STATELESS_RESET = 6,
  /* TLS alert */
  NEQO_CLOSE_CRYPTO_ALERT = 7,
  /* absolute value of NSS's PRErrorCode */
  NEQO_CLOSE_CRYPTO = 8,
  NEQO_CLOSE_ECH_RETRY = 9,
  NEQO_CLOSE_VERSION_NEGOTIATION = 10,
  NEQO_CLOSE_INTERNAL = 11,
  /* of a server: not complete within handshake_timeout_ms */
  NEQO_CLOSE_HANDSHAKE_TIMEOUT = 12,
};

/* Congestion control. */
enum {
  NEQO_CC_NEWRENO = 0,
  NEQO_CC_CUBIC = 1,
};

/* Lengths of the arrays in NeqoStats. */
enum {
  NEQO_PTO_COUNTS = 16,
  NEQO_FRAME_TYPES = 22,
};

/* One connection. */
typedef struct NeqoConn NeqoConn;

/* Byte strings owned by Rust; free with neqo_byte_list_free(). */
typedef struct NeqoByteList NeqoByteList;

/* Borrowed bytes. */
typedef struct NeqoBytes {
  const uint8_t *data;
  size_t length;
} NeqoBytes;

/* NeqoHttp3ConnParams of src/native.ts, field by field. */
typedef struct NeqoParams {
  /* Bound and connected UDP socket; must stay open until neqo_conn_free(). It is set non-blocking here. */
  int32_t fd;
  uint16_t local_port;
  uint16_t remote_port;
  /* DNS name or IP literal, ASCII */
  NeqoBytes server_name;
  const NeqoBytes *alpn;
  size_t alpn_count;
  /* IP literals, IPv6 without brackets and without scope */
  NeqoBytes local_address;
  NeqoBytes remote_address;
  /* UTF-8 path, or empty for no qlog; the file is client-<connection id>.qlog */
  NeqoBytes qlog_dir;
  /* identifier, value, identifier, value …: with webtransport, what SETTINGS has besides HTTP/3's own and QPACK's */
  const uint64_t *settings;
  size_t settings_count;
  uint64_t max_table_size;
  uint64_t max_data;
  uint64_t max_stream_data;
  uint64_t max_streams_bidi;
  uint64_t max_streams_uni;
  uint64_t idle_timeout_ms;
  uint64_t datagram_size;
  uint64_t outgoing_datagram_queue;
  uint64_t incoming_datagram_queue;
  /* bytes; 0 keeps the system's */
  uint64_t receive_buffer_size;
  uint64_t send_buffer_size;
  uint32_t congestion_control;
  uint16_t max_blocked_streams;
  uint8_t ack_ratio;
  uint8_t fast_pto;
  bool pacing;
  bool pmtud;
  bool grease;
  bool sni_slicing;
  bool mlkem;
  bool version_negotiation;
  bool webtransport;
  bool reset_stream_at;
} NeqoParams;

/* Why neqo_conn_new() failed. */
typedef struct NeqoInitError {
  /* errno of a socket or file operation, or 0 if neqo or NSS refused */
  int32_t errno_value;
  /* UTF-8, NUL-terminated, shortened if necessary */
  char message[508];
} NeqoInitError;

/* NativeTlsInfo; numbers are IANA code points. */
typedef struct NeqoTlsInfo {
  uint16_t version;
  uint16_t cipher;
  uint16_t group;
  uint16_t signature_scheme;
  bool resumed;
  bool early_data;
  bool ech_accepted;
  bool has_alpn;
  uint8_t alpn_length;
  char alpn[255];
} NeqoTlsInfo;

/* NativeStats; counts as doubles because JavaScript gets them, times in milliseconds. */
typedef struct NeqoStats {
  double packets_received;
  double packets_duplicate;
  double packets_dropped;
  double packets_sent;
  double packets_lost;
  double packets_late_acked;
  double pto_acked;
  double pto_counts[NEQO_PTO_COUNTS];
  double saved_datagrams;
  double pmtud_sent;
  double pmtud_acked;
  double pmtud_lost;
  double pmtu;
  /* 0 or 1 */
  double resumed;
  double rtt_ms;
  double rtt_var_ms;
  double ecn_ce_sent;
  double ecn_ce_received;
  /* Index i is the frame type of neqo_frame_name(i). */
  double frames_received[NEQO_FRAME_TYPES];
  double frames_sent[NEQO_FRAME_TYPES];
  double datagrams_dropped_incoming;
  double datagrams_lost;
  double datagrams_dropped_too_big;
  double datagrams_dropped_queue_full;
  double bytes_received;
  double bytes_sent;
  double datagrams_received;
  double datagrams_sent;
  double receive_calls;
  double send_calls;
  double would_block_receive;
  double would_block_send;
  double qpack_encoder_dynamic_references;
  double qpack_decoder_dynamic_references;
  /* packets, in bytes */
  double bytes_acked;
  double bytes_lost;
  /* QUIC datagrams that were given to the outgoing queue; those that the peer has acknowledged */
  double datagram_frames_queued;
  double datagram_frames_acked;
  /* of the path; NaN: not known yet. Sizes in bytes, the rate in bytes per second; the last is 0 or 1 */
  double min_rtt_ms;
  double cwnd;
  double bytes_in_flight;
  double send_rate;
  double congestion_limited;
} NeqoStats;

typedef struct NeqoSendStreamStats {
  double bytes_written;
  double bytes_sent;
  double bytes_acked;
} NeqoSendStreamStats;

typedef struct NeqoRecvStreamStats {
  double bytes_received;
  double bytes_read;
} NeqoRecvStreamStats;

/* ---- Process-wide ---- */

/* Initialises NSS without a database. Idempotent, safe from several threads. NEQO_OK or NEQO_CRYPTO. */
int64_t neqo_init(void);
/* NUL-terminated, static. */
const char *neqo_version(void);
const char *neqo_nss_version(void);
/* qlog's name of the frame type at an index of NeqoStats.frames_*; NULL from NEQO_FRAME_TYPES on. Static. */
const char *neqo_frame_name(uint32_t index);

/* ---- Byte lists ---- */

size_t neqo_byte_list_count(const NeqoByteList *list);
/* Borrowed from the list; {NULL, 0} if there is no such item. */
NeqoBytes neqo_byte_list_item(const NeqoByteList *list, size_t index);
/* NULL is ignored. */
void neqo_byte_list_free(NeqoByteList *list);

/* ---- Connection ---- */

/* Calls neqo_init() itself. NULL on failure, and then *error is filled. */
NeqoConn *neqo_conn_new(const NeqoParams *params, NeqoInitError *error);
/* Drops the connection without CONNECTION_CLOSE. NULL is ignored. Does not close the fd. */
void neqo_conn_free(NeqoConn *conn);

/*
 * Reads datagrams until the socket is empty or max_datagrams have been read (a batch is always taken whole, so it may be
 * exceeded by one batch). Sets BYTES_IN, DATAGRAMS_IN, INPUT_MORE, ERRNO. NEQO_OK or NEQO_PANIC.
 */
int64_t neqo_process_input(NeqoConn *conn, uint32_t max_datagrams, double *status);
/*
 * Sends datagrams until neqo has no more, the socket would block or max_datagrams have been sent. Sets BYTES_OUT,
 * DATAGRAMS_OUT, OUTPUT_BLOCKED, OUTPUT_MORE, TIMEOUT_MS, ERRNO. NEQO_OK or NEQO_PANIC. TIMEOUT_MS is only meaningful
 * if OUTPUT_BLOCKED and OUTPUT_MORE are 0. It may make events (a timer that closes the connection, for one): look at them
 * before waiting.
 */
int64_t neqo_process_output(NeqoConn *conn, uint32_t max_datagrams, double *status);
/*
 * Writes waiting events and returns the bytes written. Sets EVENTS_MORE. *needed becomes 0, or, if the next event is larger
 * than the whole buffer, the capacity it needs: it stays queued, and nothing behind it is delivered until the buffer is
 * that large. The buffer must be aligned to 8.
 */
int64_t neqo_next_events(NeqoConn *conn, uint8_t *buffer, size_t capacity, size_t *needed, double *status);

/* headers: name, value, name, value …; header_count is the number of pairs. Returns the stream id. */
int64_t neqo_fetch(NeqoConn *conn, NeqoBytes method, NeqoBytes scheme, NeqoBytes authority, NeqoBytes path,
                   const NeqoBytes *headers, size_t header_count, uint8_t urgency, bool incremental);
/* Returns the bytes accepted; 0: flow control, wait for DATA_WRITABLE. */
int64_t neqo_send_request_body(NeqoConn *conn, uint64_t stream_id, const uint8_t *data, size_t length);
/*
 * Returns the bytes read; 0 without FIN: wait for DATA_READABLE, or for RESET if the bytes could not be parsed. Sets FIN. A
 * DATA_READABLE that was queued before the end was read may still come: the read then gives NEQO_INVALID_STREAM.
 */
int64_t neqo_read_response_data(NeqoConn *conn, uint64_t stream_id, uint8_t *into, size_t length, double *status);
int64_t neqo_close_stream(NeqoConn *conn, uint64_t stream_id);
int64_t neqo_cancel_fetch(NeqoConn *conn, uint64_t stream_id, uint64_t error);
int64_t neqo_reset_stream(NeqoConn *conn, uint64_t stream_id, uint64_t error);
int64_t neqo_stream_stop_sending(NeqoConn *conn, uint64_t stream_id, uint64_t error);
int64_t neqo_priority_update(NeqoConn *conn, uint64_t stream_id, uint8_t urgency, bool incremental);
int64_t neqo_set_stream_max_data(NeqoConn *conn, uint64_t stream_id, uint64_t max_data);
int64_t neqo_close(NeqoConn *conn, uint64_t error, NeqoBytes reason);

/* pr_error_code: 0, or an NSS or mozilla::pkix error. NEQO_INVALID_STATE if no authentication is pending. */
int64_t neqo_authenticated(NeqoConn *conn, int32_t pr_error_code);
/* DER, leaf first; NULL before it arrived and on resumption. */
NeqoByteList *neqo_peer_certificate_chain(NeqoConn *conn);
/* NEQO_INVALID_STATE until TLS has negotiated. */
int64_t neqo_tls_info(NeqoConn *conn, NeqoTlsInfo *info);
int64_t neqo_set_resumption_token(NeqoConn *conn, const uint8_t *token, size_t length);
/* One item, or NULL if there is no token; *expires_ms is in milliseconds since the epoch. */
NeqoByteList *neqo_take_resumption_token(NeqoConn *conn, double *expires_ms);
int64_t neqo_set_ech_config(NeqoConn *conn, const uint8_t *config, size_t length);
/* NEQO_STATE_… */
int64_t neqo_state(NeqoConn *conn);
int64_t neqo_stats(NeqoConn *conn, NeqoStats *stats);
int64_t neqo_initiate_key_update(NeqoConn *conn);
/*
 * Moves the connection to another socket, bound to that local address and connected to the same peer, which has to stay open until
 * the next neqo_rebind() or neqo_conn_free(); the socket used before is not touched any more. Read what has arrived there first.
 * NEQO_INVALID_STATE if QUIC does not allow it (now): handshake not confirmed, the peer's disable_active_migration, no
 * connection id left. The connection then stays where it is.
 */
int64_t neqo_rebind(NeqoConn *conn, int32_t fd, NeqoBytes local_address, uint16_t local_port);
/* Asks for a round trip, which PING_ACKNOWLEDGED tells the end of; not sent before the handshake is confirmed. */
int64_t neqo_ping(NeqoConn *conn);
/* Original destination connection id in hex, ASCII. Writes at most capacity bytes, no NUL; returns the full length. */
int64_t neqo_connection_id(NeqoConn *conn, char *buffer, size_t capacity);
/* UTF-8, empty if there was no error. Writes at most capacity bytes, no NUL; returns the full length. Works after a panic. */
int64_t neqo_last_error(NeqoConn *conn, char *buffer, size_t capacity);

/* ---- WebTransport: sessions are kept by the caller ---- */

/*
 * Opens a stream that begins with the header of a WebTransport stream of that session; returns the stream id. Otherwise it is used
 * as a request's: neqo_send_request_body(), neqo_read_response_data() …
 */
int64_t neqo_open_stream(NeqoConn *conn, uint64_t session_id, bool bidirectional);
/* All of it, or nothing if flow control does not allow that now: returns `length` or 0. */
int64_t neqo_send_whole(NeqoConn *conn, uint64_t stream_id, const uint8_t *data, size_t length);
/*
 * As neqo_reset_stream(), which spares the stream's header; the first `committed` bytes after it are delivered too. Both need that
 * reset_stream_at was offered by both sides.
 */
int64_t neqo_reset_stream_keeping(NeqoConn *conn, uint64_t stream_id, uint64_t error, uint64_t committed);
/* Groups share bandwidth evenly; inside of one, a higher order goes first. Group 0: those of no group. */
int64_t neqo_set_send_order(NeqoConn *conn, uint64_t stream_id, uint64_t group, int64_t order);
/* NEQO_BLOCKED: nothing was taken, wait for DATAGRAMS_WRITABLE. */
int64_t neqo_send_datagram(NeqoConn *conn, uint64_t session_id, const uint8_t *data, size_t length);
/* Bytes of payload; 0 if the peer accepts no datagrams. */
int64_t neqo_max_datagram_size(NeqoConn *conn, uint64_t session_id);
/* RFC 8446 7.5; one item, or NULL if there is no such key (yet). label: ASCII */
NeqoByteList *neqo_export_keying_material(NeqoConn *conn, NeqoBytes label, NeqoBytes context, size_t length);
/* Without the stream's header. */
int64_t neqo_send_stream_stats(NeqoConn *conn, uint64_t stream_id, NeqoSendStreamStats *stats);
int64_t neqo_recv_stream_stats(NeqoConn *conn, uint64_t stream_id, NeqoRecvStreamStats *stats);

#ifdef __cplusplus
}
#endif

#endif
