#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "bench/server_process.h"

namespace closewait {

// nginx with the event loop of one worker in one process, answering every request with `body`, on
// a free port of loopback, its files in a folder of its own. Throws SetupError.
class Nginx {
 public:
  explicit Nginx(const std::string& body);
  ~Nginx();
  Nginx(const Nginx&) = delete;
  Nginx& operator=(const Nginx&) = delete;

  [[nodiscard]] const ServerProcess& process() const { return *process_; }

 private:
  std::filesystem::path folder_;
  std::unique_ptr<ServerProcess> process_;
};

}  // namespace closewait
