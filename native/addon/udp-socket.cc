#include "udp-socket.h"

#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <uv.h>

#include <cerrno>
#include <charconv>
#include <optional>

namespace necko {
namespace {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;

  int family() const { return storage.ss_family; }
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

/** Interface index of a zone, which is a name or a number (RFC 4007 11.2); 0 if there is no such interface. */
uint32_t ScopeId(const std::string& zone) {
  uint32_t index = 0;
  const char* end = zone.data() + zone.size();
  const auto [stop, error] = std::from_chars(zone.data(), end, index);
  if (error == std::errc() && stop == end) return index;
  return if_nametoindex(zone.c_str());
}

/** nullopt: no IP literal, or its zone does not exist. */
std::optional<SocketAddress> ParseEndpoint(const Endpoint& endpoint) {
  SocketAddress result;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&result.storage);
  if (uv_ip4_addr(endpoint.address.c_str(), endpoint.port, v4) == 0) {
    result.length = sizeof *v4;
    return result;
  }
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&result.storage);
  const size_t percent = endpoint.address.find('%');
  if (uv_ip6_addr(endpoint.address.substr(0, percent).c_str(), endpoint.port, v6) != 0) return std::nullopt;
  if (percent != std::string::npos) {
    v6->sin6_scope_id = ScopeId(endpoint.address.substr(percent + 1));
    if (v6->sin6_scope_id == 0) return std::nullopt;
  }
  result.length = sizeof *v6;
  return result;
}

SocketAddress Wildcard(int family, uint16_t port) {
  SocketAddress result;
  if (family == AF_INET) {
    uv_ip4_addr("0.0.0.0", port, reinterpret_cast<sockaddr_in*>(&result.storage));
    result.length = sizeof(sockaddr_in);
  } else {
    uv_ip6_addr("::", port, reinterpret_cast<sockaddr_in6*>(&result.storage));
    result.length = sizeof(sockaddr_in6);
  }
  return result;
}

Endpoint FormatEndpoint(const SocketAddress& address) {
  char text[INET6_ADDRSTRLEN] = "";
  uv_ip_name(address.get(), text, sizeof text);
  const uint16_t port = address.family() == AF_INET
                            ? reinterpret_cast<const sockaddr_in*>(&address.storage)->sin_port
                            : reinterpret_cast<const sockaddr_in6*>(&address.storage)->sin6_port;
  return {text, ntohs(port)};
}

SystemError Failed(const char* syscall) { return {uv_translate_sys_error(errno), syscall, "", std::nullopt}; }

SystemError Failed(const char* syscall, const Endpoint& endpoint) {
  return {uv_translate_sys_error(errno), syscall, endpoint.address, endpoint.port};
}

/** `asked` may lack an address, then the wildcard's is told. */
SystemError BindFailed(const Endpoint& asked, const SocketAddress& address) {
  SystemError failure = Failed("bind", asked);
  if (failure.address.empty()) failure.address = FormatEndpoint(address).address;
  return failure;
}

/** The last step of opening: asks where the socket is bound. */
OpenedSocket Opened(Descriptor descriptor, const Endpoint& asked) {
  SocketAddress bound;
  bound.length = sizeof bound.storage;
  if (getsockname(descriptor.get(), bound.get(), &bound.length) != 0) return Failed("getsockname", asked);
  return DatagramSocket(std::move(descriptor), FormatEndpoint(bound));
}

SystemError NoInterface(const char* syscall, const Endpoint& endpoint) {
  return {UV_EADDRNOTAVAIL, syscall, endpoint.address, endpoint.port};
}

bool SetOption(const Descriptor& descriptor, int level, int option, bool value) {
  const int number = value ? 1 : 0;
  return setsockopt(descriptor.get(), level, option, &number, sizeof number) == 0;
}

}  // namespace

bool IsIpLiteral(const std::string& address) {
  sockaddr_in v4;
  sockaddr_in6 v6;
  return uv_ip4_addr(address.c_str(), 0, &v4) == 0 ||
         uv_ip6_addr(address.substr(0, address.find('%')).c_str(), 0, &v6) == 0;
}

OpenedSocket ConnectUdp(const Endpoint& local, const Endpoint& remote) {
  const auto peer = ParseEndpoint(remote);
  // The literals were checked before: what is left is a zone that names no interface.
  if (!peer) return NoInterface("connect", remote);
  const auto own = local.address.empty() ? Wildcard(peer->family(), local.port) : ParseEndpoint(local);
  if (!own) return NoInterface("bind", local);

  Descriptor descriptor = OpenSocket(peer->family(), SOCK_DGRAM, IPPROTO_UDP);
  if (!descriptor.open()) return Failed("socket");
  if (bind(descriptor.get(), own->get(), own->length) != 0) return BindFailed(local, *own);
  if (connect(descriptor.get(), peer->get(), peer->length) != 0) return Failed("connect", remote);
  return Opened(std::move(descriptor), local);
}

OpenedSocket BindUdp(const Endpoint& local, const UdpBindFlags& flags) {
  const auto own = ParseEndpoint(local);
  if (!own) return NoInterface("bind", local);
  Descriptor descriptor = OpenSocket(own->family(), SOCK_DGRAM, IPPROTO_UDP);
  if (!descriptor.open()) return Failed("socket");
  if (own->family() == AF_INET6 && !SetOption(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, flags.ipv6Only)) {
    return Failed("setsockopt", local);
  }
  if (flags.reusePort && !SetOption(descriptor, SOL_SOCKET, SO_REUSEPORT, true)) return Failed("setsockopt", local);
  if (bind(descriptor.get(), own->get(), own->length) != 0) return Failed("bind", local);
  return Opened(std::move(descriptor), local);
}

}  // namespace necko
