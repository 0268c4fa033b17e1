#include "udp-socket.h"

#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include <cerrno>
#include <charconv>

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
std::optional<SocketAddress> ParseEndpoint(const IpEndpoint& endpoint) {
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

IpEndpoint FormatEndpoint(const SocketAddress& address) {
  char text[INET6_ADDRSTRLEN] = "";
  uv_ip_name(address.get(), text, sizeof text);
  const uint16_t port = address.family() == AF_INET
                            ? reinterpret_cast<const sockaddr_in*>(&address.storage)->sin_port
                            : reinterpret_cast<const sockaddr_in6*>(&address.storage)->sin6_port;
  return {text, ntohs(port)};
}

SystemError Failed(const char* syscall, const IpEndpoint& endpoint) {
  return {uv_translate_sys_error(errno), syscall, endpoint.address, endpoint.port};
}

int OpenDescriptor(int family) {
#if defined(SOCK_NONBLOCK) && defined(SOCK_CLOEXEC)
  return socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP);
#else
  const int fd = socket(family, SOCK_DGRAM, IPPROTO_UDP);
  if (fd != -1 && (fcntl(fd, F_SETFD, FD_CLOEXEC) == -1 || fcntl(fd, F_SETFL, O_NONBLOCK) == -1)) {
    const int error = errno;
    close(fd);
    errno = error;
    return -1;
  }
  return fd;
#endif
}

}  // namespace

bool UdpSocket::IsIpLiteral(const std::string& address) {
  sockaddr_in v4;
  sockaddr_in6 v6;
  return uv_ip4_addr(address.c_str(), 0, &v4) == 0 ||
         uv_ip6_addr(address.substr(0, address.find('%')).c_str(), 0, &v6) == 0;
}

std::optional<SystemError> UdpSocket::Open(const IpEndpoint& local, const IpEndpoint& remote) {
  std::optional<SystemError> failure = Setup(local, remote);
  if (failure) Close();
  return failure;
}

std::optional<SystemError> UdpSocket::Setup(const IpEndpoint& local, const IpEndpoint& remote) {
  const auto peer = ParseEndpoint(remote);
  // The literals were checked before: what is left is a zone that names no interface.
  if (!peer) return SystemError{UV_EADDRNOTAVAIL, "connect", remote.address, remote.port};
  const auto own = local.address.empty() ? Wildcard(peer->family(), local.port) : ParseEndpoint(local);
  if (!own) return SystemError{UV_EADDRNOTAVAIL, "bind", local.address, local.port};

  fd_ = OpenDescriptor(peer->family());
  if (fd_ == -1) return SystemError{uv_translate_sys_error(errno), "socket", "", 0};
  if (bind(fd_, own->get(), own->length) != 0) {
    SystemError failure = Failed("bind", local);
    if (failure.address.empty()) failure.address = FormatEndpoint(*own).address;
    return failure;
  }
  if (connect(fd_, peer->get(), peer->length) != 0) return Failed("connect", remote);

  SocketAddress bound;
  bound.length = sizeof bound.storage;
  if (getsockname(fd_, bound.get(), &bound.length) != 0) return Failed("getsockname", local);
  local_ = FormatEndpoint(bound);
  return std::nullopt;
}

void UdpSocket::Close() {
  if (fd_ == -1) return;
  close(fd_);
  fd_ = -1;
}

int UdpSocket::Probe() const {
  int type = 0;
  socklen_t length = sizeof type;
  return getsockopt(fd_, SOL_SOCKET, SO_TYPE, &type, &length) == 0 ? 0 : uv_translate_sys_error(errno);
}

}  // namespace necko
