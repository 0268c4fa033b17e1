// Reading of the `params` object of a constructor.
#pragma once

#include <napi.h>

#include <deque>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "arguments.h"
#include "errors.h"
#include "neqo_ffi.h"

namespace necko {

/** Reads named properties, so that an error can say `params.name`. */
class ParamsReader {
 public:
  explicit ParamsReader(const Napi::Object& object) : env_(object.Env()), object_(object) {}

  template <typename T>
  T Unsigned(const char* name) const {
    constexpr double kLimit =
        std::numeric_limits<T>::digits > 62 ? kVarintLimit : static_cast<double>(std::numeric_limits<T>::max()) + 1;
    return static_cast<T>(ToUnsigned(env_, Get(name), Qualified(name).c_str(), kLimit));
  }
  int32_t Int32(const char* name) const { return ToInt32(env_, Get(name), Qualified(name).c_str()); }
  bool Boolean(const char* name) const { return ToBoolean(env_, Get(name), Qualified(name).c_str()); }
  /** Bytes of a Uint8Array, as a string of theirs. */
  std::string Bytes(const char* name) const {
    const ByteSpan bytes = ToBytes(env_, Get(name), Qualified(name).c_str());
    return {reinterpret_cast<const char*>(bytes.data), bytes.length};
  }
  std::string Text(const char* name) const { return ToUtf8(env_, Get(name), Qualified(name).c_str()); }

  std::vector<std::string> Texts(const char* name) const {
    const std::string qualified = Qualified(name);
    const Napi::Array array = ToArray(env_, Get(name), qualified.c_str());
    std::vector<std::string> texts;
    const std::string element = qualified + "[]";
    for (uint32_t i = 0; i < array.Length(); i++) texts.push_back(ToUtf8(env_, array.Get(i), element.c_str()));
    return texts;
  }

  std::vector<uint64_t> Numbers(const char* name) const {
    const std::string qualified = Qualified(name);
    const Napi::Array array = ToArray(env_, Get(name), qualified.c_str());
    std::vector<uint64_t> numbers;
    const std::string element = qualified + "[]";
    for (uint32_t i = 0; i < array.Length(); i++) {
      numbers.push_back(ToUnsigned(env_, array.Get(i), element.c_str(), kVarintLimit));
    }
    return numbers;
  }

  uint32_t Congestion(const char* name) const {
    const std::string text = Text(name);
    if (text == "newreno") return NEQO_CC_NEWRENO;
    if (text == "cubic") return NEQO_CC_CUBIC;
    throw MakeTypeError(env_, "ERR_INVALID_ARG_VALUE",
                        "The \"" + Qualified(name) + "\" argument must be 'newreno' or 'cubic'");
  }

 private:
  Napi::Value Get(const char* name) const { return object_.Get(name); }
  static std::string Qualified(const char* name) { return std::string("params.") + name; }

  Napi::Env env_;
  Napi::Object object_;
};

/**
 * The strings and numbers that a C struct points at.
 *
 * Thread: the environment's; used within one constructor call.
 */
class KeptValues {
 public:
  const std::vector<uint64_t>& Keep(std::vector<uint64_t> numbers) { return numbers_.emplace_back(std::move(numbers)); }
  NeqoBytes Keep(std::string text) {
    const std::string& kept = strings_.emplace_back(std::move(text));
    return {reinterpret_cast<const uint8_t*>(kept.data()), kept.size()};
  }

 private:
  /** Deques, because their elements stay where they are. */
  std::deque<std::string> strings_;
  std::deque<std::vector<uint64_t>> numbers_;
};

/** Reads what NeqoParams and NeqoServerParams have in common. */
template <typename Params>
void ReadCommonParams(const ParamsReader& reader, KeptValues& kept, Params& params) {
  params.fd = reader.Int32("fd");
  params.local_port = reader.Unsigned<uint16_t>("localPort");
  params.local_address = kept.Keep(reader.Text("localAddress"));
  params.qlog_dir = kept.Keep(reader.Text("qlogDir"));
  params.max_table_size = reader.Unsigned<uint64_t>("maxTableSize");
  params.max_data = reader.Unsigned<uint64_t>("maxData");
  params.max_stream_data = reader.Unsigned<uint64_t>("maxStreamData");
  params.max_streams_bidi = reader.Unsigned<uint64_t>("maxStreamsBidi");
  params.max_streams_uni = reader.Unsigned<uint64_t>("maxStreamsUni");
  params.idle_timeout_ms = reader.Unsigned<uint64_t>("idleTimeoutMs");
  params.datagram_size = reader.Unsigned<uint64_t>("datagramSize");
  params.outgoing_datagram_queue = reader.Unsigned<uint64_t>("outgoingDatagramQueue");
  params.incoming_datagram_queue = reader.Unsigned<uint64_t>("incomingDatagramQueue");
  params.receive_buffer_size = reader.Unsigned<uint64_t>("receiveBufferSize");
  params.send_buffer_size = reader.Unsigned<uint64_t>("sendBufferSize");
  params.congestion_control = reader.Congestion("congestionControl");
  params.max_blocked_streams = reader.Unsigned<uint16_t>("maxBlockedStreams");
  params.ack_ratio = reader.Unsigned<uint8_t>("ackRatio");
  params.fast_pto = reader.Unsigned<uint8_t>("fastPto");
  params.pacing = reader.Boolean("pacing");
  params.pmtud = reader.Boolean("pmtud");
  params.grease = reader.Boolean("grease");
  params.mlkem = reader.Boolean("mlkem");
  params.version_negotiation = reader.Boolean("versionNegotiation");
  params.webtransport = reader.Boolean("webtransport");
  const std::vector<uint64_t>& settings = kept.Keep(reader.Numbers("settings"));
  params.settings = settings.data();
  params.settings_count = settings.size();
  params.reset_stream_at = reader.Boolean("resetStreamAt");
}

}  // namespace necko
