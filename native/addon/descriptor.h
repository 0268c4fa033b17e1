// A file descriptor with an owner, and the system calls that make sockets the way the addon wants all of them.
#pragma once

#include <optional>
#include <utility>

namespace necko {

/**
 * Owns an open file descriptor, or none.
 *
 * Thread: any one at a time.
 */
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() { Close(); }

  /** Idempotent. */
  void Close();
  /** Gives the descriptor away. */
  int Release() { return std::exchange(fd_, -1); }
  /** -1 if there is none. */
  int get() const { return fd_; }
  bool open() const { return fd_ != -1; }

 private:
  int fd_ = -1;
};

/** socket(2), non-blocking and close-on-exec. On failure there is none, and errno says why. */
Descriptor OpenSocket(int family, int type, int protocol);

/** socketpair(2) of a Unix stream, both ends non-blocking and close-on-exec. On failure errno says why. */
std::optional<std::pair<Descriptor, Descriptor>> OpenStreamPair();

}  // namespace necko
