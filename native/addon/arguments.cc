#include "arguments.h"

#include <cmath>

#include "errors.h"

namespace necko {
namespace {

constexpr double kMaxSafeInteger = 9007199254740991.0;

double ToWholeNumber(Napi::Env env, napi_value value, const char* name, double min, double max) {
  double number = 0;
  if (napi_get_value_double(env, value, &number) != napi_ok) ThrowArgumentType(env, name, "a number");
  if (!(number >= min && number <= max) || number != std::floor(number)) {
    throw MakeTypeError(env, "ERR_INVALID_ARG_VALUE",
                        std::string("The \"") + name + "\" argument must be a whole number from " +
                            std::to_string(static_cast<int64_t>(min)) + " to " +
                            std::to_string(static_cast<int64_t>(max)));
  }
  return number;
}

}  // namespace

void ThrowArgumentType(Napi::Env env, const char* name, const std::string& expected) {
  throw MakeTypeError(env, "ERR_INVALID_ARG_TYPE", std::string("The \"") + name + "\" argument must be " + expected);
}

uint64_t ToUnsigned(Napi::Env env, napi_value value, const char* name, double limit) {
  // The largest double below the limit: one less does not exist above 2^53.
  return static_cast<uint64_t>(ToWholeNumber(env, value, name, 0, std::nextafter(limit, 0)));
}

int32_t ToInt32(Napi::Env env, napi_value value, const char* name) {
  return static_cast<int32_t>(ToWholeNumber(env, value, name, INT32_MIN, INT32_MAX));
}

int64_t ToSafeInteger(Napi::Env env, napi_value value, const char* name) {
  return static_cast<int64_t>(ToWholeNumber(env, value, name, -kMaxSafeInteger, kMaxSafeInteger));
}

bool ToBoolean(Napi::Env env, napi_value value, const char* name) {
  bool result = false;
  if (napi_get_value_bool(env, value, &result) != napi_ok) ThrowArgumentType(env, name, "a boolean");
  return result;
}

std::string ToUtf8(Napi::Env env, napi_value value, const char* name) {
  size_t length = 0;
  if (napi_get_value_string_utf8(env, value, nullptr, 0, &length) != napi_ok) ThrowArgumentType(env, name, "a string");
  // Node-API writes a terminator behind the text, where std::string has one anyway.
  std::string text(length, '\0');
  napi_get_value_string_utf8(env, value, text.data(), length + 1, &length);
  return text;
}

ByteSpan ToBytes(Napi::Env env, napi_value value, const char* name) {
  napi_typedarray_type type = napi_int8_array;
  void* data = nullptr;
  ByteSpan span;
  if (napi_get_typedarray_info(env, value, &type, &span.length, &data, nullptr, nullptr) != napi_ok ||
      type != napi_uint8_array) {
    ThrowArgumentType(env, name, "a Uint8Array");
  }
  span.data = static_cast<uint8_t*>(data);
  return span;
}

ByteSpan ToByteRange(Napi::Env env, napi_value value, napi_value offset, napi_value length, const char* name) {
  const ByteSpan whole = ToBytes(env, value, name);
  const uint64_t begin = ToUnsigned(env, offset, "offset", kMaxSafeInteger);
  const uint64_t count = ToUnsigned(env, length, "length", kMaxSafeInteger);
  if (begin > whole.length || count > whole.length - begin) {
    throw MakeTypeError(env, "ERR_INVALID_ARG_VALUE",
                        std::string("The \"offset\" and \"length\" arguments must lie within \"") + name + '"');
  }
  return {whole.data + begin, static_cast<size_t>(count)};
}

Napi::Function ToFunction(Napi::Env env, napi_value value, const char* name) {
  const Napi::Value candidate(env, value);
  if (!candidate.IsFunction()) ThrowArgumentType(env, name, "a function");
  return candidate.As<Napi::Function>();
}

Napi::Object ToObject(Napi::Env env, napi_value value, const char* name) {
  const Napi::Value candidate(env, value);
  if (!candidate.IsObject()) ThrowArgumentType(env, name, "an object");
  return candidate.As<Napi::Object>();
}

Napi::Array ToArray(Napi::Env env, napi_value value, const char* name) {
  const Napi::Value candidate(env, value);
  if (!candidate.IsArray()) ThrowArgumentType(env, name, "an array");
  return candidate.As<Napi::Array>();
}

}  // namespace necko
