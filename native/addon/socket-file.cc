#include "socket-file.h"

#include <unistd.h>

namespace necko {

SocketFile::SocketFile(std::string path) : path_(std::move(path)) {
  if (stat(path_.c_str(), &identity_) != 0) path_.clear();
}

void SocketFile::Remove() {
  if (path_.empty()) return;
  struct stat now {};
  // A successor of this process may have put a socket of its own there.
  if (stat(path_.c_str(), &now) == 0 && now.st_dev == identity_.st_dev && now.st_ino == identity_.st_ino) {
    unlink(path_.c_str());
  }
  path_.clear();
}

}  // namespace necko
