// Requests and their streams.
#include "arguments.h"
#include "neqo-conn.h"

namespace necko {
namespace {

/** Urgencies are 0 to 7: RFC 9218 4.1. */
constexpr double kUrgencyLimit = 8;

/** Method, scheme, authority and path come before the headers. */
constexpr size_t kRequestLineStrings = 4;

uint8_t ToUrgency(Napi::Env env, napi_value value) {
  return static_cast<uint8_t>(ToUnsigned(env, value, "urgency", kUrgencyLimit));
}

}  // namespace

Napi::Value NeqoHttp3Conn::Fetch(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoConn* conn = Conn(env);
  strings_.Clear();
  strings_.Add(env, info[0], "method");
  strings_.Add(env, info[1], "scheme");
  strings_.Add(env, info[2], "authority");
  strings_.Add(env, info[3], "path");
  strings_.AddHeaders(env, info[4]);
  const uint8_t urgency = ToUrgency(env, info[5]);
  const bool incremental = ToBoolean(env, info[6], "incremental");
  const std::vector<NeqoBytes>& views = strings_.Views();
  return ToResult(env, neqo_fetch(conn, views[0], views[1], views[2], views[3], views.data() + kRequestLineStrings,
                                  (views.size() - kRequestLineStrings) / 2, urgency, incremental));
}

Napi::Value NeqoHttp3Conn::SendRequestBody(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoConn* conn = Conn(env);
  const uint64_t stream = ToStreamId(env, info[0]);
  const ByteSpan data = ToByteRange(env, info[1], info[2], info[3], "data");
  return ToResult(env, neqo_send_request_body(conn, stream, data.data, data.length));
}

Napi::Value NeqoHttp3Conn::ReadResponseData(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoConn* conn = Conn(env);
  const uint64_t stream = ToStreamId(env, info[0]);
  const ByteSpan into = ToByteRange(env, info[1], info[2], info[3], "into");
  return ToResult(env, neqo_read_response_data(conn, stream, into.data, into.length, arrays_.Status(env)));
}

Napi::Value NeqoHttp3Conn::CloseStream(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoConn* conn = Conn(env);
  return ToResult(env, neqo_close_stream(conn, ToStreamId(env, info[0])));
}

Napi::Value NeqoHttp3Conn::CancelFetch(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoConn* conn = Conn(env);
  return ToResult(env, neqo_cancel_fetch(conn, ToStreamId(env, info[0]), ToErrorCode(env, info[1])));
}

Napi::Value NeqoHttp3Conn::ResetStream(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoConn* conn = Conn(env);
  return ToResult(env, neqo_reset_stream(conn, ToStreamId(env, info[0]), ToErrorCode(env, info[1])));
}

Napi::Value NeqoHttp3Conn::StreamStopSending(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoConn* conn = Conn(env);
  return ToResult(env, neqo_stream_stop_sending(conn, ToStreamId(env, info[0]), ToErrorCode(env, info[1])));
}

Napi::Value NeqoHttp3Conn::PriorityUpdate(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoConn* conn = Conn(env);
  return ToResult(env, neqo_priority_update(conn, ToStreamId(env, info[0]), ToUrgency(env, info[1]),
                                            ToBoolean(env, info[2], "incremental")));
}

Napi::Value NeqoHttp3Conn::SetStreamMaxData(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoConn* conn = Conn(env);
  return ToResult(
      env, neqo_set_stream_max_data(conn, ToStreamId(env, info[0]), ToUnsigned(env, info[1], "maxData", kVarintLimit)));
}

}  // namespace necko
