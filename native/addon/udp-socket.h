// A UDP socket: opened, bound, connected; nothing else.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "errors.h"

namespace necko {

/** An IP literal and a port. */
struct IpEndpoint {
  std::string address;
  uint16_t port = 0;
};

/**
 * Owns the descriptor of a UDP socket: non-blocking, close-on-exec, bound, connected to one peer, so that ICMP errors
 * reach it and the datagrams of others do not.
 *
 * Thread: any one at a time.
 */
class UdpSocket {
 public:
  UdpSocket() = default;
  ~UdpSocket() { Close(); }
  UdpSocket(const UdpSocket&) = delete;
  UdpSocket& operator=(const UdpSocket&) = delete;

  /** Whether this is an IPv4 or IPv6 literal; IPv6 may end in %scope (interface name or number; RFC 4007 11). */
  static bool IsIpLiteral(const std::string& address);

  /**
   * Opens, binds and connects. `local` without an address binds to the wildcard of the remote's family.
   * On failure the socket stays closed and the failed call is returned.
   */
  std::optional<SystemError> Open(const IpEndpoint& local, const IpEndpoint& remote);

  /** Closes the descriptor. Idempotent. */
  void Close();

  /** 0 if the descriptor is still a socket, or libuv's error: somebody else may have closed it. Takes no pending error.
   */
  int Probe() const;

  /** -1 when closed. */
  int fd() const { return fd_; }
  /** Address and port that the kernel chose, the address without a scope. */
  const IpEndpoint& local() const { return local_; }

 private:
  std::optional<SystemError> Setup(const IpEndpoint& local, const IpEndpoint& remote);

  int fd_ = -1;
  IpEndpoint local_;
};

}  // namespace necko
