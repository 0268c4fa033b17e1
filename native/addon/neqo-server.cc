#include "neqo-server.h"

#include <utility>

#include "arguments.h"
#include "errors.h"
#include "init-error.h"
#include "neqo-server-params.h"
#include "neqo-text.h"
#include "quic-values.h"

namespace necko {

uint32_t ToConnection(Napi::Env env, napi_value value) { return ToUint32(env, value, "connection"); }

Napi::Function NeqoHttp3Server::Define(Napi::Env env) {
  using S = NeqoHttp3Server;
  return DefineClass(env, "NeqoHttp3Server",
                     {
                         InstanceMethod<&S::ProcessInput>("processInput"),
                         InstanceMethod<&S::ProcessForwarded>("processForwarded"),
                         InstanceMethod<&S::ProcessOutput>("processOutput"),
                         InstanceMethod<&S::NextEvents>("nextEvents"),
                         InstanceMethod<&S::EventBuffer>("eventBuffer"),
                         InstanceMethod<&S::Respond>("respond"),
                         InstanceMethod<&S::SendData>("sendData"),
                         InstanceMethod<&S::SendTrailers>("sendTrailers"),
                         InstanceMethod<&S::EndStream>("endStream"),
                         InstanceMethod<&S::ReadData>("readData"),
                         InstanceMethod<&S::ResetStream>("resetStream"),
                         InstanceMethod<&S::StopSending>("stopSending"),
                         InstanceMethod<&S::CancelStream>("cancelStream"),
                         InstanceMethod<&S::OpenStream>("openStream"),
                         InstanceMethod<&S::SendWhole>("sendWhole"),
                         InstanceMethod<&S::ResetStreamKeeping>("resetStreamKeeping"),
                         InstanceMethod<&S::SetSendOrder>("setSendOrder"),
                         InstanceMethod<&S::KeepAlive>("keepAlive"),
                         InstanceMethod<&S::SendDatagram>("sendDatagram"),
                         InstanceMethod<&S::MaxDatagramSize>("maxDatagramSize"),
                         InstanceMethod<&S::ExportKeyingMaterial>("exportKeyingMaterial"),
                         InstanceMethod<&S::SendStreamStats>("sendStreamStats"),
                         InstanceMethod<&S::RecvStreamStats>("recvStreamStats"),
                         InstanceMethod<&S::ProvideCredential>("provideCredential"),
                         InstanceMethod<&S::Goaway>("goaway"),
                         InstanceMethod<&S::CloseConnection>("close"),
                         InstanceMethod<&S::CloseWhenSent>("closeWhenSent"),
                         InstanceMethod<&S::RefuseConnection>("refuse"),
                         InstanceMethod<&S::ReleaseConnection>("release"),
                         InstanceMethod<&S::ConnectionInfo>("connectionInfo"),
                         InstanceMethod<&S::ConnectionStats>("connectionStats"),
                         InstanceMethod<&S::SetCredential>("setCredential"),
                         InstanceMethod<&S::SetAccepting>("setAccepting"),
                         InstanceMethod<&S::SetRetry>("setRetry"),
                         InstanceMethod<&S::SetMaxConnections>("setMaxConnections"),
                         InstanceMethod<&S::SetForwarding>("setForwarding"),
                         InstanceMethod<&S::Stats>("stats"),
                         InstanceMethod<&S::LastError>("lastError"),
                         InstanceMethod<&S::Destroy>("destroy"),
                     });
}

NeqoHttp3Server::NeqoHttp3Server(const Napi::CallbackInfo& info) : Napi::ObjectWrap<NeqoHttp3Server>(info) {
  const Napi::Env env = info.Env();
  const ServerParams params(ToObject(env, info[0], "params"));
  EngineArrays arrays(env, info[1], info[2]);
  NeqoInitError failure{};
  server_.reset(neqo_server_new(&params.get(), &failure));
  if (!server_) throw MakeInitError(env, failure);
  arrays_ = std::move(arrays);
  state_ = AddonState::Of(env);
  state_->counters.servers++;
}

NeqoHttp3Server::~NeqoHttp3Server() { Release(); }

void NeqoHttp3Server::Release() {
  if (!state_) return;
  server_.reset();
  arrays_.Reset();
  state_->counters.servers--;
  state_.reset();
}

NeqoServer* NeqoHttp3Server::Server(Napi::Env env) const {
  if (!server_) throw MakeTypeError(env, "ERR_NEQO_DESTROYED", "The server has been destroyed");
  return server_.get();
}

std::string NeqoHttp3Server::LastErrorText() const {
  return ReadText([server = server_.get()](char* buffer, size_t capacity) {
    return neqo_server_last_error(server, buffer, capacity);
  });
}

void NeqoHttp3Server::Check(Napi::Env env, int64_t result) const {
  if (result < 0) throw MakeError(env, "ERR_NEQO_SETTING", LastErrorText());
}

Napi::Value NeqoHttp3Server::ProcessInput(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoServer* server = Server(env);
  const uint32_t bound = ToDatagramBound(env, info[0]);
  return ToResult(env, neqo_server_process_input(server, bound, arrays_.Status(env)));
}

Napi::Value NeqoHttp3Server::ProcessForwarded(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoServer* server = Server(env);
  const uint32_t bound = ToDatagramBound(env, info[0]);
  return ToResult(env, neqo_server_process_forwarded(server, bound, arrays_.Status(env)));
}

Napi::Value NeqoHttp3Server::ProcessOutput(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoServer* server = Server(env);
  const uint32_t bound = ToDatagramBound(env, info[0]);
  return ToResult(env, neqo_server_process_output(server, bound, arrays_.Status(env)));
}

Napi::Value NeqoHttp3Server::NextEvents(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoServer* server = Server(env);
  const auto next = [server](uint8_t* buffer, size_t capacity, size_t* needed, double* status) {
    return neqo_server_next_events(server, buffer, capacity, needed, status);
  };
  return ToResult(env, arrays_.NextEvents(env, next));
}

Napi::Value NeqoHttp3Server::EventBuffer(const Napi::CallbackInfo& info) {
  Server(info.Env());
  return arrays_.EventBuffer();
}

Napi::Value NeqoHttp3Server::LastError(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Server(env);
  return Napi::String::New(env, LastErrorText());
}

void NeqoHttp3Server::Destroy(const Napi::CallbackInfo&) { Release(); }

}  // namespace necko
