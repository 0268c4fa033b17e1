// NeqoHttp3Server of src/native-server.ts: a thin wrapper of the C interface in neqo_server_ffi.h.
#pragma once

#include <napi.h>

#include <memory>
#include <string>

#include "addon-state.h"
#include "engine-arrays.h"
#include "latin1-buffer.h"
#include "neqo_server_ffi.h"

namespace necko {

/**
 * The HTTP/3 connections of one UDP socket. What each method does and returns is said in src/native-server.ts; this
 * class checks arguments, and turns them and the results from one representation into the other.
 *
 * Thread: bound to the thread of its environment, as neqo is. No method calls back into JavaScript.
 *
 * Life: the engine and its connections are freed by destroy(), when the object is collected, or when the environment
 * ends.
 */
class NeqoHttp3Server final : public Napi::ObjectWrap<NeqoHttp3Server> {
 public:
  static Napi::Function Define(Napi::Env env);

  explicit NeqoHttp3Server(const Napi::CallbackInfo& info);
  ~NeqoHttp3Server() override;

 private:
  struct Free {
    void operator()(NeqoServer* server) const { neqo_server_free(server); }
  };

  // neqo-server.cc: life, I/O, events
  Napi::Value ProcessInput(const Napi::CallbackInfo& info);
  Napi::Value ProcessForwarded(const Napi::CallbackInfo& info);
  Napi::Value ProcessOutput(const Napi::CallbackInfo& info);
  Napi::Value NextEvents(const Napi::CallbackInfo& info);
  Napi::Value EventBuffer(const Napi::CallbackInfo& info);
  Napi::Value LastError(const Napi::CallbackInfo& info);
  void Destroy(const Napi::CallbackInfo& info);

  // neqo-server-streams.cc
  Napi::Value Respond(const Napi::CallbackInfo& info);
  Napi::Value SendData(const Napi::CallbackInfo& info);
  Napi::Value SendTrailers(const Napi::CallbackInfo& info);
  Napi::Value EndStream(const Napi::CallbackInfo& info);
  Napi::Value ReadData(const Napi::CallbackInfo& info);
  Napi::Value ResetStream(const Napi::CallbackInfo& info);
  Napi::Value StopSending(const Napi::CallbackInfo& info);
  Napi::Value CancelStream(const Napi::CallbackInfo& info);

  // neqo-server-webtransport.cc
  Napi::Value OpenStream(const Napi::CallbackInfo& info);
  Napi::Value SendWhole(const Napi::CallbackInfo& info);
  Napi::Value ResetStreamKeeping(const Napi::CallbackInfo& info);
  Napi::Value SetSendOrder(const Napi::CallbackInfo& info);
  Napi::Value KeepAlive(const Napi::CallbackInfo& info);
  Napi::Value SendDatagram(const Napi::CallbackInfo& info);
  Napi::Value MaxDatagramSize(const Napi::CallbackInfo& info);
  Napi::Value ExportKeyingMaterial(const Napi::CallbackInfo& info);
  Napi::Value SendStreamStats(const Napi::CallbackInfo& info);
  Napi::Value RecvStreamStats(const Napi::CallbackInfo& info);

  // neqo-server-connections.cc
  Napi::Value ProvideCredential(const Napi::CallbackInfo& info);
  Napi::Value Goaway(const Napi::CallbackInfo& info);
  Napi::Value CloseConnection(const Napi::CallbackInfo& info);
  Napi::Value CloseWhenSent(const Napi::CallbackInfo& info);
  Napi::Value RefuseConnection(const Napi::CallbackInfo& info);
  void ReleaseConnection(const Napi::CallbackInfo& info);
  Napi::Value ConnectionInfo(const Napi::CallbackInfo& info);
  Napi::Value ConnectionStats(const Napi::CallbackInfo& info);

  // neqo-server-settings.cc: what holds for all connections, and totals
  void SetCredential(const Napi::CallbackInfo& info);
  void SetAccepting(const Napi::CallbackInfo& info);
  void SetRetry(const Napi::CallbackInfo& info);
  void SetMaxConnections(const Napi::CallbackInfo& info);
  void SetForwarding(const Napi::CallbackInfo& info);
  Napi::Value Stats(const Napi::CallbackInfo& info);

  /** The live server. @throws TypeError with code ERR_NEQO_DESTROYED after destroy() */
  NeqoServer* Server(Napi::Env env) const;
  /** The engine's name for its last error; empty if there was none. */
  std::string LastErrorText() const;
  /** @throws Error with code ERR_NEQO_SETTING and the engine's own message if the result of a setting is negative */
  void Check(Napi::Env env, int64_t result) const;
  /** Drops the server and all that is held for it. Idempotent. */
  void Release();

  std::unique_ptr<NeqoServer, Free> server_;
  std::shared_ptr<AddonState> state_;
  EngineArrays arrays_;
  Latin1Buffer fields_;
};

/** The handle of a connection. */
uint32_t ToConnection(Napi::Env env, napi_value value);

}  // namespace necko
