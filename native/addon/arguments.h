// Checked reading of JavaScript arguments. Every function throws a TypeError that names the argument.
//
// These run on hot paths, so they call Node-API directly: no handle wrappers, no allocation.
#pragma once

#include <napi.h>

#include <cstddef>
#include <cstdint>
#include <string>

namespace necko {

/** One past the largest QUIC variable-length integer (RFC 9000 16), exact as a double. */
constexpr double kVarintLimit = 4611686018427387904.0;

/** Borrowed bytes of a JavaScript typed array: valid until JavaScript runs again. */
struct ByteSpan {
  uint8_t* data = nullptr;
  size_t length = 0;
};

/** A whole number from 0 to below `limit`. */
uint64_t ToUnsigned(Napi::Env env, napi_value value, const char* name, double limit);

/** A whole number that an int32_t holds. */
int32_t ToInt32(Napi::Env env, napi_value value, const char* name);

/** A safe integer (ECMA-262 21.1.2.5) of either sign. */
int64_t ToSafeInteger(Napi::Env env, napi_value value, const char* name);

bool ToBoolean(Napi::Env env, napi_value value, const char* name);

/** UTF-8; a lone surrogate becomes U+FFFD. */
std::string ToUtf8(Napi::Env env, napi_value value, const char* name);

/** All bytes of a Uint8Array (a Buffer is one). */
ByteSpan ToBytes(Napi::Env env, napi_value value, const char* name);

/** The range `offset`, `length` of a Uint8Array; the range must lie within it. */
ByteSpan ToByteRange(Napi::Env env, napi_value value, napi_value offset, napi_value length, const char* name);

/** The function itself. */
Napi::Function ToFunction(Napi::Env env, napi_value value, const char* name);

/** The object itself. */
Napi::Object ToObject(Napi::Env env, napi_value value, const char* name);

/** The array itself. */
Napi::Array ToArray(Napi::Env env, napi_value value, const char* name);

/** Throws the TypeError for an argument of the wrong type: `The "name" argument must be expected`. */
[[noreturn]] void ThrowArgumentType(Napi::Env env, const char* name, const std::string& expected);

}  // namespace necko
