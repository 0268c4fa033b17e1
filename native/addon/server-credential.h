// ServerCredential of src/native-server.ts.
#pragma once

#include <napi.h>

#include <memory>

#include "addon-state.h"
#include "neqo_server_ffi.h"

namespace necko {

/**
 * A private key with its certificate chain, in NSS's memory.
 *
 * Thread: bound to the thread of its environment.
 *
 * Life: let go of by destroy(), when the object is collected, or when the environment ends. Servers and connections
 * that use it hold the key and the certificates themselves.
 */
class ServerCredential final : public Napi::ObjectWrap<ServerCredential> {
 public:
  static Napi::Function Define(Napi::Env env);
  /**
   * The credential that an argument holds; nullptr for undefined.
   * @throws TypeError for anything else, and for a credential that was destroyed
   */
  static const NeqoCredential* FromArgument(Napi::Env env, napi_value value);

  explicit ServerCredential(const Napi::CallbackInfo& info);
  ~ServerCredential() override;

 private:
  struct Free {
    void operator()(NeqoCredential* credential) const { neqo_credential_free(credential); }
  };

  Napi::Value GetKeyType(const Napi::CallbackInfo& info);
  void Destroy(const Napi::CallbackInfo& info);

  /** @throws TypeError with code ERR_NEQO_DESTROYED after destroy() */
  const NeqoCredential* Get(Napi::Env env) const;
  /** Drops the credential. Idempotent. */
  void Release();

  std::unique_ptr<NeqoCredential, Free> credential_;
  std::shared_ptr<AddonState> state_;
};

}  // namespace necko
