#include "neqo-params.h"

#include <utility>

namespace necko {

ConnParams::ConnParams(const Napi::Object& params) {
  const ParamsReader reader(params);
  ReadCommonParams(reader, kept_, params_);
  params_.remote_port = reader.Unsigned<uint16_t>("remotePort");
  params_.remote_address = kept_.Keep(reader.Text("remoteAddress"));
  params_.server_name = kept_.Keep(reader.Text("serverName"));
  for (std::string& protocol : reader.Texts("alpn")) alpn_.push_back(kept_.Keep(std::move(protocol)));
  params_.alpn = alpn_.data();
  params_.alpn_count = alpn_.size();
  params_.sni_slicing = reader.Boolean("sniSlicing");
}

}  // namespace necko
