// Byte strings of a call: method, path, header names and values.
#pragma once

#include <napi.h>

#include <string>
#include <vector>

#include "neqo_ffi.h"

namespace necko {

/**
 * Collects JavaScript strings whose characters are bytes of the wire (Latin-1) in one buffer. The buffer is kept from
 * call to call, so that a request allocates nothing once it has grown to the usual size.
 *
 * Thread: belongs to one connection and its thread.
 */
class ByteStrings {
 public:
  /** Forgets what was collected. */
  void Clear();
  /** @throws TypeError that names the argument: no string, or a character above U+00FF, which is no byte */
  void Add(Napi::Env env, napi_value value, const char* name);
  /** Adds the `headers` argument, a flat array of strings: name, value, name, value … */
  void AddHeaders(Napi::Env env, napi_value headers);
  /** What was added, in order; valid until the next Add() or Clear(). */
  const std::vector<NeqoBytes>& Views();

 private:
  std::u16string characters_;
  std::string bytes_;
  std::vector<size_t> lengths_;
  std::vector<NeqoBytes> views_;
};

}  // namespace necko
