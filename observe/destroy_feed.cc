#include "observe/destroy_feed.h"

#include <linux/filter.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <utility>

#include "base/units.h"

namespace closewait {
namespace {

constexpr std::size_t kSlots = 512;
constexpr std::size_t kSlotBytes = 1024;  // a message has 380 bytes on Linux 6.18
constexpr std::size_t kMaxRounds = 32;    // a read() gives no more than so many times the slots
constexpr auto kGather = std::chrono::milliseconds(1);

// The filter sees the message from its nlmsghdr on. BPF loads are big-endian, as ports are.
error_code attach_port_filter(int fd, const std::vector<std::uint16_t>& ports) {
  constexpr std::uint32_t kPortOffset =
      sizeof(nlmsghdr) + offsetof(inet_diag_msg, id) + offsetof(inet_diag_sockid, idiag_sport);
  constexpr std::uint32_t kWholeMessage = 0xffffffff;
  if (ports.size() > DestroyFeed::kMostPorts) return errno_error(E2BIG);
  std::vector<sock_filter> code{BPF_STMT(BPF_LD | BPF_H | BPF_ABS, kPortOffset)};
  for (std::size_t i = 0; i < ports.size(); ++i) {
    // Past the comparisons that are left, and past the refusal.
    const auto to_the_end = static_cast<std::uint8_t>(ports.size() - i);
    code.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ports[i], to_the_end, 0));
  }
  code.push_back(BPF_STMT(BPF_RET | BPF_K, 0));
  code.push_back(BPF_STMT(BPF_RET | BPF_K, kWholeMessage));
  const sock_fprog program{static_cast<unsigned short>(code.size()), code.data()};
  if (::setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) != 0) {
    return last_error();
  }
  return {};
}

error_code join_groups(int fd) {
  // A socket that is not bound has the kernel's own port id, and is left out of what it tells.
  sockaddr_nl self{};
  self.nl_family = AF_NETLINK;
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&self), sizeof(self)) != 0) return last_error();
  for (const int group : {SKNLGRP_INET_TCP_DESTROY, SKNLGRP_INET6_TCP_DESTROY}) {
    if (::setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) != 0) {
      return last_error();
    }
  }
  return {};
}

timespec to_timespec(Nanoseconds duration) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(duration);
  return {seconds.count(), (duration - seconds).count()};
}

// Waits until one of the two is readable; -1 is not looked at.
error_code wait_readable(int fd, int stop_fd, Nanoseconds timeout) {
  std::array<pollfd, 2> waiting{{{fd, POLLIN, 0}, {stop_fd, POLLIN, 0}}};
  const timespec limit = to_timespec(std::max(timeout, Nanoseconds{0}));
  const int ready = ::ppoll(waiting.data(), waiting.size(), &limit, nullptr);
  return ready < 0 && errno != EINTR ? last_error() : error_code{};
}

}  // namespace

struct DestroyFeed::Slots {
  std::array<std::array<std::byte, kSlotBytes>, kSlots> bytes;
  std::array<iovec, kSlots> vectors;
  std::array<mmsghdr, kSlots> headers;

  Slots() {
    for (std::size_t i = 0; i < kSlots; ++i) {
      vectors[i] = {bytes[i].data(), kSlotBytes};
      headers[i] = {};
      headers[i].msg_hdr.msg_iov = &vectors[i];
      headers[i].msg_hdr.msg_iovlen = 1;
    }
  }
};

void DestroyFeed::DeleteSlots::operator()(Slots* slots) const noexcept {
  std::default_delete<Slots>{}(slots);
}

Result<DestroyFeed> DestroyFeed::open(const std::vector<std::uint16_t>& ports, std::size_t buffer) {
  UniqueFd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_SOCK_DIAG));
  if (!fd) return last_error();
  DestroyFeed feed(std::move(fd));
  if (const auto error = feed.size_buffer(buffer)) return error;
  // The filter first, so that nothing of another port gets in between.
  if (const auto error = attach_port_filter(feed.fd_.get(), ports)) return error;
  if (const auto error = join_groups(feed.fd_.get())) return error;
  return feed;
}

