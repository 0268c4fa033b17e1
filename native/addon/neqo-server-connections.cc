// Single connections.
#include "arguments.h"
#include "neqo-server.h"
#include "neqo-stats.h"
#include "quic-values.h"
#include "server-credential.h"

namespace necko {

Napi::Value NeqoHttp3Server::ProvideCredential(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoServer* server = Server(env);
  const uint32_t connection = ToConnection(env, info[0]);
  const NeqoCredential* credential = ServerCredential::FromArgument(env, info[1]);
  return ToResult(env, neqo_server_provide_credential(server, connection, credential));
}

Napi::Value NeqoHttp3Server::Goaway(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoServer* server = Server(env);
  return ToResult(env, neqo_server_goaway(server, ToConnection(env, info[0]), ToBoolean(env, info[1], "final")));
}

Napi::Value NeqoHttp3Server::CloseConnection(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoServer* server = Server(env);
  const uint32_t connection = ToConnection(env, info[0]);
  const uint64_t error = ToErrorCode(env, info[1]);
  const std::string reason = ToUtf8(env, info[2], "reason");
  return ToResult(env, neqo_server_close(server, connection, error,
                                         {reinterpret_cast<const uint8_t*>(reason.data()), reason.size()}));
}

Napi::Value NeqoHttp3Server::CloseWhenSent(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoServer* server = Server(env);
  const uint32_t connection = ToConnection(env, info[0]);
  return ToResult(env, neqo_server_close_when_sent(server, connection, ToErrorCode(env, info[1])));
}

Napi::Value NeqoHttp3Server::RefuseConnection(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoServer* server = Server(env);
  return ToResult(env, neqo_server_refuse(server, ToConnection(env, info[0])));
}

void NeqoHttp3Server::ReleaseConnection(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoServer* server = Server(env);
  neqo_server_release(server, ToConnection(env, info[0]));
}

Napi::Value NeqoHttp3Server::ConnectionInfo(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoServer* server = Server(env);
  NeqoConnectionInfo connection{};
  if (neqo_server_connection_info(server, ToConnection(env, info[0]), &connection) != NEQO_OK) return env.Undefined();
  const Napi::Object result = Napi::Object::New(env);
  result.Set("remoteAddress", connection.remote_address);
  result.Set("remotePort", connection.remote_port);
  result.Set("localAddress", connection.local_address);
  result.Set("localPort", connection.local_port);
  result.Set("connectionId", connection.connection_id);
  result.Set("quicVersion", connection.quic_version);
  result.Set("serverName", connection.server_name);
  result.Set("alpn", connection.alpn);
  result.Set("cipher", connection.cipher);
  result.Set("group", connection.group);
  result.Set("signatureScheme", connection.signature_scheme);
  result.Set("resumed", Napi::Boolean::New(env, connection.resumed));
  result.Set("earlyData", Napi::Boolean::New(env, connection.early_data));
  result.Set("retried", Napi::Boolean::New(env, connection.retried));
  return result;
}

Napi::Value NeqoHttp3Server::ConnectionStats(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoServer* server = Server(env);
  NeqoStats stats{};
  if (neqo_server_connection_stats(server, ToConnection(env, info[0]), &stats) != NEQO_OK) return env.Undefined();
  return ToStatsObject(env, stats);
}

}  // namespace necko
