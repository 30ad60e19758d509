#include "bench/nginx.h"

#include <fmt/format.h>
#include <stdlib.h>

#include <fstream>
#include <string>
#include <system_error>

#include "base/error.h"

namespace closewait {
namespace {

// What is not said is nginx's default. Requests are not logged, since ours are not, and a
// connection is not ended after its 1,000th, as ours is not.
std::string configuration(const SocketAddress& address, const std::string& body) {
  return fmt::format(
      "daemon off;\n"
      "master_process off;\n"
      "worker_processes 1;\n"
      "worker_rlimit_nofile 20000;\n"
      "error_log error.log;\n"
      "pid nginx.pid;\n"
      "events {{ worker_connections 20000; }}\n"
      "http {{\n"
      "  access_log off;\n"
      "  default_type text/plain;\n"
      "  client_body_temp_path temp;\n"
      "  proxy_temp_path temp;\n"
      "  fastcgi_temp_path temp;\n"
      "  uwsgi_temp_path temp;\n"
      "  scgi_temp_path temp;\n"
      "  keepalive_requests 1000000000;\n"
      "  server {{ listen {} backlog=4096; location / {{ return 200 \"{}\"; }} }}\n"
      "}}\n",
      address.to_string(), body);
}

}  // namespace

Nginx::Nginx(const std::string& body) {
  std::string folder = (std::filesystem::temp_directory_path() / "bench-nginx-XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr) throw SetupError("mkdtemp: " + describe(last_error()));
  folder_ = folder;
  const SocketAddress address = free_address();
  std::ofstream(folder_ / "nginx.conf") << configuration(address, body);
  process_ = std::make_unique<ServerProcess>(
      std::vector<std::string>{"nginx", "-p", folder, "-e", "error.log", "-c", "nginx.conf"},
      address);
}

Nginx::~Nginx() {
  process_.reset();
  std::error_code ignored;  // a folder that stays behind harms nobody
  std::filesystem::remove_all(folder_, ignored);
}

}  // namespace closewait
