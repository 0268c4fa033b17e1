// The options of UdpPoll (src/native.ts), and the socket that they describe.
#pragma once

#include <napi.h>

#include "datagram-socket.h"

namespace necko {

/**
 * Opens the socket that UdpPollOptions, UdpBindOptions or UnixBindOptions describe.
 * @throws TypeError that names the option, or the error of the system call
 */
DatagramSocket OpenDatagramSocket(const Napi::Object& options);

}  // namespace necko
