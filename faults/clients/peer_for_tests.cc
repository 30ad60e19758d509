#include "faults/clients/peer_for_tests.h"

#include <arpa/inet.h>
#include <linux/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <utility>

#include "base/pattern.h"

namespace closewait {
namespace {

constexpr std::size_t kKeptOfRequest = 1024;
constexpr std::size_t kMostUnsent = 256 * 1024;  // of an echo
constexpr std::chrono::seconds kPatience(10);

void must(bool holds, const char* what) {
  if (!holds) throw std::runtime_error(std::string("the peer cannot ") + what);
}

bool would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

UniqueFd listen_on(const SocketAddress& address) {
  UniqueFd fd(::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  must(static_cast<bool>(fd), "open a socket");
  must(::bind(fd.get(), address.data(), address.size()) == 0, "bind");
  must(::listen(fd.get(), SOMAXCONN) == 0, "listen");
  return fd;
}

// The poll flags of all kinds that hold now.
short all_flags(int fd) {
  pollfd asked{fd, POLLIN | POLLOUT | POLLPRI | POLLRDHUP, 0};
  return ::poll(&asked, 1, 0) > 0 ? asked.revents : short{0};
}

// OpenSSL writes without MSG_NOSIGNAL.
void ignore_broken_pipes() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

}  // namespace

std::string http_answer(std::uint64_t size) {
  std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n";
  for (std::uint64_t offset = 0; offset < size;) {
    const auto part = pattern(offset, size - offset);
    answer.append(reinterpret_cast<const char*>(part.data()), part.size());
    offset += part.size();
  }
  return answer;
}

Script answers(std::uint64_t size) { return {.answer = http_answer(size)}; }

Script never_answers() { return {.at_end_of_input = Script::Then::kStay}; }

Script resets_when_asked() { return {.once_answered = Script::Then::kReset}; }

Script answers_garbage() { return {.answer = "220 ready when you are\r\n"}; }

Script closes_in_mid_answer(std::uint64_t size) {
  const std::string whole = http_answer(size);
  return {.answer = whole.substr(0, whole.size() / 2), .once_answered = Script::Then::kClose};
}

struct Peer::Connection {
  UniqueFd fd;
  std::unique_ptr<TlsEnd> tls;
  Seen seen;
  std::string request;  // not whole yet
  std::string held;     // answers that wait for the end of input
  std::string out;
  std::size_t out_at = 0;
  bool answered = false;

  ssize_t receive(char* buffer, std::size_t size) {
    if (!tls) return ::recv(fd.get(), buffer, size, 0);
    const auto got = tls->receive(buffer, size);
    const int error = errno;
    seen.close_notify = tls->was_told_close_notify();
    seen.asked_name = tls->asked_name();
    seen.alpn = tls->protocol();
    errno = error;
    return got;
  }
  [[nodiscard]] ssize_t send(const char* data, std::size_t size) const {
    return tls ? tls->send(data, size) : ::send(fd.get(), data, size, MSG_NOSIGNAL);
  }
  [[nodiscard]] std::size_t unsent() const { return out.size() - out_at; }
  void end() {
    seen.over = true;
    fd.reset();
  }
};

Peer::Peer(Script script, const std::string& address)
    : script_(std::move(script)),
      tls_(script_.tls ? std::make_unique<TlsForTests>() : nullptr),
      listener_(listen_on(SocketAddress::parse(address).value())),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      address_(SocketAddress::local_of(listener_.get()).value()),
      thread_([this] { run(); }) {}

Peer::~Peer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  ::eventfd_write(wake_.get(), 1);
  thread_.join();
  if (address_.is_unix()) std::filesystem::remove(address_.ip());
}

std::size_t Peer::accepted() const {
  const std::lock_guard lock(mutex_);
  return connections_.size();
}

std::vector<Seen> Peer::seen() const {
  const std::lock_guard lock(mutex_);
  std::vector<Seen> all;
  for (const Connection& connection : connections_) all.push_back(connection.seen);
  return all;
}

bool Peer::eventually(const std::function<bool(const std::vector<Seen>&)>& reached) const {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!reached(seen())) {
    std::unique_lock lock(mutex_);
    if (std::chrono::steady_clock::now() > deadline) return false;
    changed_.wait_for(lock, std::chrono::milliseconds(10));
  }
  return true;
}

Seen Peer::end() const {
  const bool stays = script_.at_end_of_input == Script::Then::kStay;
  static_cast<void>(eventually([stays](const auto& all) {
    return !all.empty() && (all[0].over || (stays && all[0].end_of_input));
  }));
  const auto all = seen();
  return all.empty() ? Seen{} : all[0];
}

void Peer::run() {
  if (tls_) ignore_broken_pipes();
  std::vector<pollfd> polled;
  std::vector<Connection*> live;  // of polled, from the third on
  while (true) {
    polled = {{wake_.get(), POLLIN, 0}, {listener_.get(), POLLIN, 0}};
    live.clear();
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return;
      for (Connection& connection : connections_) {
        if (!connection.fd) continue;
        int events = connection.unsent() > 0 ? POLLOUT : 0;
        const bool reads = !connection.seen.end_of_input && connection.unsent() < kMostUnsent;
        if (reads) events |= POLLIN | POLLRDHUP | POLLPRI;
        polled.push_back({connection.fd.get(), static_cast<short>(events), 0});
        live.push_back(&connection);
      }
    }
    ::poll(polled.data(), polled.size(), -1);
    {
      const std::lock_guard lock(mutex_);
      if (polled[0].revents != 0 && !stopping_) follow_orders();
      for (std::size_t i = 0; i < live.size(); ++i) {
        if (polled[i + 2].revents != 0) serve(*live[i], polled[i + 2].revents);
      }
      if (polled[1].revents != 0) accept_all();
    }
    changed_.notify_all();
  }
}

