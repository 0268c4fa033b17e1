// What WebTransport needs of a server's connections.
#include "arguments.h"
#include "exporter-arguments.h"
#include "neqo-server.h"
#include "neqo-stats.h"
#include "quic-values.h"

namespace necko {

Napi::Value NeqoHttp3Server::OpenStream(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoServer* server = Server(env);
  const uint32_t connection = ToConnection(env, info[0]);
  const uint64_t session = ToStreamId(env, info[1], "sessionId");
  return ToResult(env, neqo_server_open_stream(server, connection, session, ToBoolean(env, info[2], "bidirectional")));
}

Napi::Value NeqoHttp3Server::SendWhole(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoServer* server = Server(env);
  const uint32_t connection = ToConnection(env, info[0]);
  const uint64_t stream = ToStreamId(env, info[1]);
  const ByteSpan data = ToBytes(env, info[2], "data");
  return ToResult(env, neqo_server_send_whole(server, connection, stream, {data.data, data.length}));
}

Napi::Value NeqoHttp3Server::ResetStreamKeeping(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoServer* server = Server(env);
  const uint32_t connection = ToConnection(env, info[0]);
  const uint64_t stream = ToStreamId(env, info[1]);
  const uint64_t error = ToErrorCode(env, info[2]);
  const uint64_t committed = ToByteCount(env, info[3], "committed");
  return ToResult(env, neqo_server_reset_stream_keeping(server, connection, stream, error, committed));
}

Napi::Value NeqoHttp3Server::SetSendOrder(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoServer* server = Server(env);
  const uint32_t connection = ToConnection(env, info[0]);
  const uint64_t stream = ToStreamId(env, info[1]);
  const uint64_t group = ToSendGroup(env, info[2]);
  const int64_t order = ToSafeInteger(env, info[3], "order");
  return ToResult(env, neqo_server_set_send_order(server, connection, stream, group, order));
}

Napi::Value NeqoHttp3Server::KeepAlive(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoServer* server = Server(env);
  return ToResult(env, neqo_server_keep_alive(server, ToConnection(env, info[0]), ToStreamId(env, info[1]),
                                              ToBoolean(env, info[2], "keep")));
}

Napi::Value NeqoHttp3Server::SendDatagram(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoServer* server = Server(env);
  const uint32_t connection = ToConnection(env, info[0]);
  const uint64_t session = ToStreamId(env, info[1], "sessionId");
  const ByteSpan data = ToBytes(env, info[2], "data");
  return ToResult(env, neqo_server_send_datagram(server, connection, session, {data.data, data.length}));
}

Napi::Value NeqoHttp3Server::MaxDatagramSize(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoServer* server = Server(env);
  return ToResult(
      env, neqo_server_max_datagram_size(server, ToConnection(env, info[0]), ToStreamId(env, info[1], "sessionId")));
}

Napi::Value NeqoHttp3Server::ExportKeyingMaterial(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoServer* server = Server(env);
  const uint32_t connection = ToConnection(env, info[0]);
  const ExporterArguments key(env, info[1], info[2], info[3]);
  return key.Result(env,
                    neqo_server_export_keying_material(server, connection, key.label(), key.context(), key.length()));
}

Napi::Value NeqoHttp3Server::SendStreamStats(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoServer* server = Server(env);
  const uint32_t connection = ToConnection(env, info[0]);
  NeqoSendStreamStats stats{};
  if (neqo_server_send_stream_stats(server, connection, ToStreamId(env, info[1]), &stats) != NEQO_OK) {
    return env.Undefined();
  }
  return ToStatsObject(env, stats);
}

Napi::Value NeqoHttp3Server::RecvStreamStats(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoServer* server = Server(env);
  const uint32_t connection = ToConnection(env, info[0]);
  NeqoRecvStreamStats stats{};
  if (neqo_server_recv_stream_stats(server, connection, ToStreamId(env, info[1]), &stats) != NEQO_OK) {
    return env.Undefined();
  }
  return ToStatsObject(env, stats);
}

}  // namespace necko
