// Byte strings of a call: method, path, header names and values.
#pragma once

#include <napi.h>

#include <vector>

#include "latin1-buffer.h"
#include "neqo_ffi.h"

namespace necko {

/**
 * Collects byte strings (Latin-1) in one buffer and gives each of them back.
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
  Latin1Buffer bytes_;
  std::vector<size_t> lengths_;
  std::vector<NeqoBytes> views_;
};

}  // namespace necko
