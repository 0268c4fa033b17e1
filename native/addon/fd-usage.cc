#include "fd-usage.h"

#include <dirent.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <uv.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <memory>

namespace necko {
namespace {

struct CloseDirectory {
  void operator()(DIR* directory) const { closedir(directory); }
};

double ToNumber(rlim_t limit) {
  return limit == RLIM_INFINITY ? std::numeric_limits<double>::infinity() : static_cast<double>(limit);
}

/** Entries of the directory of open descriptors. */
int64_t ListOpen(rlim_t soft) {
  const std::unique_ptr<DIR, CloseDirectory> directory(opendir("/dev/fd"));
  // No descriptor is left for the directory itself, which says how many there are.
  if (!directory) return errno == EMFILE ? static_cast<int64_t>(soft) : -1;
  int64_t count = 0;
  while (const dirent* entry = readdir(directory.get())) count += entry->d_name[0] != '.';
  return count - 1;
}

int64_t CountOpen(rlim_t soft) {
#ifdef __linux__
  // Linux 6.2 and later give the number as the size of the directory, before it is 0.
  struct stat directory {};
  if (stat("/proc/self/fd", &directory) == 0 && directory.st_size > 0) return directory.st_size;
#endif
  return ListOpen(soft);
}

}  // namespace

FdUsage ReadFdUsage() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  return {ToNumber(limit.rlim_cur), ToNumber(limit.rlim_max), CountOpen(limit.rlim_cur)};
}

int SetFdLimit(uint64_t soft) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return uv_translate_sys_error(errno);
  limit.rlim_cur = std::min(static_cast<rlim_t>(soft), limit.rlim_max);
  return setrlimit(RLIMIT_NOFILE, &limit) == 0 ? 0 : uv_translate_sys_error(errno);
}

}  // namespace necko
