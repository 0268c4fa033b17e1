#include "unix-datagram.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <uv.h>

#include <cerrno>
#include <cstring>

namespace necko {
namespace {

SystemError Failed(const char* syscall, const std::string& path) {
  return {uv_translate_sys_error(errno), syscall, path, std::nullopt};
}

/** Removes a socket's file to which nothing is bound any more: a process that was killed leaves it behind. */
bool RemoveStale(const sockaddr_un& address) {
  struct stat file {};
  // connect refuses other files with the same error.
  if (lstat(address.sun_path, &file) != 0 || !S_ISSOCK(file.st_mode)) return false;
  const Descriptor probe = OpenSocket(AF_UNIX, SOCK_DGRAM, 0);
  if (!probe.open()) return false;
  const int connected = connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  return connected != 0 && errno == ECONNREFUSED && unlink(address.sun_path) == 0;
}

}  // namespace

OpenedSocket BindUnixDatagram(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  // The last byte stays NUL.
  if (path.size() >= sizeof address.sun_path) return SystemError{UV_ENAMETOOLONG, "bind", path, std::nullopt};
  std::memcpy(address.sun_path, path.data(), path.size());

  Descriptor descriptor = OpenSocket(AF_UNIX, SOCK_DGRAM, 0);
  if (!descriptor.open()) return Failed("socket", path);
  // Linux gives the file the mode of the socket, so it is closed to others from its first moment.
  fchmod(descriptor.get(), S_IRUSR | S_IWUSR);
  const auto bind_file = [&] {
    return bind(descriptor.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  };
  if (!bind_file()) {
    const int error = errno;
    const bool again = error == EADDRINUSE && RemoveStale(address);
    errno = error;
    if (!again || !bind_file()) return Failed("bind", path);
  }
  SocketFile file(path);
  // For systems that do not.
  if (chmod(path.c_str(), S_IRUSR | S_IWUSR) != 0) return Failed("chmod", path);
  return DatagramSocket(std::move(descriptor), {path, 0}, std::move(file));
}

}  // namespace necko
