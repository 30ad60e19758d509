#include "rig/machine.h"

#include <sys/socket.h>

#include <fstream>
#include <limits>
#include <string>
#include <vector>

#include "base/open_files.h"
#include "base/unique_fd.h"
#include "rig/ports.h"

namespace closewait {
namespace {

constexpr const char* kNetfilter = "/proc/sys/net/netfilter/";

std::optional<std::uint64_t> number_in(const std::string& path) {
  std::ifstream file(path);
  std::uint64_t number = 0;
  if (file >> number) return number;
  return std::nullopt;
}

std::uint64_t available_memory() {
  std::ifstream file("/proc/meminfo");
  std::string name;
  std::uint64_t kib = 0;
  while (file >> name >> kib) {
    if (name == "MemAvailable:") return kib * 1024;
    file.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
  }
  return 0;
}

std::uint64_t tracked() {
  return number_in(std::string(kNetfilter) + "nf_conntrack_count").value_or(0);
}

// The table grows by a few connections of our own, or it does not.
bool follows_loopback() {
  constexpr int kTries = 16;
  const UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto any = SocketAddress::parse("127.0.0.1:0").value();
  if (::bind(listener.get(), any.data(), any.size()) != 0 ||
      ::listen(listener.get(), kTries) != 0) {
    return false;
  }
  const auto address = SocketAddress::local_of(listener.get());
  if (!address) return false;
  const std::uint64_t before = tracked();
  std::vector<UniqueFd> clients;
  for (int i = 0; i < kTries; ++i) {
    UniqueFd& client = clients.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    // It waits in the listener's queue, which is enough.
    static_cast<void>(::connect(client.get(), address->data(), address->size()));
  }
  return tracked() >= before + kTries / 2;  // others' may end meanwhile
}

std::optional<Machine::Conntrack> conntrack(const std::optional<SocketAddress>& target) {
  const std::string folder = kNetfilter;
  const auto most = number_in(folder + "nf_conntrack_max");
  if (!most || ((!target || target->is_local()) && !follows_loopback())) return std::nullopt;
  const auto timeout = [&](const char* state, std::uint64_t usual) {
    return std::chrono::seconds(
        number_in(folder + "nf_conntrack_tcp_timeout_" + state).value_or(usual));
  };
  const std::uint64_t used = tracked();
  return Machine::Conntrack{.free_entries = *most > used ? *most - used : 0,
                            .after_fin = timeout("time_wait", 120),
                            .after_reset = timeout("close", 10)};
}

}  // namespace

Machine this_machine(const std::optional<SocketAddress>& target) {
  const bool has_ports = !target || !target->is_unix();
  return {.ports = local_port_range().usable(),
          .port_after_fin = number_in("/proc/sys/net/ipv4/tcp_timestamps") == 0U
                                ? Nanoseconds(std::chrono::seconds(60))
                                : Nanoseconds(0),
          .conntrack = has_ports ? conntrack(target) : std::nullopt,
          .open_files = most_open_files(),
          .memory = available_memory()};
}

}  // namespace closewait
