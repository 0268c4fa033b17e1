// Requests and their responses.
#include "arguments.h"
#include "neqo-server.h"
#include "quic-values.h"

namespace necko {
namespace {

NeqoBytes ToBody(Napi::Env env, napi_value value, napi_value offset, napi_value length, const char* name) {
  const ByteSpan span = ToByteRange(env, value, offset, length, name);
  return {span.data, span.length};
}

}  // namespace

Napi::Value NeqoHttp3Server::Respond(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoServer* server = Server(env);
  const uint32_t connection = ToConnection(env, info[0]);
  const uint64_t stream = ToStreamId(env, info[1]);
  fields_.Clear();
  fields_.Append(env, info[2], "head");
  const NeqoBytes body = info[3].IsUndefined() ? NeqoBytes{} : ToBody(env, info[3], info[4], info[5], "body");
  const bool fin = ToBoolean(env, info[6], "fin");
  return ToResult(env, neqo_server_respond(server, connection, stream, fields_.bytes(), body, fin));
}

Napi::Value NeqoHttp3Server::SendData(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoServer* server = Server(env);
  const uint32_t connection = ToConnection(env, info[0]);
  const uint64_t stream = ToStreamId(env, info[1]);
  const NeqoBytes data = ToBody(env, info[2], info[3], info[4], "data");
  const bool fin = ToBoolean(env, info[5], "fin");
  return ToResult(env, neqo_server_send_data(server, connection, stream, data, fin));
}

Napi::Value NeqoHttp3Server::SendTrailers(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoServer* server = Server(env);
  const uint32_t connection = ToConnection(env, info[0]);
  const uint64_t stream = ToStreamId(env, info[1]);
  fields_.Clear();
  fields_.Append(env, info[2], "trailers");
  return ToResult(env, neqo_server_send_trailers(server, connection, stream, fields_.bytes()));
}

Napi::Value NeqoHttp3Server::EndStream(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoServer* server = Server(env);
  return ToResult(env, neqo_server_end_stream(server, ToConnection(env, info[0]), ToStreamId(env, info[1])));
}

Napi::Value NeqoHttp3Server::ReadData(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoServer* server = Server(env);
  const uint32_t connection = ToConnection(env, info[0]);
  const uint64_t stream = ToStreamId(env, info[1]);
  const ByteSpan into = ToByteRange(env, info[2], info[3], info[4], "into");
  return ToResult(env, neqo_server_read_data(server, connection, stream, into.data, into.length, arrays_.Status(env)));
}

Napi::Value NeqoHttp3Server::ResetStream(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoServer* server = Server(env);
  return ToResult(env, neqo_server_reset_stream(server, ToConnection(env, info[0]), ToStreamId(env, info[1]),
                                                ToErrorCode(env, info[2])));
}

Napi::Value NeqoHttp3Server::StopSending(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoServer* server = Server(env);
  return ToResult(env, neqo_server_stop_sending(server, ToConnection(env, info[0]), ToStreamId(env, info[1]),
                                                ToErrorCode(env, info[2])));
}

Napi::Value NeqoHttp3Server::CancelStream(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoServer* server = Server(env);
  return ToResult(env, neqo_server_cancel_stream(server, ToConnection(env, info[0]), ToStreamId(env, info[1]),
                                                 ToErrorCode(env, info[2])));
}

}  // namespace necko
