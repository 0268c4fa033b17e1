// The socket pairs behind virtual fds.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "descriptor.h"

namespace necko {

/**
 * Socket pairs: the first end of each is a virtual fd, which JavaScript owns (as often as not through a net.Socket,
 * which closes it), the second the internal end, which stays here until it is closed.
 *
 * Thread: belongs to one environment and its thread.
 *
 * Life: what is still open when the environment ends is closed with it; a worker would leave it to the process
 * otherwise.
 */
class VirtualFds {
 public:
  VirtualFds() = default;
  VirtualFds(const VirtualFds&) = delete;
  VirtualFds& operator=(const VirtualFds&) = delete;
  ~VirtualFds();

  /**
   * Makes up to `count` pairs and appends virtual fd and internal end of each to `fds`.
   * Returns 0, or libuv's error if it ended before `count`.
   */
  int Make(size_t count, std::vector<int32_t>& fds);
  /** Closes a descriptor, of a pair or not. */
  void Close(int fd);
  /** Pairs whose internal end is open. */
  size_t open() const { return pairs_.size(); }

 private:
  struct Pair {
    Descriptor internal;
    /** Whoever owns the virtual fd may have closed it, and its number may name something else by now. */
    int virtualFd;
    ino_t virtualInode;
  };

  /** By the internal end. */
  std::unordered_map<int, Pair> pairs_;
};

}  // namespace necko
