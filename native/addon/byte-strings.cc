#include "byte-strings.h"

#include "arguments.h"
#include "errors.h"

namespace necko {

void ByteStrings::Clear() {
  bytes_.Clear();
  lengths_.clear();
}

void ByteStrings::Add(Napi::Env env, napi_value value, const char* name) {
  lengths_.push_back(bytes_.Append(env, value, name));
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
  const uint8_t* next = bytes_.bytes().data;
  for (const size_t length : lengths_) {
    views_.push_back({next, length});
    next += length;
  }
  return views_;
}

}  // namespace necko
