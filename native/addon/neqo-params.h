// NeqoHttp3ConnParams of src/native.ts, read into the C struct.
#pragma once

#include <napi.h>

#include <vector>

#include "neqo_ffi.h"
#include "params-reader.h"

namespace necko {

/**
 * All parameters of a connection, checked for type and range, with the values that the C struct points at.
 *
 * Thread: the environment's; used within one constructor call.
 */
class ConnParams {
 public:
  /** @throws TypeError that names the parameter */
  explicit ConnParams(const Napi::Object& params);
  ConnParams(const ConnParams&) = delete;
  ConnParams& operator=(const ConnParams&) = delete;

  const NeqoParams& get() const { return params_; }

 private:
  KeptValues kept_;
  std::vector<NeqoBytes> alpn_;
  NeqoParams params_{};
};

}  // namespace necko
