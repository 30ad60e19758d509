#pragma once

#include <fmt/format.h>

#include <charconv>
#include <istream>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace closewait {

// What strace wrote of accept4, epoll_ctl and close, held against the order that keeps a
// registration inside the life of its descriptor: accepted, registered, unregistered, closed; each
// once. A close counts from its beginning, because the number may be given out again before it
// returns; everything else counts from its end.
class Trace {
 public:
  // Reads one line of `strace -f -o`. Only what was accepted is followed, but a call that fails for
  // a descriptor that is not there (EBADF), or not registered, is wrong whatever it is for.
  void line(std::string_view text) {
    const std::string_view pid = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), text.find_first_not_of(' ', pid.size())));
    constexpr std::string_view kUnfinished = " <unfinished ...>";
    if (text.ends_with(kUnfinished)) {
      text.remove_suffix(kUnfinished.size());
      if (text.starts_with("close(")) begin_close(number(text.substr(6)));
      unfinished_[std::string(pid)] = text;
    } else if (text.starts_with("<... ")) {
      const std::string whole =
          unfinished_[std::string(pid)] + std::string(text.substr(text.find('>') + 1));
      call(whole, true);
    } else {
      call(text, false);
    }
  }
  void lines(std::istream& file) {
    for (std::string text; std::getline(file, text);) line(text);
  }

  // One for each thing that is wrong, those still open at the end included.
  [[nodiscard]] std::vector<std::string> complaints() const {
    std::vector<std::string> all = complaints_;
    for (const auto& [fd, registered] : accepted_) {
      all.push_back(fmt::format("{} was accepted and never closed", fd));
    }
    return all;
  }
  [[nodiscard]] std::size_t accepted() const { return accepts_; }
  [[nodiscard]] std::size_t unregistered() const { return unregistered_; }
  [[nodiscard]] std::size_t closed() const { return closes_; }

 private:
  static int number(std::string_view text) {
    int value = -1;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
  }
  // The argument after this word: "EPOLL_CTL_DEL, 12, NULL".
  static int number_after(std::string_view text, std::string_view word) {
    return number(text.substr(text.find(word) + word.size()));
  }

  void call(std::string_view text, bool begun) {
    const auto equals = text.rfind(" = ");
    if (equals == std::string_view::npos) return;  // "+++ exited with 0 +++"
    const std::string_view result = text.substr(equals + 3);
    const bool fine = !result.starts_with('-');
    if (text.starts_with("accept4(")) {
      if (fine) accept(number(result));
      return;
    }
    if (text.starts_with("close(")) {
      if (!begun) begin_close(number(text.substr(6)));
    } else if (text.starts_with("epoll_ctl(") && fine) {
      control(text);
    }
    if (!fine) complaints_.push_back(fmt::format("{}", text));
  }

  void accept(int fd) {
    ++accepts_;
    if (!accepted_.emplace(fd, false).second) {
      complaints_.push_back(fmt::format("{} was accepted while it was open", fd));
    }
  }
  void control(std::string_view text) {
    for (const bool adds : {true, false}) {
      const std::string_view word = adds ? "EPOLL_CTL_ADD, " : "EPOLL_CTL_DEL, ";
      if (text.find(word) == std::string_view::npos) continue;
      const auto found = accepted_.find(number_after(text, word));
      if (found == accepted_.end()) continue;
      found->second = adds;
      unregistered_ += adds ? 0 : 1;
    }
  }
  void begin_close(int fd) {
    const auto found = accepted_.find(fd);
    if (found == accepted_.end()) return;
    if (found->second) complaints_.push_back(fmt::format("{} was closed while registered", fd));
    accepted_.erase(found);
    ++closes_;
  }

  std::map<std::string, std::string> unfinished_;  // the beginning of each thread's call
  std::map<int, bool> accepted_;                   // and open; whether registered
  std::vector<std::string> complaints_;
  std::size_t accepts_ = 0;
  std::size_t unregistered_ = 0;
  std::size_t closes_ = 0;
};

}  // namespace closewait
