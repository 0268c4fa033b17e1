// Values that connections and servers of QUIC have in common, read from JavaScript and given to it.
#pragma once

#include <napi.h>

#include <cstdint>

#include "arguments.h"

namespace necko {

/** One past the largest uint32_t. */
constexpr double kUint32Limit = 4294967296.0;

/** A non-negative result or a NativeResult. */
inline Napi::Value ToResult(Napi::Env env, int64_t result) {
  return Napi::Number::New(env, static_cast<double>(result));
}

/** A QUIC stream or session id. */
inline uint64_t ToStreamId(Napi::Env env, napi_value value, const char* name = "streamId") {
  return ToUnsigned(env, value, name, kVarintLimit);
}

/** An HTTP/3 or application error code. */
inline uint64_t ToErrorCode(Napi::Env env, napi_value value) { return ToUnsigned(env, value, "error", kVarintLimit); }

/** Of a stream. */
inline uint64_t ToByteCount(Napi::Env env, napi_value value, const char* name) {
  return ToUnsigned(env, value, name, kVarintLimit);
}

inline uint32_t ToUint32(Napi::Env env, napi_value value, const char* name) {
  return static_cast<uint32_t>(ToUnsigned(env, value, name, kUint32Limit));
}

/** A send group: one of the application's numbers. */
inline uint64_t ToSendGroup(Napi::Env env, napi_value value) { return ToUnsigned(env, value, "group", kUint32Limit); }

/** How many datagrams one step may move. */
inline uint32_t ToDatagramBound(Napi::Env env, napi_value value) { return ToUint32(env, value, "maxDatagrams"); }

}  // namespace necko
