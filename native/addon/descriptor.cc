#include "descriptor.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace necko {
namespace {

#if defined(SOCK_NONBLOCK) && defined(SOCK_CLOEXEC)
constexpr int kTypeFlags = SOCK_NONBLOCK | SOCK_CLOEXEC;
bool SetFlags(const Descriptor&) { return true; }
#else
constexpr int kTypeFlags = 0;
bool SetFlags(const Descriptor& descriptor) {
  return fcntl(descriptor.get(), F_SETFD, FD_CLOEXEC) != -1 && fcntl(descriptor.get(), F_SETFL, O_NONBLOCK) != -1;
}
#endif

}  // namespace

void Descriptor::Close() {
  if (fd_ == -1) return;
  // Who closes because something failed wants to tell the errno of that.
  const int error = errno;
  close(fd_);
  errno = error;
  fd_ = -1;
}

Descriptor OpenSocket(int family, int type, int protocol) {
  Descriptor descriptor(socket(family, type | kTypeFlags, protocol));
  if (!descriptor.open() || !SetFlags(descriptor)) return Descriptor();
  return descriptor;
}

std::optional<std::pair<Descriptor, Descriptor>> OpenStreamPair() {
  int fds[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | kTypeFlags, 0, fds) != 0) return std::nullopt;
  std::pair<Descriptor, Descriptor> ends(Descriptor{fds[0]}, Descriptor{fds[1]});
  if (!SetFlags(ends.first) || !SetFlags(ends.second)) return std::nullopt;
  return ends;
}

}  // namespace necko
