// The file that binding a Unix socket leaves behind.
#pragma once

#include <sys/stat.h>

#include <string>
#include <utility>

namespace necko {

/**
 * Owns the file of a bound Unix socket: removes it at the end, unless another file has taken its name since.
 *
 * Thread: any one at a time.
 */
class SocketFile {
 public:
  SocketFile() = default;
  /** `path`: where a socket was bound just now. */
  explicit SocketFile(std::string path);
  SocketFile(SocketFile&& other) noexcept { *this = std::move(other); }
  SocketFile& operator=(SocketFile&& other) noexcept {
    std::swap(path_, other.path_);
    std::swap(identity_, other.identity_);
    return *this;
  }
  ~SocketFile() { Remove(); }

  /** Idempotent. */
  void Remove();

 private:
  /** Empty if there is no file. */
  std::string path_;
  struct stat identity_ {};
};

}  // namespace necko
