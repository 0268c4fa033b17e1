#include "unix-datagram.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <uv.h>

#include <cerrno>
#include <cstring>

namespace necko {
namespace {

SystemError Failed(const char* syscall, const std::string& path) {
  return {uv_translate_sys_error(errno), syscall, path, std::nullopt};
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
  if (bind(descriptor.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return Failed("bind", path);
  SocketFile file(path);
  // For systems that do not.
  if (chmod(path.c_str(), S_IRUSR | S_IWUSR) != 0) return Failed("chmod", path);
  return DatagramSocket(std::move(descriptor), {path, 0}, std::move(file));
}

}  // namespace necko
