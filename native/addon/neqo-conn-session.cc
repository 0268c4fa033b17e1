// TLS, resumption, ECH, state, statistics, path and the end of a connection.
#include "arguments.h"
#include "neqo-conn.h"
#include "neqo-stats.h"
#include "neqo-text.h"

namespace necko {

Napi::Value NeqoHttp3Conn::CloseConnection(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoConn* conn = Conn(env);
  const uint64_t error = ToErrorCode(env, info[0]);
  const std::string reason = ToUtf8(env, info[1], "reason");
  return ToResult(env, neqo_close(conn, error, {reinterpret_cast<const uint8_t*>(reason.data()), reason.size()}));
}

Napi::Value NeqoHttp3Conn::Authenticated(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoConn* conn = Conn(env);
  return ToResult(env, neqo_authenticated(conn, ToInt32(env, info[0], "prErrorCode")));
}

Napi::Value NeqoHttp3Conn::PeerCertificateChain(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const ByteListPtr list(neqo_peer_certificate_chain(Conn(env)));
  if (!list) return env.Undefined();
  const size_t count = neqo_byte_list_count(list.get());
  const Napi::Array chain = Napi::Array::New(env, count);
  for (uint32_t i = 0; i < count; i++) chain.Set(i, CopyBytes(env, neqo_byte_list_item(list.get(), i)));
  return chain;
}

Napi::Value NeqoHttp3Conn::TlsInfo(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoTlsInfo tls{};
  if (neqo_tls_info(Conn(env), &tls) != NEQO_OK) return env.Undefined();
  const Napi::Object result = Napi::Object::New(env);
  result.Set("version", tls.version);
  result.Set("cipher", tls.cipher);
  result.Set("group", tls.group);
  result.Set("signatureScheme", tls.signature_scheme);
  result.Set("alpn", tls.has_alpn ? Napi::String::New(env, tls.alpn, tls.alpn_length) : env.Undefined());
  result.Set("resumed", Napi::Boolean::New(env, tls.resumed));
  result.Set("earlyData", Napi::Boolean::New(env, tls.early_data));
  result.Set("echAccepted", Napi::Boolean::New(env, tls.ech_accepted));
  return result;
}

Napi::Value NeqoHttp3Conn::SetResumptionToken(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoConn* conn = Conn(env);
  const ByteSpan token = ToBytes(env, info[0], "token");
  return ToResult(env, neqo_set_resumption_token(conn, token.data, token.length));
}

Napi::Value NeqoHttp3Conn::TakeResumptionToken(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  double expires = 0;
  const ByteListPtr list(neqo_take_resumption_token(Conn(env), &expires));
  if (!list) return env.Undefined();
  const Napi::Object result = Napi::Object::New(env);
  result.Set("token", CopyBytes(env, neqo_byte_list_item(list.get(), 0)));
  result.Set("expires", Napi::Number::New(env, expires));
  return result;
}

Napi::Value NeqoHttp3Conn::SetEchConfig(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoConn* conn = Conn(env);
  const ByteSpan config = ToBytes(env, info[0], "echConfigList");
  return ToResult(env, neqo_set_ech_config(conn, config.data, config.length));
}

Napi::Value NeqoHttp3Conn::State(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return ToResult(env, neqo_state(Conn(env)));
}

Napi::Value NeqoHttp3Conn::Stats(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoStats stats{};
  // After a panic there is nothing to read, and all counts stay 0.
  neqo_stats(Conn(env), &stats);
  return ToStatsObject(env, stats);
}

Napi::Value NeqoHttp3Conn::InitiateKeyUpdate(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return ToResult(env, neqo_initiate_key_update(Conn(env)));
}

Napi::Value NeqoHttp3Conn::Rebind(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoConn* conn = Conn(env);
  const int32_t fd = ToInt32(env, info[0], "fd");
  const std::string address = ToUtf8(env, info[1], "localAddress");
  const auto port = static_cast<uint16_t>(ToUnsigned(env, info[2], "localPort", 65536));
  const NeqoBytes local{reinterpret_cast<const uint8_t*>(address.data()), address.size()};
  return ToResult(env, neqo_rebind(conn, fd, local, port));
}

Napi::Value NeqoHttp3Conn::Ping(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return ToResult(env, neqo_ping(Conn(env)));
}

Napi::Value NeqoHttp3Conn::ConnectionId(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoConn* conn = Conn(env);
  const auto read = [conn](char* buffer, size_t capacity) { return neqo_connection_id(conn, buffer, capacity); };
  return Napi::String::New(env, ReadText(read));
}

}  // namespace necko
