// Entry of the addon: its classes, counters and versions (NativeAddon of src/native.ts, ServerAddon of
// src/native-server.ts).
//
// Thread: run once in each environment (main thread, workers) that loads the addon.
#include <napi.h>

#include "addon-state.h"
#include "cert-verifier.h"
#include "neqo-conn.h"
#include "neqo-server.h"
#include "neqo_ffi.h"
#include "server-credential.h"
#include "udp-poll.h"
#include "virtual-fd-calls.h"

namespace necko {
namespace {

Napi::Value Counters(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::shared_ptr<AddonState> state = AddonState::Of(env);
  const AddonState::Counters& counters = state->counters;
  const Napi::Object result = Napi::Object::New(env);
  result.Set("connections", counters.connections);
  result.Set("servers", counters.servers);
  result.Set("credentials", counters.credentials);
  result.Set("polls", counters.polls);
  result.Set("verifiers", counters.verifiers);
  result.Set("verifications", counters.verifications);
  result.Set("virtualFds", static_cast<uint32_t>(state->virtualFds.open()));
  return result;
}

Napi::Value Versions(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Napi::Object result = Napi::Object::New(env);
  result.Set("neqo", neqo_version());
  result.Set("nss", neqo_nss_version());
  return result;
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  AddonState::Install(env);
  exports.Set("NeqoHttp3Conn", NeqoHttp3Conn::Define(env));
  exports.Set("NeqoHttp3Server", NeqoHttp3Server::Define(env));
  exports.Set("ServerCredential", ServerCredential::Define(env));
  exports.Set("UdpPoll", UdpPoll::Define(env));
  exports.Set("CertVerifier", CertVerifier::Define(env));
  DefineVirtualFdCalls(env, exports);
  exports.Set("counters", Napi::Function::New<Counters>(env, "counters"));
  exports.Set("versions", Napi::Function::New<Versions>(env, "versions"));
  return exports;
}

}  // namespace

NODE_API_MODULE(necko_http3, Init)

}  // namespace necko
