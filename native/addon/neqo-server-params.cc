#include "neqo-server-params.h"

#include "arguments.h"

namespace necko {

uint32_t ToRetryPolicy(Napi::Env env, napi_value value, const char* name) {
  return static_cast<uint32_t>(ToUnsigned(env, value, name, NEQO_RETRY_LOAD + 1));
}

ServerParams::ServerParams(const Napi::Object& params) {
  const ParamsReader reader(params);
  ReadCommonParams(reader, kept_, params_);
  params_.connection_id_length = reader.Unsigned<uint16_t>("connectionIdLength");
  params_.connection_id_prefix = kept_.Keep(reader.Bytes("connectionIdPrefix"));
  params_.stateless_reset_key = kept_.Keep(reader.Bytes("statelessResetKey"));
  params_.max_connections = reader.Unsigned<uint32_t>("maxConnections");
  params_.max_queued_connections = reader.Unsigned<uint32_t>("maxQueuedConnections");
  params_.queue_timeout_ms = reader.Unsigned<uint32_t>("queueTimeoutMs");
  params_.max_pending_handshakes = reader.Unsigned<uint32_t>("maxPendingHandshakes");
  params_.handshake_timeout_ms = reader.Unsigned<uint32_t>("handshakeTimeoutMs");
  params_.retry_policy = ToRetryPolicy(params.Env(), params.Get("retryPolicy"), "params.retryPolicy");
  params_.retry_on_above = reader.Unsigned<uint32_t>("retryOnAbove");
  params_.retry_off_below = reader.Unsigned<uint32_t>("retryOffBelow");
  params_.zero_rtt_window_ms = reader.Unsigned<uint32_t>("zeroRttWindowMs");
  params_.max_field_section_size = reader.Unsigned<uint64_t>("maxFieldSectionSize");
  params_.ask_server_name = reader.Boolean("askServerName");
  params_.session_tickets = reader.Boolean("sessionTickets");
}

}  // namespace necko
