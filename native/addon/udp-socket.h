// Opening of UDP sockets: connected ones for clients, shared ones for servers.
#pragma once

#include <string>

#include "datagram-socket.h"

namespace necko {

/** Whether this is an IPv4 or IPv6 literal; IPv6 may end in %scope (interface name or number; RFC 4007 11). */
bool IsIpLiteral(const std::string& address);

/**
 * A socket that is bound, and connected to one peer, so that ICMP errors reach it and the datagrams of others do not.
 * `local` without an address binds to the wildcard of the remote's family.
 */
OpenedSocket ConnectUdp(const Endpoint& local, const Endpoint& remote);

/** How a server binds. */
struct UdpBindFlags {
  /** IPV6_V6ONLY; without it an IPv6 wildcard takes IPv4 as well, whatever the system's default is. */
  bool ipv6Only = false;
  /** SO_REUSEPORT. */
  bool reusePort = false;
};

/** A socket that is bound and takes datagrams from everybody. `local` has an address. */
OpenedSocket BindUdp(const Endpoint& local, const UdpBindFlags& flags);

}  // namespace necko
