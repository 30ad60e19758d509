#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "server/tests/command_for_tests.h"

namespace closewait {

// A certificate that the program is told to use, in a folder of its own.
class Certificate {
 public:
  Certificate() { std::filesystem::create_directories(folder_); }
  ~Certificate() { std::filesystem::remove_all(folder_); }
  Certificate(const Certificate&) = delete;
  Certificate& operator=(const Certificate&) = delete;

  // In this name, and good for 127.0.0.1.
  void make(const std::string& host) const {
    const Outcome made = outcome_of(fmt::format(
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "
        "/CN={} -addext subjectAltName=IP:127.0.0.1 -keyout {} -out {}",
        host, key(), file()));
    ASSERT_EQ(made.status, 0) << made.text;
  }
  // Whoever opens it waits.
  void hold_back() const {
    std::filesystem::remove(file());
    ASSERT_EQ(::mkfifo(file().c_str(), 0600), 0);
  }
  void spoil() const { std::ofstream(file()) << "nothing of use\n"; }

  [[nodiscard]] std::string file() const { return folder_ + "/certificate.pem"; }
  [[nodiscard]] std::string key() const { return folder_ + "/key.pem"; }
  [[nodiscard]] std::vector<std::string> arguments() const {
    return {"--listen-tls", "127.0.0.1:0", "--service",     "http",
            "--key",        key(),         "--certificate", file()};
  }

 private:
  std::string folder_ = testing::TempDir() + fmt::format("certificate-{}", ::getpid());
};

}  // namespace closewait
