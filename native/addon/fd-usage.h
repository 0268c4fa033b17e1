// How many descriptors the process has open, and how many it may have.
#pragma once

#include <cstdint>

namespace necko {

/** RLIMIT_NOFILE and descriptors open now. */
struct FdUsage {
  /** Infinity where the system sets no limit. */
  double soft = 0;
  double hard = 0;
  /** -1 if the system does not tell: /proc is not mounted, say. */
  int64_t open = -1;
};

/**
 * From Linux 6.2 on a few system calls, none of which opens a descriptor. Elsewhere it lists a directory with an entry
 * for each open descriptor, so it costs about a microsecond for each.
 */
FdUsage ReadFdUsage();

/** Sets the soft limit, at most to the hard one. Returns 0, or libuv's error. */
int SetFdLimit(uint64_t soft);

}  // namespace necko
