#include "base/open_files.h"

#include <sys/resource.h>

namespace closewait {
namespace {

// Before it was raised; nothing (a soft limit of 0) until then.
rlimit given{};

}  // namespace

std::uint64_t most_open_files() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_max;
}

std::uint64_t raise_open_files() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  if (given.rlim_cur == 0) given = limit;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);  // refused: the soft limit stays, EMFILE would tell
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

void restore_open_files() {
  if (given.rlim_cur != 0) ::setrlimit(RLIMIT_NOFILE, &given);
}

}  // namespace closewait
