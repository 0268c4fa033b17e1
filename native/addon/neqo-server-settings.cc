// What holds for all connections of a server, and its totals.
#include <string>

#include "arguments.h"
#include "errors.h"
#include "neqo-server-params.h"
#include "neqo-server.h"
#include "quic-values.h"
#include "server-credential.h"

namespace necko {
namespace {

struct Field {
  const char* name;
  double NeqoServerStats::*member;
};

constexpr Field kNumbers[] = {
    {"connections", &NeqoServerStats::connections},
    {"pendingHandshakes", &NeqoServerStats::pending_handshakes},
    {"queuedConnections", &NeqoServerStats::queued_connections},
    {"accepted", &NeqoServerStats::accepted},
    {"refused", &NeqoServerStats::refused},
    {"handshakesFailed", &NeqoServerStats::handshakes_failed},
    {"retriesSent", &NeqoServerStats::retries_sent},
    {"versionNegotiationsSent", &NeqoServerStats::version_negotiations_sent},
    {"statelessResetsSent", &NeqoServerStats::stateless_resets_sent},
    {"datagramsDiscarded", &NeqoServerStats::datagrams_discarded},
    {"datagramsForwarded", &NeqoServerStats::datagrams_forwarded},
    {"bytesReceived", &NeqoServerStats::bytes_received},
    {"bytesSent", &NeqoServerStats::bytes_sent},
    {"datagramsReceived", &NeqoServerStats::datagrams_received},
    {"datagramsSent", &NeqoServerStats::datagrams_sent},
    {"receiveCalls", &NeqoServerStats::receive_calls},
    {"sendCalls", &NeqoServerStats::send_calls},
    {"wouldBlockReceive", &NeqoServerStats::would_block_receive},
    {"wouldBlockSend", &NeqoServerStats::would_block_send},
};

}  // namespace

void NeqoHttp3Server::SetCredential(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoServer* server = Server(env);
  const std::string host = ToUtf8(env, info[0], "hostName");
  const NeqoCredential* credential = ServerCredential::FromArgument(env, info[1]);
  const NeqoBytes name{reinterpret_cast<const uint8_t*>(host.data()), host.size()};
  Check(env, neqo_server_set_credential(server, name, credential));
}

void NeqoHttp3Server::SetAccepting(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoServer* server = Server(env);
  Check(env, neqo_server_set_accepting(server, ToBoolean(env, info[0], "accepting")));
}

void NeqoHttp3Server::SetRetry(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoServer* server = Server(env);
  const uint32_t policy = ToRetryPolicy(env, info[0], "policy");
  const uint32_t onAbove = ToUint32(env, info[1], "onAbove");
  const uint32_t offBelow = ToUint32(env, info[2], "offBelow");
  Check(env, neqo_server_set_retry(server, policy, onAbove, offBelow));
}

void NeqoHttp3Server::SetMaxConnections(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoServer* server = Server(env);
  Check(env, neqo_server_set_max_connections(server, ToUint32(env, info[0], "maxConnections")));
}

void NeqoHttp3Server::SetForwarding(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoServer* server = Server(env);
  const int32_t fd = ToInt32(env, info[0], "fd");
  const std::string directory = ToUtf8(env, info[1], "directory");
  const uint32_t id_length = ToUint32(env, info[2], "idLength");
  const NeqoBytes path{reinterpret_cast<const uint8_t*>(directory.data()), directory.size()};
  Check(env, neqo_server_set_forwarding(server, fd, path, id_length));
}

Napi::Value NeqoHttp3Server::Stats(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  NeqoServerStats stats{};
  // After a panic there is nothing to read, and all counts stay 0.
  neqo_server_stats(Server(env), &stats);
  const Napi::Object result = Napi::Object::New(env);
  for (const Field& field : kNumbers) result.Set(field.name, stats.*field.member);
  result.Set("retryActive", Napi::Boolean::New(env, stats.retry_active != 0));
  return result;
}

}  // namespace necko
