// Opening of Unix datagram sockets.
#pragma once

#include <string>

#include "datagram-socket.h"

namespace necko {

/**
 * A datagram socket bound to a file, which it removes when it is closed. The file of a socket that is closed already is
 * replaced. Only the user of this process may send to it: what arrives there is believed, the address of the sender of a
 * forwarded datagram for one.
 */
OpenedSocket BindUnixDatagram(const std::string& path);

}  // namespace necko
