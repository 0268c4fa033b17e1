#include "init-error.h"

#include <uv.h>

#include "errors.h"

namespace necko {

Napi::Error MakeInitError(Napi::Env env, const NeqoInitError& failure) {
  if (failure.errno_value == 0) return MakeError(env, "ERR_NEQO_INIT", failure.message);
  const int number = uv_translate_sys_error(failure.errno_value);
  Napi::Error error = MakeError(env, UvErrorName(number).c_str(), failure.message);
  error.Set("errno", Napi::Number::New(env, number));
  return error;
}

}  // namespace necko
