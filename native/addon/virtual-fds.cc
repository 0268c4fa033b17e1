#include "virtual-fds.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <uv.h>

#include <cerrno>
#include <utility>

namespace necko {
namespace {

/** 0 if there is no such descriptor. */
ino_t InodeOf(int fd) {
  struct stat status {};
  return fstat(fd, &status) == 0 ? status.st_ino : 0;
}

}  // namespace

VirtualFds::~VirtualFds() {
  for (const auto& [internal, pair] : pairs_) {
    // libuv has closed the virtual fds of sockets by now. A socket's inode number tells those that nobody took.
    if (InodeOf(pair.virtualFd) == pair.virtualInode) Descriptor{pair.virtualFd}.Close();
  }
}

int VirtualFds::Make(size_t count, std::vector<int32_t>& fds) {
  fds.reserve(fds.size() + 2 * count);
  for (size_t made = 0; made < count; made++) {
    auto ends = OpenStreamPair();
    if (!ends) return uv_translate_sys_error(errno);
    auto& [first, second] = *ends;
    const int internal = second.get();
    const int virtualFd = first.get();
    pairs_.insert_or_assign(internal, Pair{std::move(second), virtualFd, InodeOf(virtualFd)});
    fds.push_back(first.Release());
    fds.push_back(internal);
  }
  return 0;
}

void VirtualFds::Close(int fd) {
  // Erasing the pair closes its internal end.
  if (pairs_.erase(fd) == 0) Descriptor{fd}.Close();
}

}  // namespace necko
