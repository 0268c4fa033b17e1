// A datagram socket: what UDP and Unix sockets have in common once they are open.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>

#include "descriptor.h"
#include "errors.h"
#include "socket-file.h"

namespace necko {

/** An IP literal and a port; of a Unix socket the path and 0. */
struct Endpoint {
  std::string address;
  uint16_t port = 0;
};

/**
 * Owns the descriptor of a bound datagram socket, non-blocking and close-on-exec, and its file if it has one.
 *
 * Thread: any one at a time.
 */
class DatagramSocket {
 public:
  DatagramSocket(Descriptor descriptor, Endpoint local, SocketFile file = {})
      : file_(std::move(file)), descriptor_(std::move(descriptor)), local_(std::move(local)) {}

  /** Closes the descriptor and removes the file. Idempotent. */
  void Close();

  /** 0 if the descriptor is still a socket, or libuv's error: somebody else may have closed it. Takes no pending error.
   */
  int Probe() const;

  /** -1 when closed. */
  int fd() const { return descriptor_.get(); }
  /** What it is bound to, as the kernel tells it; an address without a scope. */
  const Endpoint& local() const { return local_; }

 private:
  SocketFile file_;
  Descriptor descriptor_;
  Endpoint local_;
};

/** A socket, or the system call that failed. */
using OpenedSocket = std::variant<DatagramSocket, SystemError>;

}  // namespace necko
