#include "latin1-buffer.h"

#include <algorithm>

#include "arguments.h"
#include "errors.h"

namespace necko {
namespace {

/** What one call may leave allocated for the next: more is given back. */
constexpr size_t kKeptBytes = 64 * 1024;
/** Longer than most header sections, so that their length need not be asked for. */
constexpr size_t kFirstCharacters = 1024;

}  // namespace

void Latin1Buffer::Clear() {
  bytes_.clear();
  if (bytes_.capacity() > kKeptBytes) bytes_.shrink_to_fit();
  if (characters_.capacity() > kKeptBytes) {
    characters_.clear();
    characters_.shrink_to_fit();
  }
}

size_t Latin1Buffer::Append(Napi::Env env, napi_value value, const char* name) {
  if (characters_.size() < kFirstCharacters) characters_.resize(kFirstCharacters);
  // Not through Node-API's Latin-1 conversion: that cuts U+010A to a line feed, which no check above would have seen.
  size_t length = 0;
  if (napi_get_value_string_utf16(env, value, characters_.data(), characters_.size(), &length) != napi_ok) {
    ThrowArgumentType(env, name, "a string");
  }
  // It filled all but the place of the terminator: there may be more.
  if (length + 1 == characters_.size()) {
    napi_get_value_string_utf16(env, value, nullptr, 0, &length);
    if (length >= characters_.size()) characters_.resize(length + 1);
    napi_get_value_string_utf16(env, value, characters_.data(), characters_.size(), &length);
  }
  char16_t all = 0;
  for (size_t i = 0; i < length; i++) all |= characters_[i];
  if (all > 0xff) throw MakeTypeError(env, "ERR_INVALID_CHAR", std::string("Invalid character in \"") + name + '"');
  const size_t begin = bytes_.size();
  bytes_.resize(begin + length);
  std::transform(characters_.begin(), characters_.begin() + length, bytes_.begin() + begin,
                 [](char16_t character) { return static_cast<char>(character); });
  return length;
}

}  // namespace necko