DestroyFeed::DestroyFeed(UniqueFd fd)
    : fd_(std::move(fd)), slots_(std::make_unique<Slots>().release()) {
  events_.reserve(kMaxRounds * kSlots);
}

error_code DestroyFeed::size_buffer(std::size_t wanted) {
  constexpr std::size_t kLargest = 1U << 30;  // the option is an int that the kernel doubles
  const int bytes = static_cast<int>(std::min(wanted, kLargest - 1));
  const int fd = fd_.get();
  // Past rmem_max needs CAP_NET_ADMIN; the plain option is cut off there without an error.
  if (::setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) != 0 &&
      ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes)) != 0) {
    return last_error();
  }
  int granted = 0;
  socklen_t length = sizeof(granted);
  if (::getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &granted, &length) != 0) return last_error();
  buffer_bytes_ = static_cast<std::size_t>(granted) / 2;
  if (buffer_bytes_ < wanted) {
    buffer_note_ = "the buffer for destroy events is " + format_bytes(buffer_bytes_) +
                   " instead of " + format_bytes(wanted) +
                   ": grant CAP_NET_ADMIN, or raise net.core.rmem_max";
  }
  return {};
}

Result<std::span<const DestroyEvent>> DestroyFeed::read(int stop_fd, Nanoseconds timeout) {
  events_.clear();
  // Reading each event as it comes would cost two system calls and a wake-up each.
  const auto gathered = last_read_ + kGather - Clock::now();
  if (gathered > Nanoseconds{0} && gathered < timeout) {
    if (const auto error = wait_readable(-1, stop_fd, gathered)) return error;
    timeout -= gathered;
  }
  if (const auto error = wait_readable(fd_.get(), stop_fd, timeout)) return error;
  // When nothing came too: a socket that overflowed takes nothing in, and says nothing, until a
  // receive call has found it empty (NETLINK_S_CONGESTED in net/netlink/af_netlink.c).
  if (const auto error = drain()) return error;
  if (const auto error = count_dropped()) return error;
  if (!events_.empty()) last_read_ = Clock::now();
  return std::span<const DestroyEvent>(events_);
}

error_code DestroyFeed::drain() {
  for (std::size_t round = 0; round < kMaxRounds; ++round) {
    const int count = ::recvmmsg(fd_.get(), slots_->headers.data(), kSlots, MSG_DONTWAIT, nullptr);
    if (count < 0) {
      if (errno == EAGAIN || errno == EINTR) return {};
      // ENOBUFS comes before what still fitted, and once for any number that did not:
      // count_dropped() knows how many.
      if (errno != ENOBUFS) return last_error();
      continue;
    }
    for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
      std::span<const std::byte> bytes(slots_->bytes[i].data(), slots_->headers[i].msg_len);
      const std::size_t before = events_.size();
      while (const auto message = next_message(bytes)) {
        if (message->type != SOCK_DIAG_BY_FAMILY) continue;
        if (const auto event = parse_destroy(message->payload)) events_.push_back(*event);
      }
      if (events_.size() == before) ++dropped_;  // too long for its slot, or of a form not known
    }
    if (static_cast<std::size_t>(count) < kSlots) return {};
  }
  return {};
}

error_code DestroyFeed::count_dropped() {
  std::array<std::uint32_t, SK_MEMINFO_VARS> memory{};
  socklen_t length = sizeof(memory);
  if (::getsockopt(fd_.get(), SOL_SOCKET, SO_MEMINFO, memory.data(), &length) != 0) {
    return last_error();
  }
  const std::uint32_t count = memory[SK_MEMINFO_DROPS];
  dropped_ += count - kernel_count_;
  kernel_count_ = count;
  return {};
}

}  // namespace closewait
