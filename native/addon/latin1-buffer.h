// JavaScript strings whose characters are bytes of the wire.
#pragma once

#include <napi.h>

#include <string>

#include "neqo_ffi.h"

namespace necko {

/**
 * Collects strings, each of whose characters is one byte (Latin-1), in one buffer. It is kept from call to call, so
 * that a call allocates nothing once the buffer has grown to the usual size.
 *
 * Thread: belongs to one connection or server and its thread.
 */
class Latin1Buffer {
 public:
  /** Forgets what was collected. */
  void Clear();
  /**
   * Returns the length of what it appended.
   * @throws TypeError that names the argument: no string, or a character above U+00FF, which is no byte
   */
  size_t Append(Napi::Env env, napi_value value, const char* name);
  /** Everything that was appended; valid until the next Append() or Clear(). */
  NeqoBytes bytes() const { return {reinterpret_cast<const uint8_t*>(bytes_.data()), bytes_.size()}; }

 private:
  std::u16string characters_;
  std::string bytes_;
};

}  // namespace necko
