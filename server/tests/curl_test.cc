#include <fmt/format.h>
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "server/tests/certificate_for_tests.h"
#include "server/tests/command_for_tests.h"
#include "server/tests/peer_for_tests.h"
#include "server/tests/program_for_tests.h"

namespace closewait {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;

// The real server, asked by a client that is not ours.
struct Curl : testing::Test {
  // What `curl` writes, given these arguments; $URL is the server's.
  [[nodiscard]] std::string curl(const std::string& arguments) const {
    const Outcome outcome = outcome_of(
        fmt::format("URL=http://{} ; curl -sS --max-time 20 {}", address.to_string(), arguments));
    EXPECT_EQ(outcome.status, 0) << arguments << "\n" << outcome.text.substr(0, 1000);
    return outcome.text;
  }
  // A file of the pattern, to be uploaded.
  [[nodiscard]] static std::string file_of(std::size_t size) {
    const std::string path = testing::TempDir() + fmt::format("closewait-curl-{}", ::getpid());
    std::ofstream(path, std::ios::binary) << pattern_text(size);
    return path;
  }

  Program program{std::vector<std::string>{"--listen", "127.0.0.1:0", "--service", "http",
                                           "--max-body", "2MiB"}};
  SocketAddress address = program.address();
};

TEST_F(Curl, GetsAndReusesTheConnection) {
  EXPECT_EQ(curl("$URL/health"), "ok\n");
  EXPECT_TRUE(curl("$URL/bytes/1000000") == pattern_text(1'000'000));
  EXPECT_EQ(curl("-o /dev/null -o /dev/null -w '%{num_connects} ' $URL/ $URL/bytes/10"), "1 0 ");
  EXPECT_THAT(curl("-I $URL/bytes/5"), HasSubstr("Content-Length: 5\r\n"));
  EXPECT_THAT(curl("-I $URL/"), ContainsRegex("\r\nDate: [A-Z][a-z]+, .* GMT\r\n"));
  EXPECT_EQ(curl("--http1.0 $URL/"), "ok\n");
}

TEST_F(Curl, UploadsWithALengthAndInChunks) {
  const std::string path = file_of(1'500'000);
  const std::string content = pattern_text(1'500'000);
  EXPECT_TRUE(curl("-T " + path + " $URL/echo") == content);
  EXPECT_TRUE(curl("-T - $URL/echo < " + path) == content) << "chunked";
  EXPECT_EQ(curl("-T - $URL/count < " + path), "1500000\n");
  EXPECT_EQ(curl("--data-binary @" + path + " $URL/count"), "1500000\n");
  EXPECT_EQ(curl("-T - -w ' %{num_connects}' $URL/count $URL/count < " + path).substr(0, 9),
            "1500000\n ");
  std::filesystem::remove(path);
}

TEST_F(Curl, WaitsForTheServersWordBeforeItSendsABody) {
  const std::string path = file_of(1'500'000);
  // It would send after 30 s without a word, which is later than it may take.
  const std::string with_expect = "-H 'Expect: 100-continue' --expect100-timeout 30 ";
  EXPECT_EQ(curl(with_expect + "-T " + path + " $URL/count"), "1500000\n");
  EXPECT_EQ(curl(with_expect + "-T - $URL/count < " + path), "1500000\n");
  EXPECT_EQ(curl(with_expect + "-o /dev/null -w %{http_code} -T " + path + " $URL/none"), "404");
  std::filesystem::remove(path);
}

TEST_F(Curl, IsToldWhatIsWrong) {
  const std::string path = file_of(3'000'000);
  const std::string status = "-o /dev/null -w %{http_code} ";
  EXPECT_EQ(curl(status + "-T " + path + " $URL/count"), "413");
  EXPECT_EQ(curl(status + "-T - $URL/count < " + path), "413");
  EXPECT_EQ(curl(status + "-X BREW $URL/"), "501");
  EXPECT_EQ(curl(status + "-X DELETE $URL/"), "405");
  EXPECT_EQ(curl(status + "-H 'Transfer-Encoding: gzip' -d x $URL/count"), "501");
  EXPECT_EQ(curl(status + "-H 'X: " + std::string(20000, 'x') + "' $URL/"), "431");
  EXPECT_EQ(curl(status + "-H 'Content-Length: 9223372036854775808' -d x $URL/count"), "413");
  EXPECT_EQ(curl(status + "-H 'Host:' $URL/"), "400");
  std::filesystem::remove(path);
}

// The real server behind TLS, with a certificate of its own making or one that it is given.
struct CurlTls : testing::Test {
  void serve(std::vector<std::string> arguments) {
    program.emplace(std::move(arguments));
    address = program->address();
  }
  // $URL is the server's.
  [[nodiscard]] Outcome curl(const std::string& arguments) const {
    return outcome_of(
        fmt::format("URL=https://{} ; curl -sS --max-time 20 {}", address.to_string(), arguments));
  }

  static constexpr int kNotTrusted = 60;  // curl's exit status
  std::optional<Program> program;
  SocketAddress address;
};

TEST_F(CurlTls, TrustsTheCertificateThatTheServerWasGiven) {
  const Certificate certificate;
  certificate.make("server.test");
  serve(certificate.arguments());
  const std::string trusting = "--cacert " + certificate.file() + " ";
  EXPECT_TRUE(curl(trusting + "$URL/bytes/1000000").text == pattern_text(1'000'000));
  EXPECT_EQ(curl(trusting + "-o /dev/null -o /dev/null -w '%{ssl_verify_result} %{num_connects} ' "
                            "$URL/ $URL/bytes/10")
                .text,
            "0 1 0 0 ");
  EXPECT_EQ(curl("$URL/").status, kNotTrusted);
}

TEST_F(CurlTls, SpeaksEitherVersionWithTheServersOwnCertificate) {
  serve({"--listen-tls", "127.0.0.1:0", "--service", "http"});
  EXPECT_EQ(curl("$URL/").status, kNotTrusted);
  EXPECT_EQ(curl("-k $URL/health").text, "ok\n");
  EXPECT_THAT(curl("-k -v $URL/health").text, HasSubstr("SSL connection using TLSv1.3 /"));
  EXPECT_THAT(curl("-k -v --tls-max 1.2 $URL/health").text,
              HasSubstr("SSL connection using TLSv1.2 /"));
  EXPECT_EQ(curl("-k --tls-max 1.2 -d hello $URL/echo").text, "hello");
}

}  // namespace
}  // namespace closewait
