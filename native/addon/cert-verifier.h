// CertVerifier of src/native.ts: verification of server certificates on libuv's thread pool.
#pragma once

#include <napi.h>

#include <memory>

#include "addon-state.h"
#include "anchor-store.h"

namespace necko {

/**
 * Verifies chains against a fixed set of trust anchors.
 *
 * Thread: bound to the thread of its environment. A verification runs on a thread of the pool, touches only its own
 * copy of the chain and the immutable anchors, which it co-owns, and calls back on the environment's thread.
 */
class CertVerifier final : public Napi::ObjectWrap<CertVerifier> {
 public:
  static Napi::Function Define(Napi::Env env);

  explicit CertVerifier(const Napi::CallbackInfo& info);
  ~CertVerifier() override;

 private:
  Napi::Value GetAnchorCount(const Napi::CallbackInfo& info);
  void Verify(const Napi::CallbackInfo& info);

  std::shared_ptr<AddonState> state_;
  std::shared_ptr<const AnchorStore> anchors_;
};

}  // namespace necko
