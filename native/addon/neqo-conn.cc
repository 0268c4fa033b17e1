#include "neqo-conn.h"

#include <uv.h>

#include <string>

#include "arguments.h"
#include "errors.h"
#include "neqo-params.h"
#include "neqo-text.h"

namespace necko {
namespace {

constexpr size_t kMinEventBuffer = 64 * 1024;
/** The C interface wants event records aligned. */
constexpr size_t kEventAlignment = 8;
constexpr double kUint32Limit = 4294967296.0;

/** An error of neqo_conn_new(): with `errno` and its name as code if a system call failed. */
Napi::Error MakeInitError(Napi::Env env, const NeqoInitError& failure) {
  if (failure.errno_value == 0) return MakeError(env, "ERR_NEQO_INIT", failure.message);
  const int number = uv_translate_sys_error(failure.errno_value);
  Napi::Error error = MakeError(env, UvErrorName(number).c_str(), failure.message);
  error.Set("errno", Napi::Number::New(env, number));
  return error;
}

Napi::Object CheckStatusArray(Napi::Env env, napi_value value) {
  const Napi::Value array(env, value);
  if (!array.IsTypedArray() || array.As<Napi::TypedArray>().TypedArrayType() != napi_float64_array ||
      array.As<Napi::TypedArray>().ElementLength() < NEQO_STATUS_LENGTH) {
    ThrowArgumentType(env, "status", "a Float64Array of at least " + std::to_string(NEQO_STATUS_LENGTH) + " elements");
  }
  return array.As<Napi::Object>();
}

Napi::Object CheckEventBuffer(Napi::Env env, napi_value value) {
  const ByteSpan bytes = ToBytes(env, value, "events");
  if (bytes.length < kMinEventBuffer || reinterpret_cast<uintptr_t>(bytes.data) % kEventAlignment != 0) {
    ThrowArgumentType(env, "events",
                      "a Uint8Array of at least " + std::to_string(kMinEventBuffer) + " bytes, aligned to " +
                          std::to_string(kEventAlignment));
  }
  return Napi::Value(env, value).As<Napi::Object>();
}

}  // namespace

uint64_t ToStreamId(Napi::Env env, napi_value value, const char* name) {
  return ToUnsigned(env, value, name, kVarintLimit);
}

uint64_t ToErrorCode(Napi::Env env, napi_value value) { return ToUnsigned(env, value, "error", kVarintLimit); }

Napi::Function NeqoHttp3Conn::Define(Napi::Env env) {
  using C = NeqoHttp3Conn;
  return DefineClass(env, "NeqoHttp3Conn",
                     {
                         InstanceMethod<&C::ProcessInput>("processInput"),
                         InstanceMethod<&C::ProcessOutput>("processOutput"),
                         InstanceMethod<&C::NextEvents>("nextEvents"),
                         InstanceMethod<&C::EventBuffer>("eventBuffer"),
                         InstanceMethod<&C::Fetch>("fetch"),
                         InstanceMethod<&C::SendRequestBody>("sendRequestBody"),
                         InstanceMethod<&C::ReadResponseData>("readResponseData"),
                         InstanceMethod<&C::CloseStream>("closeStream"),
                         InstanceMethod<&C::CancelFetch>("cancelFetch"),
                         InstanceMethod<&C::ResetStream>("resetStream"),
                         InstanceMethod<&C::StreamStopSending>("streamStopSending"),
                         InstanceMethod<&C::PriorityUpdate>("priorityUpdate"),
                         InstanceMethod<&C::SetStreamMaxData>("setStreamMaxData"),
                         InstanceMethod<&C::CloseConnection>("close"),
                         InstanceMethod<&C::Authenticated>("authenticated"),
                         InstanceMethod<&C::PeerCertificateChain>("peerCertificateChain"),
                         InstanceMethod<&C::TlsInfo>("tlsInfo"),
                         InstanceMethod<&C::SetResumptionToken>("setResumptionToken"),
                         InstanceMethod<&C::TakeResumptionToken>("takeResumptionToken"),
                         InstanceMethod<&C::SetEchConfig>("setEchConfig"),
                         InstanceMethod<&C::State>("state"),
                         InstanceMethod<&C::Stats>("stats"),
                         InstanceMethod<&C::InitiateKeyUpdate>("initiateKeyUpdate"),
                         InstanceMethod<&C::ConnectionId>("connectionId"),
                         InstanceMethod<&C::WebTransportCreateSession>("webtransportCreateSession"),
                         InstanceMethod<&C::WebTransportCloseSession>("webtransportCloseSession"),
                         InstanceMethod<&C::WebTransportCreateStream>("webtransportCreateStream"),
                         InstanceMethod<&C::WebTransportSendDatagram>("webtransportSendDatagram"),
                         InstanceMethod<&C::WebTransportMaxDatagramSize>("webtransportMaxDatagramSize"),
                         InstanceMethod<&C::WebTransportSetSendOrder>("webtransportSetSendOrder"),
                         InstanceMethod<&C::WebTransportSetFairness>("webtransportSetFairness"),
                         InstanceMethod<&C::WebTransportSendStreamStats>("webtransportSendStreamStats"),
                         InstanceMethod<&C::WebTransportRecvStreamStats>("webtransportRecvStreamStats"),
                         InstanceMethod<&C::LastError>("lastError"),
                         InstanceMethod<&C::Destroy>("destroy"),
                     });
}

NeqoHttp3Conn::NeqoHttp3Conn(const Napi::CallbackInfo& info) : Napi::ObjectWrap<NeqoHttp3Conn>(info) {
  const Napi::Env env = info.Env();
  const ConnParams params(ToObject(env, info[0], "params"));
  const Napi::Object status = CheckStatusArray(env, info[1]);
  const Napi::Object events = CheckEventBuffer(env, info[2]);
  NeqoInitError failure{};
  conn_.reset(neqo_conn_new(&params.get(), &failure));
  if (!conn_) throw MakeInitError(env, failure);
  status_ = Napi::Persistent(status);
  events_ = Napi::Persistent(events);
  state_ = AddonState::Of(env);
  state_->counters.connections++;
}

NeqoHttp3Conn::~NeqoHttp3Conn() { Release(); }

void NeqoHttp3Conn::Release() {
  if (!state_) return;
  conn_.reset();
  status_.Reset();
  events_.Reset();
  state_->counters.connections--;
  state_.reset();
}

NeqoConn* NeqoHttp3Conn::Conn(Napi::Env env) const {
  if (!conn_) throw MakeTypeError(env, "ERR_NEQO_DESTROYED", "The connection has been destroyed");
  return conn_.get();
}

double* NeqoHttp3Conn::StatusData(Napi::Env env) const {
  void* data = nullptr;
  size_t length = 0;
  napi_get_typedarray_info(env, status_.Value(), nullptr, &length, &data, nullptr, nullptr);
  if (length < NEQO_STATUS_LENGTH) throw MakeTypeError(env, "ERR_INVALID_STATE", "The status array was detached");
  return static_cast<double*>(data);
}

Napi::Value NeqoHttp3Conn::ProcessInput(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoConn* conn = Conn(env);
  const auto bound = static_cast<uint32_t>(ToUnsigned(env, info[0], "maxDatagrams", kUint32Limit));
  return ToResult(env, neqo_process_input(conn, bound, StatusData(env)));
}

Napi::Value NeqoHttp3Conn::ProcessOutput(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoConn* conn = Conn(env);
  const auto bound = static_cast<uint32_t>(ToUnsigned(env, info[0], "maxDatagrams", kUint32Limit));
  return ToResult(env, neqo_process_output(conn, bound, StatusData(env)));
}

Napi::Value NeqoHttp3Conn::NextEvents(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoConn* conn = Conn(env);
  double* status = StatusData(env);
  ByteSpan buffer = ToBytes(env, events_.Value(), "events");
  size_t needed = 0;
  int64_t written = neqo_next_events(conn, buffer.data, buffer.length, &needed, status);
  // Events that fit are delivered first; the large one waits until nothing is in front of it.
  if (written == 0 && needed > buffer.length) {
    GrowEventBuffer(env, needed);
    buffer = ToBytes(env, events_.Value(), "events");
    written = neqo_next_events(conn, buffer.data, buffer.length, &needed, status);
  }
  return ToResult(env, written);
}

void NeqoHttp3Conn::GrowEventBuffer(Napi::Env env, size_t capacity) {
  events_ = Napi::Persistent(Napi::Uint8Array::New(env, capacity).As<Napi::Object>());
}

Napi::Value NeqoHttp3Conn::EventBuffer(const Napi::CallbackInfo& info) {
  Conn(info.Env());
  return events_.Value();
}

Napi::Value NeqoHttp3Conn::LastError(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoConn* conn = Conn(env);
  return ReadText(env, [conn](char* buffer, size_t capacity) { return neqo_last_error(conn, buffer, capacity); });
}

void NeqoHttp3Conn::Destroy(const Napi::CallbackInfo&) { Release(); }

}  // namespace necko
