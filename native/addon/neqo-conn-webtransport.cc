// What WebTransport needs of a client's connection.
#include "arguments.h"
#include "exporter-arguments.h"
#include "neqo-conn.h"
#include "neqo-stats.h"

namespace necko {

Napi::Value NeqoHttp3Conn::OpenStream(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoConn* conn = Conn(env);
  const uint64_t session = ToStreamId(env, info[0], "sessionId");
  return ToResult(env, neqo_open_stream(conn, session, ToBoolean(env, info[1], "bidirectional")));
}

Napi::Value NeqoHttp3Conn::SendWhole(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoConn* conn = Conn(env);
  const uint64_t stream = ToStreamId(env, info[0]);
  const ByteSpan data = ToBytes(env, info[1], "data");
  return ToResult(env, neqo_send_whole(conn, stream, data.data, data.length));
}

Napi::Value NeqoHttp3Conn::ResetStreamKeeping(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoConn* conn = Conn(env);
  const uint64_t stream = ToStreamId(env, info[0]);
  const uint64_t error = ToErrorCode(env, info[1]);
  return ToResult(env, neqo_reset_stream_keeping(conn, stream, error, ToByteCount(env, info[2], "committed")));
}

Napi::Value NeqoHttp3Conn::SetSendOrder(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoConn* conn = Conn(env);
  const uint64_t stream = ToStreamId(env, info[0]);
  const uint64_t group = ToSendGroup(env, info[1]);
  return ToResult(env, neqo_set_send_order(conn, stream, group, ToSafeInteger(env, info[2], "order")));
}

Napi::Value NeqoHttp3Conn::SendDatagram(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoConn* conn = Conn(env);
  const uint64_t session = ToStreamId(env, info[0], "sessionId");
  const ByteSpan data = ToBytes(env, info[1], "data");
  return ToResult(env, neqo_send_datagram(conn, session, data.data, data.length));
}

Napi::Value NeqoHttp3Conn::MaxDatagramSize(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoConn* conn = Conn(env);
  return ToResult(env, neqo_max_datagram_size(conn, ToStreamId(env, info[0], "sessionId")));
}

Napi::Value NeqoHttp3Conn::ExportKeyingMaterial(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoConn* conn = Conn(env);
  const ExporterArguments key(env, info[0], info[1], info[2]);
  return key.Result(env, neqo_export_keying_material(conn, key.label(), key.context(), key.length()));
}

Napi::Value NeqoHttp3Conn::SendStreamStats(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoConn* conn = Conn(env);
  NeqoSendStreamStats stats{};
  if (neqo_send_stream_stats(conn, ToStreamId(env, info[0]), &stats) != NEQO_OK) return env.Undefined();
  return ToStatsObject(env, stats);
}

Napi::Value NeqoHttp3Conn::RecvStreamStats(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoConn* conn = Conn(env);
  NeqoRecvStreamStats stats{};
  if (neqo_recv_stream_stats(conn, ToStreamId(env, info[0]), &stats) != NEQO_OK) return env.Undefined();
  return ToStatsObject(env, stats);
}

}  // namespace necko
