#include "datagram-socket.h"

#include <sys/socket.h>
#include <uv.h>

#include <cerrno>

namespace necko {

void DatagramSocket::Close() {
  file_.Remove();
  descriptor_.Close();
}

int DatagramSocket::Probe() const {
  int type = 0;
  socklen_t length = sizeof type;
  return getsockopt(fd(), SOL_SOCKET, SO_TYPE, &type, &length) == 0 ? 0 : uv_translate_sys_error(errno);
}

}  // namespace necko
