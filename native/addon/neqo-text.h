// Text and byte strings that come out of the C interface.
#pragma once

#include <napi.h>

#include <array>
#include <cstring>
#include <memory>
#include <string>

#include "neqo_ffi.h"

namespace necko {

/**
 * A string of a function that writes at most `capacity` bytes of UTF-8 to `buffer` and returns the whole length, or a
 * negative result, which becomes the empty string.
 */
template <typename Function>
Napi::Value ReadText(Napi::Env env, Function read) {
  std::array<char, 256> small;
  const int64_t length = read(small.data(), small.size());
  if (length <= 0) return Napi::String::New(env, "");
  const auto size = static_cast<size_t>(length);
  if (size <= small.size()) return Napi::String::New(env, small.data(), size);
  std::string large(size, '\0');
  read(large.data(), size);
  return Napi::String::New(env, large);
}

/** A copy, in an ArrayBuffer of its own. */
inline Napi::Uint8Array CopyBytes(Napi::Env env, NeqoBytes bytes) {
  Napi::Uint8Array copy = Napi::Uint8Array::New(env, bytes.length);
  if (bytes.length != 0) std::memcpy(copy.Data(), bytes.data, bytes.length);
  return copy;
}

struct FreeByteList {
  void operator()(NeqoByteList* list) const { neqo_byte_list_free(list); }
};

/** Byte strings owned by Rust. */
using ByteListPtr = std::unique_ptr<NeqoByteList, FreeByteList>;

}  // namespace necko
