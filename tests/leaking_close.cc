// Preloaded into the rig by a test, so that it leaks: with each socket that it closes a descriptor
// or 4 KiB, whichever CLOSEWAIT_TEST_LEAK names. What the rig starts does not.
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace {

constexpr std::size_t kBytes = 4096;
constexpr int kOneIn = 50;  // sockets, for descriptors

std::string_view what_to_leak() {
  const char* what = std::getenv("CLOSEWAIT_TEST_LEAK");
  const bool is_rig = std::string_view(program_invocation_short_name) == "closewait";
  return is_rig && what != nullptr ? what : "";
}

bool is_socket(int fd) {
  struct stat information {};
  return ::fstat(fd, &information) == 0 && S_ISSOCK(information.st_mode);
}

}  // namespace

// Each block leads to the one before, so that it is no leak to LeakSanitizer, only to the rig. One
// thread of the rig closes its sockets.
static void* last = nullptr;

extern "C" int close(int fd) {
  static const std::string_view what = what_to_leak();
  static std::atomic<int> closed = 0;
  if (!what.empty() && is_socket(fd)) {
    if (what == "fd" && ++closed % kOneIn == 0) {
      static_cast<void>(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    }
    if (what == "memory") {
      if (void* bytes = std::malloc(kBytes)) {
        std::memset(bytes, 1, kBytes);
        std::memcpy(bytes, &last, sizeof(last));
        last = bytes;
      }
    }
  }
  return static_cast<int>(::syscall(SYS_close, fd));
}
