#include "errors.h"

#include <uv.h>

namespace necko {

std::string UvErrorName(int error) {
  char name[64];
  return uv_err_name_r(error, name, sizeof name);
}

Napi::Error MakeSystemError(Napi::Env env, const SystemError& failure) {
  const std::string code = UvErrorName(failure.error);
  std::string message = std::string(failure.syscall) + ' ' + code;
  if (!failure.address.empty()) message += ' ' + failure.address;
  if (failure.port) message += ':' + std::to_string(*failure.port);
  Napi::Error error = MakeError(env, code.c_str(), message);
  error.Set("errno", Napi::Number::New(env, failure.error));
  error.Set("syscall", Napi::String::New(env, failure.syscall));
  if (!failure.address.empty()) error.Set("address", Napi::String::New(env, failure.address));
  if (failure.port) error.Set("port", Napi::Number::New(env, *failure.port));
  return error;
}

Napi::Error MakeError(Napi::Env env, const char* code, const std::string& message) {
  Napi::Error error = Napi::Error::New(env, message);
  error.Set("code", Napi::String::New(env, code));
  return error;
}

Napi::TypeError MakeTypeError(Napi::Env env, const char* code, const std::string& message) {
  Napi::TypeError error = Napi::TypeError::New(env, message);
  error.Set("code", Napi::String::New(env, code));
  return error;
}

}  // namespace necko
