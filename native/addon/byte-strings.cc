#include "byte-strings.h"

#include "arguments.h"
#include "errors.h"

namespace necko {
namespace {

/** What one request may leave allocated for the next: more is given back. */
constexpr size_t kKeptBytes = 64 * 1024;

}  // namespace

void ByteStrings::Clear() {
  bytes_.clear();
  lengths_.clear();
  if (bytes_.capacity() > kKeptBytes) bytes_.shrink_to_fit();
  if (characters_.capacity() > kKeptBytes) {
    characters_.clear();
    characters_.shrink_to_fit();
  }
}

void ByteStrings::Add(Napi::Env env, napi_value value, const char* name) {
  size_t length = 0;
  if (napi_get_value_string_utf16(env, value, nullptr, 0, &length) != napi_ok) ThrowArgumentType(env, name, "a string");
  // Not through Node-API's Latin-1 conversion: that cuts U+010A to a line feed, which no check above would have seen.
  if (characters_.size() <= length) characters_.resize(length + 1);
  napi_get_value_string_utf16(env, value, characters_.data(), length + 1, &length);
  bytes_.reserve(bytes_.size() + length);
  for (size_t i = 0; i < length; i++) {
    const char16_t character = characters_[i];
    if (character > 0xff) {
      throw MakeTypeError(env, "ERR_INVALID_CHAR", std::string("Invalid character in \"") + name + '"');
    }
    bytes_.push_back(static_cast<char>(character));
  }
  lengths_.push_back(length);
}

void ByteStrings::AddHeaders(Napi::Env env, napi_value headers) {
  const Napi::Array array = ToArray(env, headers, "headers");
  const uint32_t count = array.Length();
  if (count % 2 != 0) {
    throw MakeTypeError(env, "ERR_INVALID_ARG_VALUE", "The \"headers\" argument must hold names and values in turn");
  }
  for (uint32_t i = 0; i < count; i++) {
    const Napi::HandleScope scope(env);
    Add(env, array.Get(i), "headers[]");
  }
}

const std::vector<NeqoBytes>& ByteStrings::Views() {
  views_.clear();
  const auto* next = reinterpret_cast<const uint8_t*>(bytes_.data());
  for (const size_t length : lengths_) {
    views_.push_back({next, length});
    next += length;
  }
  return views_;
}

}  // namespace necko
