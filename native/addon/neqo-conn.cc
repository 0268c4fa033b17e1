#include "neqo-conn.h"

#include <utility>

#include "arguments.h"
#include "errors.h"
#include "init-error.h"
#include "neqo-params.h"
#include "neqo-text.h"

namespace necko {

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
                         InstanceMethod<&C::Rebind>("rebind"),
                         InstanceMethod<&C::Ping>("ping"),
                         InstanceMethod<&C::ConnectionId>("connectionId"),
                         InstanceMethod<&C::OpenStream>("openStream"),
                         InstanceMethod<&C::SendWhole>("sendWhole"),
                         InstanceMethod<&C::ResetStreamKeeping>("resetStreamKeeping"),
                         InstanceMethod<&C::SetSendOrder>("setSendOrder"),
                         InstanceMethod<&C::SendDatagram>("sendDatagram"),
                         InstanceMethod<&C::MaxDatagramSize>("maxDatagramSize"),
                         InstanceMethod<&C::ExportKeyingMaterial>("exportKeyingMaterial"),
                         InstanceMethod<&C::SendStreamStats>("sendStreamStats"),
                         InstanceMethod<&C::RecvStreamStats>("recvStreamStats"),
                         InstanceMethod<&C::LastError>("lastError"),
                         InstanceMethod<&C::Destroy>("destroy"),
                     });
}

NeqoHttp3Conn::NeqoHttp3Conn(const Napi::CallbackInfo& info) : Napi::ObjectWrap<NeqoHttp3Conn>(info) {
  const Napi::Env env = info.Env();
  const ConnParams params(ToObject(env, info[0], "params"));
  EngineArrays arrays(env, info[1], info[2]);
  NeqoInitError failure{};
  conn_.reset(neqo_conn_new(&params.get(), &failure));
  if (!conn_) throw MakeInitError(env, failure);
  arrays_ = std::move(arrays);
  state_ = AddonState::Of(env);
  state_->counters.connections++;
}

NeqoHttp3Conn::~NeqoHttp3Conn() { Release(); }

void NeqoHttp3Conn::Release() {
  if (!state_) return;
  conn_.reset();
  arrays_.Reset();
  state_->counters.connections--;
  state_.reset();
}

NeqoConn* NeqoHttp3Conn::Conn(Napi::Env env) const {
  if (!conn_) throw MakeTypeError(env, "ERR_NEQO_DESTROYED", "The connection has been destroyed");
  return conn_.get();
}

Napi::Value NeqoHttp3Conn::ProcessInput(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoConn* conn = Conn(env);
  const uint32_t bound = ToDatagramBound(env, info[0]);
  return ToResult(env, neqo_process_input(conn, bound, arrays_.Status(env)));
}

Napi::Value NeqoHttp3Conn::ProcessOutput(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoConn* conn = Conn(env);
  const uint32_t bound = ToDatagramBound(env, info[0]);
  return ToResult(env, neqo_process_output(conn, bound, arrays_.Status(env)));
}

Napi::Value NeqoHttp3Conn::NextEvents(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoConn* conn = Conn(env);
  return ToResult(env,
                  arrays_.NextEvents(env, [conn](uint8_t* buffer, size_t capacity, size_t* needed, double* status) {
                    return neqo_next_events(conn, buffer, capacity, needed, status);
                  }));
}

Napi::Value NeqoHttp3Conn::EventBuffer(const Napi::CallbackInfo& info) {
  Conn(info.Env());
  return arrays_.EventBuffer();
}

Napi::Value NeqoHttp3Conn::LastError(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoConn* conn = Conn(env);
  const auto read = [conn](char* buffer, size_t capacity) { return neqo_last_error(conn, buffer, capacity); };
  return Napi::String::New(env, ReadText(read));
}

void NeqoHttp3Conn::Destroy(const Napi::CallbackInfo&) { Release(); }

}  // namespace necko
