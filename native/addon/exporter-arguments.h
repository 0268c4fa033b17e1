// Arguments of exportKeyingMaterial() of connections and servers.
#pragma once

#include <napi.h>

#include <string>

#include "arguments.h"
#include "neqo-text.h"
#include "quic-values.h"

namespace necko {

/**
 * What is to be exported.
 *
 * Thread: the environment's; used within one call.
 */
class ExporterArguments {
 public:
  /** @throws TypeError that names the argument */
  ExporterArguments(Napi::Env env, napi_value label, napi_value context, napi_value length)
      : label_(ToUtf8(env, label, "label")),
        length_(ToUint32(env, length, "length")),
        context_(ToBytes(env, context, "context")) {}

  NeqoBytes label() const { return {reinterpret_cast<const uint8_t*>(label_.data()), label_.size()}; }
  NeqoBytes context() const { return {context_.data, context_.length}; }
  size_t length() const { return length_; }

  /** Takes the list over: its bytes, or undefined if there is none. */
  static Napi::Value Result(Napi::Env env, NeqoByteList* key) {
    const ByteListPtr list(key);
    if (!list) return env.Undefined();
    return CopyBytes(env, neqo_byte_list_item(list.get(), 0));
  }

 private:
  std::string label_;
  uint32_t length_;
  ByteSpan context_;
};

}  // namespace necko