// By the thread: a socket that it polls would stay open until poll() is over.
void Peer::end_all(Script::Then then) {
  {
    const std::lock_guard lock(mutex_);
    end_all_ = then;
  }
  ::eventfd_write(wake_.get(), 1);
}

void Peer::follow_orders() {
  eventfd_t ignored = 0;
  static_cast<void>(::eventfd_read(wake_.get(), &ignored));
  const auto then = std::exchange(end_all_, Script::Then::kStay);
  for (Connection& connection : connections_) {
    if (connection.fd) follow(connection, then);
  }
}

void Peer::accept_all() {
  while (true) {
    sockaddr_storage from{};
    socklen_t size = sizeof(from);
    UniqueFd fd(::accept4(listener_.get(), reinterpret_cast<sockaddr*>(&from), &size,
                          SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!fd) return;
    Connection& connection = connections_.emplace_back();
    connection.fd = std::move(fd);
    if (tls_) connection.tls = tls_->end_of(connection.fd.get());
    connection.seen.client =
        Endpoint::of(SocketAddress(reinterpret_cast<const sockaddr*>(&from), size));
    tcp_info info{};
    socklen_t info_size = sizeof(info);
    if (::getsockopt(connection.fd.get(), IPPROTO_TCP, TCP_INFO, &info, &info_size) == 0) {
      connection.seen.window = info.tcpi_snd_wnd;
    }
    connection.out = script_.greeting;
    follow(connection, script_.once_accepted);
  }
}

void Peer::serve(Connection& connection, short events) {
  if (!connection.fd) return;  // ended meanwhile
  if ((events & (POLLRDHUP | POLLHUP | POLLERR)) != 0 && connection.seen.flags == 0) {
    connection.seen.flags = all_flags(connection.fd.get());
  }
  if ((events & (POLLIN | POLLPRI | POLLRDHUP | POLLHUP | POLLERR)) != 0) read(connection);
  if (connection.fd) write(connection);
}

void Peer::read(Connection& connection) {
  std::array<char, 65536> buffer;
  while (connection.unsent() < kMostUnsent) {
    // A read ends before an urgent byte, and the next one would skip it.
    static_cast<void>(::recv(connection.fd.get(), &connection.seen.urgent, 1, MSG_OOB));
    const auto got = connection.receive(buffer.data(), buffer.size());
    if (got > 0) {
      requests_came(connection, std::string(buffer.data(), static_cast<std::size_t>(got)));
      if (!connection.fd) return;
      continue;
    }
    if (got < 0 && would_block(errno)) return;
    int error = got < 0 ? errno : 0;
    if (got == 0) {
      // It may have come behind what poll() told of.
      if (connection.seen.flags == 0) connection.seen.flags = all_flags(connection.fd.get());
      connection.seen.end_of_input = true;
      release_answers(connection);
      socklen_t size = sizeof(error);
      ::getsockopt(connection.fd.get(), SOL_SOCKET, SO_ERROR, &error, &size);
      if (error == 0 && (all_flags(connection.fd.get()) & POLLHUP) == 0) return;
    }
    connection.seen.error = error;
    connection.end();
    return;
  }
}

void Peer::requests_came(Connection& connection, const std::string& bytes) {
  Seen& seen = connection.seen;
  seen.received += bytes.size();
  ++seen.reads;
  seen.request += bytes.substr(0, kKeptOfRequest - std::min(kKeptOfRequest, seen.request.size()));
  if (script_.echo) {
    connection.out += bytes;
    return;
  }
  connection.request += bytes;
  for (auto end = connection.request.find("\r\n\r\n"); end != std::string::npos;
       end = connection.request.find("\r\n\r\n")) {
    connection.request.erase(0, end + 4);
    if (seen.requests < script_.answers_at_most) connection.held += script_.answer;
    ++seen.requests;
  }
  if (!script_.answers_at_end) release_answers(connection);
  if (seen.received >= script_.once_received.bytes) follow(connection, script_.once_received.then);
}

void Peer::release_answers(Connection& connection) {
  connection.answered = connection.seen.requests > 0;
  connection.out += std::exchange(connection.held, {});
}

void Peer::write(Connection& connection) {
  while (true) {
    if (connection.unsent() == 0) {
      connection.out.clear();
      connection.out_at = 0;
      if (!script_.endless || !connection.answered) break;
      connection.out.assign(65536, 'x');
    }
    const auto sent =
        connection.send(connection.out.data() + connection.out_at, connection.unsent());
    if (sent < 0 && would_block(errno)) return;
    if (sent < 0) {
      connection.seen.error = errno;
      connection.end();
      return;
    }
    connection.out_at += static_cast<std::size_t>(sent);
    connection.seen.sent += static_cast<std::uint64_t>(sent);
  }
  if (connection.answered) follow(connection, script_.once_answered);
  if (connection.fd && connection.seen.end_of_input) follow(connection, script_.at_end_of_input);
}

void Peer::follow(Connection& connection, Script::Then then) {
  if (then == Script::Then::kStay) return;
  if (then == Script::Then::kReset) {
    const linger abort{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(connection.fd.get(), SOL_SOCKET, SO_LINGER, &abort, sizeof(abort));
  }
  if (then == Script::Then::kClose && connection.tls) connection.tls->say_close_notify();
  connection.end();
}

SocketAddress closed_port() {
  const UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto any = SocketAddress::parse("127.0.0.1:0").value();
  must(::bind(fd.get(), any.data(), any.size()) == 0, "bind");
  return SocketAddress::local_of(fd.get()).value();
}

std::size_t open_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

}  // namespace closewait
