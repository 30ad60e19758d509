#pragma once

#include <fmt/format.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace closewait {

// What came of a command: its exit status, -1 when a signal ended it, and all that it wrote.
struct Outcome {
  int status = -1;
  std::string text;
};

// Runs it in a shell, to its end.
inline Outcome outcome_of(const std::string& command) {
  Outcome outcome;
  std::FILE* out = ::popen(fmt::format("{{ {} ; }} 2>&1", command).c_str(), "re");
  std::array<char, 65536> buffer{};
  std::size_t size = 0;
  while ((size = std::fread(buffer.data(), 1, buffer.size(), out)) > 0) {
    outcome.text.append(buffer.data(), size);
  }
  const int status = ::pclose(out);
  if (WIFEXITED(status)) outcome.status = WEXITSTATUS(status);
  return outcome;
}

// Why a program cannot be run here; empty when it can.
inline std::string obstacle_to(const std::string& program, const std::string& package) {
  const std::string probe = fmt::format("command -v {} >/dev/null", program);
  if (std::system(probe.c_str()) == 0) return {};
  return fmt::format("{} is not installed (it is in {})", program, package);
}

}  // namespace closewait
