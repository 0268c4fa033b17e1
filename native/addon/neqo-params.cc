#include "neqo-params.h"

#include <limits>

#include "arguments.h"
#include "errors.h"

namespace necko {
namespace {

/** Reads named properties, so that an error can say `params.name`. */
class Reader {
 public:
  explicit Reader(const Napi::Object& object) : env_(object.Env()), object_(object) {}

  template <typename T>
  T Unsigned(const char* name) const {
    constexpr double kLimit =
        std::numeric_limits<T>::digits > 62 ? kVarintLimit : static_cast<double>(std::numeric_limits<T>::max()) + 1;
    return static_cast<T>(ToUnsigned(env_, Get(name), Qualified(name).c_str(), kLimit));
  }
  int32_t Int32(const char* name) const { return ToInt32(env_, Get(name), Qualified(name).c_str()); }
  bool Boolean(const char* name) const { return ToBoolean(env_, Get(name), Qualified(name).c_str()); }
  std::string Text(const char* name) const { return ToUtf8(env_, Get(name), Qualified(name).c_str()); }

  std::vector<std::string> Texts(const char* name) const {
    const std::string qualified = Qualified(name);
    const Napi::Array array = ToArray(env_, Get(name), qualified.c_str());
    std::vector<std::string> texts;
    const std::string element = qualified + "[]";
    for (uint32_t i = 0; i < array.Length(); i++) texts.push_back(ToUtf8(env_, array.Get(i), element.c_str()));
    return texts;
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

}  // namespace

NeqoBytes ConnParams::Keep(std::string text) {
  const std::string& kept = strings_.emplace_back(std::move(text));
  return {reinterpret_cast<const uint8_t*>(kept.data()), kept.size()};
}

ConnParams::ConnParams(const Napi::Object& params) {
  const Reader reader(params);
  params_.fd = reader.Int32("fd");
  params_.local_port = reader.Unsigned<uint16_t>("localPort");
  params_.remote_port = reader.Unsigned<uint16_t>("remotePort");
  params_.server_name = Keep(reader.Text("serverName"));
  for (std::string& protocol : reader.Texts("alpn")) alpn_.push_back(Keep(std::move(protocol)));
  params_.alpn = alpn_.data();
  params_.alpn_count = alpn_.size();
  params_.local_address = Keep(reader.Text("localAddress"));
  params_.remote_address = Keep(reader.Text("remoteAddress"));
  params_.qlog_dir = Keep(reader.Text("qlogDir"));
  params_.max_table_size = reader.Unsigned<uint64_t>("maxTableSize");
  params_.max_data = reader.Unsigned<uint64_t>("maxData");
  params_.max_stream_data = reader.Unsigned<uint64_t>("maxStreamData");
  params_.max_streams_bidi = reader.Unsigned<uint64_t>("maxStreamsBidi");
  params_.max_streams_uni = reader.Unsigned<uint64_t>("maxStreamsUni");
  params_.idle_timeout_ms = reader.Unsigned<uint64_t>("idleTimeoutMs");
  params_.datagram_size = reader.Unsigned<uint64_t>("datagramSize");
  params_.outgoing_datagram_queue = reader.Unsigned<uint64_t>("outgoingDatagramQueue");
  params_.incoming_datagram_queue = reader.Unsigned<uint64_t>("incomingDatagramQueue");
  params_.receive_buffer_size = reader.Unsigned<uint64_t>("receiveBufferSize");
  params_.send_buffer_size = reader.Unsigned<uint64_t>("sendBufferSize");
  params_.congestion_control = reader.Congestion("congestionControl");
  params_.max_blocked_streams = reader.Unsigned<uint16_t>("maxBlockedStreams");
  params_.ack_ratio = reader.Unsigned<uint8_t>("ackRatio");
  params_.fast_pto = reader.Unsigned<uint8_t>("fastPto");
  params_.pacing = reader.Boolean("pacing");
  params_.pmtud = reader.Boolean("pmtud");
  params_.grease = reader.Boolean("grease");
  params_.sni_slicing = reader.Boolean("sniSlicing");
  params_.mlkem = reader.Boolean("mlkem");
  params_.version_negotiation = reader.Boolean("versionNegotiation");
  params_.webtransport = reader.Boolean("webtransport");
}

}  // namespace necko
