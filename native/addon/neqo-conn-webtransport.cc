// WebTransport sessions, streams and datagrams.
#include "arguments.h"
#include "neqo-conn.h"

namespace necko {
namespace {

/** Authority and path come before the headers. */
constexpr size_t kRequestLineStrings = 2;

}  // namespace

Napi::Value NeqoHttp3Conn::WebTransportCreateSession(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoConn* conn = Conn(env);
  strings_.Clear();
  strings_.Add(env, info[0], "authority");
  strings_.Add(env, info[1], "path");
  strings_.AddHeaders(env, info[2]);
  const std::vector<NeqoBytes>& views = strings_.Views();
  return ToResult(env, neqo_webtransport_create_session(conn, views[0], views[1], views.data() + kRequestLineStrings,
                                                        (views.size() - kRequestLineStrings) / 2));
}

Napi::Value NeqoHttp3Conn::WebTransportCloseSession(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoConn* conn = Conn(env);
  const uint64_t session = ToStreamId(env, info[0], "sessionId");
  // Application errors of WebTransport are 32 bits wide.
  const uint32_t error = ToUint32(env, info[1], "error");
  const std::string message = ToUtf8(env, info[2], "message");
  return ToResult(env, neqo_webtransport_close_session(
                           conn, session, error, {reinterpret_cast<const uint8_t*>(message.data()), message.size()}));
}

Napi::Value NeqoHttp3Conn::WebTransportCreateStream(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoConn* conn = Conn(env);
  return ToResult(env, neqo_webtransport_create_stream(conn, ToStreamId(env, info[0], "sessionId"),
                                                       ToBoolean(env, info[1], "bidirectional")));
}

Napi::Value NeqoHttp3Conn::WebTransportSendDatagram(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoConn* conn = Conn(env);
  const uint64_t session = ToStreamId(env, info[0], "sessionId");
  const uint64_t tracking = ToUnsigned(env, info[2], "trackingId", kVarintLimit);
  const ByteSpan data = ToBytes(env, info[1], "data");
  return ToResult(env, neqo_webtransport_send_datagram(conn, session, data.data, data.length, tracking));
}

Napi::Value NeqoHttp3Conn::WebTransportMaxDatagramSize(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoConn* conn = Conn(env);
  return ToResult(env, neqo_webtransport_max_datagram_size(conn, ToStreamId(env, info[0], "sessionId")));
}

Napi::Value NeqoHttp3Conn::WebTransportSetSendOrder(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoConn* conn = Conn(env);
  const uint64_t stream = ToStreamId(env, info[0]);
  const bool ordered = !info[1].IsUndefined();
  const int64_t order = ordered ? ToSafeInteger(env, info[1], "sendOrder") : 0;
  return ToResult(env, neqo_webtransport_set_send_order(conn, stream, ordered, order));
}

Napi::Value NeqoHttp3Conn::WebTransportSetFairness(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoConn* conn = Conn(env);
  return ToResult(env,
                  neqo_webtransport_set_fairness(conn, ToStreamId(env, info[0]), ToBoolean(env, info[1], "fairness")));
}

Napi::Value NeqoHttp3Conn::WebTransportSendStreamStats(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoConn* conn = Conn(env);
  NeqoSendStreamStats stats{};
  if (neqo_webtransport_send_stream_stats(conn, ToStreamId(env, info[0]), &stats) != NEQO_OK) return env.Undefined();
  const Napi::Object result = Napi::Object::New(env);
  result.Set("bytesWritten", stats.bytes_written);
  result.Set("bytesSent", stats.bytes_sent);
  result.Set("bytesAcked", stats.bytes_acked);
  return result;
}

Napi::Value NeqoHttp3Conn::WebTransportRecvStreamStats(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoConn* conn = Conn(env);
  NeqoRecvStreamStats stats{};
  if (neqo_webtransport_recv_stream_stats(conn, ToStreamId(env, info[0]), &stats) != NEQO_OK) return env.Undefined();
  const Napi::Object result = Napi::Object::New(env);
  result.Set("bytesReceived", stats.bytes_received);
  result.Set("bytesRead", stats.bytes_read);
  return result;
}

}  // namespace necko
