// NeqoHttp3Conn of src/native.ts: a thin wrapper of the C interface in neqo_ffi.h.
#pragma once

#include <napi.h>

#include <memory>

#include "addon-state.h"
#include "byte-strings.h"
#include "engine-arrays.h"
#include "neqo_ffi.h"
#include "quic-values.h"

namespace necko {

/**
 * One QUIC and HTTP/3 client connection. What each method does and returns is said in src/native.ts; this class checks
 * arguments, and turns them and the results from one representation into the other.
 *
 * Thread: bound to the thread of its environment, as neqo is. No method calls back into JavaScript.
 *
 * Life: the connection is freed by destroy(), when the object is collected, or when the environment ends.
 */
class NeqoHttp3Conn final : public Napi::ObjectWrap<NeqoHttp3Conn> {
 public:
  static Napi::Function Define(Napi::Env env);

  explicit NeqoHttp3Conn(const Napi::CallbackInfo& info);
  ~NeqoHttp3Conn() override;

 private:
  struct Free {
    void operator()(NeqoConn* conn) const { neqo_conn_free(conn); }
  };

  // neqo-conn.cc: life, I/O, events
  Napi::Value ProcessInput(const Napi::CallbackInfo& info);
  Napi::Value ProcessOutput(const Napi::CallbackInfo& info);
  Napi::Value NextEvents(const Napi::CallbackInfo& info);
  Napi::Value EventBuffer(const Napi::CallbackInfo& info);
  Napi::Value LastError(const Napi::CallbackInfo& info);
  void Destroy(const Napi::CallbackInfo& info);

  // neqo-conn-streams.cc
  Napi::Value Fetch(const Napi::CallbackInfo& info);
  Napi::Value SendRequestBody(const Napi::CallbackInfo& info);
  Napi::Value ReadResponseData(const Napi::CallbackInfo& info);
  Napi::Value CloseStream(const Napi::CallbackInfo& info);
  Napi::Value CancelFetch(const Napi::CallbackInfo& info);
  Napi::Value ResetStream(const Napi::CallbackInfo& info);
  Napi::Value StreamStopSending(const Napi::CallbackInfo& info);
  Napi::Value PriorityUpdate(const Napi::CallbackInfo& info);
  Napi::Value SetStreamMaxData(const Napi::CallbackInfo& info);

  // neqo-conn-session.cc: TLS, resumption, state, statistics, path, close
  Napi::Value CloseConnection(const Napi::CallbackInfo& info);
  Napi::Value Authenticated(const Napi::CallbackInfo& info);
  Napi::Value PeerCertificateChain(const Napi::CallbackInfo& info);
  Napi::Value TlsInfo(const Napi::CallbackInfo& info);
  Napi::Value SetResumptionToken(const Napi::CallbackInfo& info);
  Napi::Value TakeResumptionToken(const Napi::CallbackInfo& info);
  Napi::Value SetEchConfig(const Napi::CallbackInfo& info);
  Napi::Value State(const Napi::CallbackInfo& info);
  Napi::Value Stats(const Napi::CallbackInfo& info);
  Napi::Value InitiateKeyUpdate(const Napi::CallbackInfo& info);
  Napi::Value Rebind(const Napi::CallbackInfo& info);
  Napi::Value Ping(const Napi::CallbackInfo& info);
  Napi::Value ConnectionId(const Napi::CallbackInfo& info);

  // neqo-conn-webtransport.cc
  Napi::Value OpenStream(const Napi::CallbackInfo& info);
  Napi::Value SendWhole(const Napi::CallbackInfo& info);
  Napi::Value ResetStreamKeeping(const Napi::CallbackInfo& info);
  Napi::Value SetSendOrder(const Napi::CallbackInfo& info);
  Napi::Value SendDatagram(const Napi::CallbackInfo& info);
  Napi::Value MaxDatagramSize(const Napi::CallbackInfo& info);
  Napi::Value ExportKeyingMaterial(const Napi::CallbackInfo& info);
  Napi::Value SendStreamStats(const Napi::CallbackInfo& info);
  Napi::Value RecvStreamStats(const Napi::CallbackInfo& info);

  /** The live connection. @throws TypeError with code ERR_NEQO_DESTROYED after destroy() */
  NeqoConn* Conn(Napi::Env env) const;
  /** Drops the connection and all that is held for it. Idempotent. */
  void Release();

  std::unique_ptr<NeqoConn, Free> conn_;
  std::shared_ptr<AddonState> state_;
  EngineArrays arrays_;
  ByteStrings strings_;
};

}  // namespace necko
