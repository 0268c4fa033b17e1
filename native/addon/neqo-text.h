// Text and byte strings that come out of the C interface.
#pragma once

#include <napi.h>

#include <cstdint>
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
std::string ReadText(Function read) {
  std::string text(256, '\0');
  const int64_t length = read(text.data(), text.size());
  const size_t size = length < 0 ? 0 : static_cast<size_t>(length);
  const bool shortened = size > text.size();
  text.resize(size);
  if (shortened) read(text.data(), size);
  return text;
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
