#include "open-datagram-socket.h"

#include "arguments.h"
#include "udp-socket.h"
#include "unix-datagram.h"

namespace necko {
namespace {

constexpr double kPortLimit = 65536;

std::string ToIpLiteral(Napi::Env env, napi_value value, const char* name) {
  std::string address = ToUtf8(env, value, name);
  if (!IsIpLiteral(address)) {
    throw MakeTypeError(env, "ERR_INVALID_IP_ADDRESS",
                        std::string("The \"") + name + "\" argument must be an IP literal: " + address);
  }
  return address;
}

uint16_t ToPort(Napi::Env env, napi_value value, const char* name) {
  return static_cast<uint16_t>(ToUnsigned(env, value, name, kPortLimit));
}

OpenedSocket OpenUnix(Napi::Env env, napi_value unixPath) {
  const std::string path = ToUtf8(env, unixPath, "options.unixPath");
  if (path.empty() || path.find('\0') != std::string::npos) {
    throw MakeTypeError(env, "ERR_INVALID_ARG_VALUE",
                        "The \"options.unixPath\" argument must be a path without null bytes");
  }
  return BindUnixDatagram(path);
}

OpenedSocket OpenConnected(Napi::Env env, const Napi::Object& options) {
  const Napi::Value localAddress = options["localAddress"];
  Endpoint local;
  if (!localAddress.IsUndefined()) local.address = ToIpLiteral(env, localAddress, "options.localAddress");
  local.port = ToPort(env, options.Get("localPort"), "options.localPort");
  return ConnectUdp(local, {ToIpLiteral(env, options.Get("remoteAddress"), "options.remoteAddress"),
                            ToPort(env, options.Get("remotePort"), "options.remotePort")});
}

OpenedSocket OpenBound(Napi::Env env, const Napi::Object& options) {
  const Endpoint local{ToIpLiteral(env, options.Get("localAddress"), "options.localAddress"),
                       ToPort(env, options.Get("localPort"), "options.localPort")};
  return BindUdp(local, {ToBoolean(env, options.Get("ipv6Only"), "options.ipv6Only"),
                         ToBoolean(env, options.Get("reusePort"), "options.reusePort")});
}

OpenedSocket Open(Napi::Env env, const Napi::Object& options) {
  const Napi::Value unixPath = options["unixPath"];
  if (!unixPath.IsUndefined()) return OpenUnix(env, unixPath);
  return options.Has("remoteAddress") ? OpenConnected(env, options) : OpenBound(env, options);
}

}  // namespace

DatagramSocket OpenDatagramSocket(const Napi::Object& options) {
  const Napi::Env env = options.Env();
  OpenedSocket opened = Open(env, options);
  if (const auto* failure = std::get_if<SystemError>(&opened)) throw MakeSystemError(env, *failure);
  return std::get<DatagramSocket>(std::move(opened));
}

}  // namespace necko
