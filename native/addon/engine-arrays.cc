#include "engine-arrays.h"

#include <string>

#include "errors.h"
#include "neqo_ffi.h"

namespace necko {
namespace {

constexpr size_t kMinEventBuffer = 64 * 1024;
/** The C interface wants event records aligned. */
constexpr size_t kEventAlignment = 8;

Napi::Object CheckStatusArray(Napi::Env env, napi_value value) {
  const Napi::Value array(env, value);
  if (!array.IsTypedArray() || array.As<Napi::TypedArray>().TypedArrayType() != napi_float64_array ||
      array.As<Napi::TypedArray>().ElementLength() < NEQO_STATUS_LENGTH) {
    ThrowArgumentType(env, "status", "a Float64Array of at least " + std::to_string(NEQO_STATUS_LENGTH) + " elements");
  }
  return array.As<Napi::Object>();
}

Napi::Object CheckEventBuffer(Napi::Env env, napi_value value) {
  const ByteSpan bytes = ToBytes(env, value, "events");
  if (bytes.length < kMinEventBuffer || reinterpret_cast<uintptr_t>(bytes.data) % kEventAlignment != 0) {
    ThrowArgumentType(env, "events",
                      "a Uint8Array of at least " + std::to_string(kMinEventBuffer) + " bytes, aligned to " +
                          std::to_string(kEventAlignment));
  }
  return Napi::Value(env, value).As<Napi::Object>();
}

}  // namespace

EngineArrays::EngineArrays(Napi::Env env, napi_value status, napi_value events)
    : status_(Napi::Persistent(CheckStatusArray(env, status))),
      events_(Napi::Persistent(CheckEventBuffer(env, events))) {}

void EngineArrays::Reset() {
  status_.Reset();
  events_.Reset();
}

double* EngineArrays::Status(Napi::Env env) const {
  void* data = nullptr;
  size_t length = 0;
  napi_get_typedarray_info(env, status_.Value(), nullptr, &length, &data, nullptr, nullptr);
  if (length < NEQO_STATUS_LENGTH) throw MakeTypeError(env, "ERR_INVALID_STATE", "The status array was detached");
  return static_cast<double*>(data);
}

void EngineArrays::GrowEventBuffer(Napi::Env env, size_t capacity) {
  events_ = Napi::Persistent(Napi::Uint8Array::New(env, capacity).As<Napi::Object>());
}

}  // namespace necko
