#include "virtual-fd-calls.h"

#include <sys/socket.h>

#include <algorithm>
#include <climits>

#include "addon-state.h"
#include "arguments.h"
#include "errors.h"
#include "fd-usage.h"

namespace necko {
namespace {

/** Pairs that one call may be asked for: far more than a process may have. */
constexpr double kPairLimit = 1 << 20;
constexpr double kFdLimit = static_cast<double>(INT_MAX) + 1;
/** One past the largest safe integer; setrlimit() takes 64 bits. */
constexpr double kSoftLimitLimit = 9007199254740992.0;

Napi::Value SocketPairs(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto count = static_cast<size_t>(ToUnsigned(env, info[0], "count", kPairLimit));
  std::vector<int32_t> fds;
  const int error = AddonState::Of(env)->virtualFds.Make(count, fds);
  if (error != 0 && fds.empty()) return Napi::Number::New(env, error);
  Napi::Int32Array result = Napi::Int32Array::New(env, fds.size());
  std::copy(fds.begin(), fds.end(), result.Data());
  return result;
}

void CloseFds(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Napi::Value value = info[0];
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_int32_array) {
    ThrowArgumentType(env, "fds", "an Int32Array");
  }
  const auto fds = value.As<Napi::Int32Array>();
  VirtualFds& virtualFds = AddonState::Of(env)->virtualFds;
  for (size_t i = 0; i < fds.ElementLength(); i++) virtualFds.Close(fds[i]);
}

void HangUp(const Napi::CallbackInfo& info) {
  const auto fd = static_cast<int>(ToUnsigned(info.Env(), info[0], "fd", kFdLimit));
  // ENOTCONN: the other end is closed, and nobody is left to be told.
  shutdown(fd, SHUT_RDWR);
}

Napi::Value GetFdUsage(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const FdUsage usage = ReadFdUsage();
  const Napi::Object result = Napi::Object::New(env);
  result.Set("soft", usage.soft);
  result.Set("hard", usage.hard);
  result.Set("open", Napi::Number::New(env, static_cast<double>(usage.open)));
  return result;
}

Napi::Value SetSoftFdLimit(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const int error = SetFdLimit(ToUnsigned(env, info[0], "soft", kSoftLimitLimit));
  if (error != 0) throw MakeSystemError(env, {error, "setrlimit", "", std::nullopt});
  return Napi::Number::New(env, ReadFdUsage().soft);
}

}  // namespace

void DefineVirtualFdCalls(Napi::Env env, Napi::Object exports) {
  exports.Set("socketPairs", Napi::Function::New<SocketPairs>(env, "socketPairs"));
  exports.Set("closeFds", Napi::Function::New<CloseFds>(env, "closeFds"));
  exports.Set("hangUp", Napi::Function::New<HangUp>(env, "hangUp"));
  exports.Set("fdUsage", Napi::Function::New<GetFdUsage>(env, "fdUsage"));
  exports.Set("setFdLimit", Napi::Function::New<SetSoftFdLimit>(env, "setFdLimit"));
}

}  // namespace necko
