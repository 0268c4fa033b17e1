// NeqoHttp3ServerParams of src/native-server.ts, read into the C struct.
#pragma once

#include <napi.h>

#include "neqo_server_ffi.h"
#include "params-reader.h"

namespace necko {

/**
 * All parameters of a server, checked for type and range, with the values that the C struct points at.
 *
 * Thread: the environment's; used within one constructor call.
 */
class ServerParams {
 public:
  /** @throws TypeError that names the parameter */
  explicit ServerParams(const Napi::Object& params);
  ServerParams(const ServerParams&) = delete;
  ServerParams& operator=(const ServerParams&) = delete;

  const NeqoServerParams& get() const { return params_; }

 private:
  KeptValues kept_;
  NeqoServerParams params_{};
};

/** The `policy` argument or parameter: a RetryPolicy. */
uint32_t ToRetryPolicy(Napi::Env env, napi_value value, const char* name);

}  // namespace necko
