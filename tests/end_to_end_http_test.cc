// HTTP servers that are not ours, as their users run them.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <fstream>

#include "tests/outside_server.h"
#include "tests/rig_run.h"

namespace closewait {
namespace {

using nlohmann::json;
using testing::address_of;
using testing::Ended;
using testing::eventually;
using ::testing::HasSubstr;
using testing::Program;

class HttpServers : public testing::RigRun {
 protected:
  // Starts an installed server and waits until it listens; skips the test when there is none.
  void start(const std::string& path, const Arguments& options) {
    if (::access(path.c_str(), X_OK) != 0) GTEST_SKIP() << path << " is not installed";
    Arguments command{path};
    command.insert(command.end(), options.begin(), options.end());
    server_ = std::make_unique<Program>(command, folder());
    ASSERT_TRUE(eventually([&] { return testing::accepts(address_); })) << server_->errors();
  }

  // As Debian's default, with a worker beside its master: a page to get, and orders to post.
  void start_nginx(const std::string& tls = {}) {
    std::filesystem::create_directories(folder() / "html");
    std::ofstream(folder() / "html/page") << std::string(300'000, 'x');
    start("/usr/sbin/nginx",
          {"-p", folder().string(), "-e", "error.log", "-c",
           write("nginx.conf",
                 fmt::format("daemon off;\nworker_processes 1;\npid nginx.pid;\n{}"
                             "events {{ worker_connections 4000; }}\n"
                             "http {{\n"
                             "  access_log access.log;\n  sendfile on;\n  tcp_nopush on;\n"
                             "  client_body_temp_path temp;\n  proxy_temp_path temp;\n"
                             "  fastcgi_temp_path temp;\n  uwsgi_temp_path temp;\n"
                             "  scgi_temp_path temp;\n"
                             "  server {{\n    listen {};\n    root html;\n"
                             "    location = /orders {{\n"
                             "      if ($http_x_tag = '') {{ return 400; }}\n"
                             "      if ($request_method = POST) {{ return 201 made; }}\n"
                             "      return 405;\n    }}\n  }}\n}}\n",
                             ::geteuid() == 0 ? "user root;\n" : "", address_.to_string() + tls))});
  }

  // In front of a closewait-server.
  void start_haproxy(const std::string& tls = {}) {
    backend_ = std::make_unique<Program>(
        Arguments{"closewait-server", "--listen", "127.0.0.1:0", "--service", "http"}, folder());
    start("/usr/sbin/haproxy",
          {"-db", "-f",
           write("haproxy.cfg",
                 fmt::format("global\n  maxconn 4000\n"
                             "defaults\n  mode http\n  timeout connect 5s\n"
                             "  timeout client 30s\n  timeout server 30s\n"
                             "frontend in\n  bind {}\n  default_backend out\n"
                             "backend out\n  server one {}\n",
                             address_.to_string() + tls, address_of(*backend_).to_string()))});
  }

  // A certificate of localhost that has signed itself, and its key, in one file.
  void make_certificate() {
    const Program openssl(
        {"/usr/bin/openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
         "subjectAltName=DNS:localhost", "-keyout", "key.pem", "-out", "cert.pem"},
        folder());
    ASSERT_TRUE(eventually([&] {
      return std::filesystem::exists(folder() / "cert.pem") &&
             testing::text_of(folder() / "cert.pem").find("END CERT") != std::string::npos;
    })) << openssl.errors();
    std::ofstream(folder() / "both.pem")
        << testing::text_of(folder() / "cert.pem") << testing::text_of(folder() / "key.pem");
  }

  // Storms and their rests, in seconds.
  [[nodiscard]] Ended short_run(const std::string& target, const std::string& clients,
                                int rate = 200, int cycles = 2) {
    return run({write("http.yaml",
                      fmt::format("name: http\nseed: 7\n"
                                  "target: {{address: '{}', {}}}\n"
                                  "warm_up: {{for: 500ms, rate: 100/s, clients: {{polite: 1}}}}\n"
                                  "cycle:\n"
                                  "  - {{name: storm, for: 2s, rate: {}/s, clients: {{{}}}}}\n"
                                  "  - {{name: rest, settle: 10s, quiet: 500ms}}\n"
                                  "repeat: {}\n"
                                  "expect: {{clients.polite.failed_ratio: < 0.1%}}\n",
                                  address_.to_string(), target, rate, clients, cycles))});
  }

 private:
  SocketAddress address_ = testing::free_address();
  std::unique_ptr<Program> backend_;
  std::unique_ptr<Program> server_;
};

// Bulk that a sanitizer can decipher beside other tests.
constexpr const char* kAll =
    "polite: 50, polite-held: {weight: 5, hold: 1500ms}, rst-after-connect: 20, "
    "rst-mid-response: 5, half-close: 15, slow-read: {weight: 5, size: 1MiB, rate: 4MiB/s}";

const std::vector<std::string> kBehaviours{"polite",           "polite-held", "rst-after-connect",
                                           "rst-mid-response", "half-close",  "slow-read"};

TEST_F(HttpServers, NginxPasses) {
  start_nginx();
  if (IsSkipped() || HasFatalFailure()) return;
  testing::expect_pass(short_run("path: /page", kAll), kBehaviours);
}

// What it takes in its first cycles is no growth, and six rests are enough to say so.
TEST_F(HttpServers, NginxComesToAPlateau) {
  start_nginx();
  if (IsSkipped() || HasFatalFailure()) return;
  const Ended ended = short_run("path: /page", "polite: 70, rst-after-connect: 30", 200, 6);
  testing::expect_pass(ended, {"polite", "rst-after-connect"});
  EXPECT_THAT(ended.result["not_judged"].dump(), ::testing::Not(HasSubstr("memory-growth")));
  for (const json& rest : ended.result["rests"]) EXPECT_GT(rest["sample"]["anon_bytes"], 0);
}

// What nginx answers shows that method, header and body have come to it.
TEST_F(HttpServers, NginxTakesOrdersAsTheyAreDescribed) {
  start_nginx();
  if (IsSkipped() || HasFatalFailure()) return;
  const std::string order =
      "path: /orders, method: POST, headers: {X-Tag: a}, body: {size: 8KiB}, status: ";
  testing::expect_pass(short_run(order + "201", "polite: 1"), {"polite"});
  std::filesystem::rename(out(), folder() / "first");
  const Ended wrong = short_run(order + "[200, 3xx]", "polite: 1");
  EXPECT_EQ(wrong.status, 1) << wrong.output;
  const json& counts = wrong.result["clients"]["polite"];
  EXPECT_GT(counts["delivered"], 0);
  EXPECT_EQ(counts["wrong"], counts["delivered"]);
}

// Through it the byte pattern of the server behind comes unchanged.
TEST_F(HttpServers, HaproxyPasses) {
  start_haproxy();
  if (IsSkipped() || HasFatalFailure()) return;
  testing::expect_pass(short_run("dialect: http", kAll), kBehaviours);
}

// A second: what a sanitizer makes of more keeps a worker busy, beside other tests.
constexpr int kHandshakes = 60;

constexpr const char* kVerified = ", tls: {sni: localhost, ca: cert.pem}";

TEST_F(HttpServers, NginxPassesOverTls) {
  make_certificate();
  start_nginx(" ssl;\n    ssl_certificate both.pem;\n    ssl_certificate_key both.pem");
  if (IsSkipped() || HasFatalFailure()) return;
  testing::expect_pass(short_run(std::string("path: /page") + kVerified, kAll, kHandshakes),
                       kBehaviours);
}

TEST_F(HttpServers, HaproxyPassesOverTls) {
  make_certificate();
  start_haproxy(" ssl crt both.pem");
  if (IsSkipped() || HasFatalFailure()) return;
  testing::expect_pass(short_run(std::string("dialect: http") + kVerified, kAll, kHandshakes),
                       kBehaviours);
}

// Nobody is sent where no hand will be shaken: why is said at once, with the way out.
TEST_F(HttpServers, ACertificateThatIsNotTrustedIsSaidBeforeTheLoad) {
  make_certificate();
  start_nginx(" ssl;\n    ssl_certificate both.pem;\n    ssl_certificate_key both.pem");
  if (IsSkipped() || HasFatalFailure()) return;
  const Ended ended = short_run("path: /page, tls: {sni: shop.test, ca: cert.pem}", "polite: 1");
  EXPECT_EQ(ended.status, 3);
  EXPECT_THAT(ended.errors,
              HasSubstr("no TLS handshake: certificate verify failed: hostname mismatch; name who "
                        "signed it by target.tls.ca, the name it has by target.tls.sni"));
  EXPECT_EQ(testing::text_of(folder() / "access.log"), "");
}

}  // namespace
}  // namespace closewait
