#include "loadgen/scenario_protocol.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace closewait {
namespace {

using namespace std::string_literals;
using Kind = RawFraming::Kind;

// The protocol in the third line, where every case below writes it.
std::string with(const std::string& protocol, const std::string& clients = "{polite: 1}") {
  return "name: s\ntarget:\n  protocol: " + protocol +
         "\n  dialect: raw\n  pid: 1\ncycle: [{for: 1s, rate: 5/s, clients: " + clients + "}]\n";
}

std::string error_of(const std::string& text, const std::string& file = "s.yaml",
                     const std::vector<Setting>& settings = {}) {
  try {
    static_cast<void>(parse_scenario(text, file, settings));
  } catch (const UsageError& error) {
    return error.what();
  }
  return "no error";
}

RawProtocol protocol_of(const std::string& protocol) {
  return parse_scenario(with(protocol), "s.yaml", {}).target.protocol.value();
}

RawFraming response_of(const std::string& response) {
  return protocol_of("{request: a, response: " + response + "}").usual.response;
}

TEST(ScenarioProtocol, ReadsAllOfIt) {
  ::setenv("CLOSEWAIT_TEST_PASSWORD", "secret", 1);
  const RawProtocol protocol = protocol_of(
      "{hello: {until: \"\\r\\n\"}, login: [{request: \"AUTH ${CLOSEWAIT_TEST_PASSWORD}\\r\\n\", "
      "response: {until: \"\\r\\n\", starts: '+OK'}}, {request: {hex: 0a0B ff}, response: "
      "{bytes: 1}}], request: \"PING\\r\\n\", response: {bytes: 7}, large: {request: big, "
      "response: {bytes: 8MiB, starts: {hex: '00'}}}}");
  ASSERT_EQ(protocol.opening.size(), 3U);
  EXPECT_EQ(protocol.opening[0].request, "");
  EXPECT_EQ(protocol.opening[0].response.until, "\r\n");
  EXPECT_EQ(protocol.opening[1].request, "AUTH secret\r\n");
  EXPECT_EQ(protocol.opening[1].response.starts, "+OK");
  EXPECT_EQ(protocol.opening[2].request, "\x0a\x0b\xff");
  EXPECT_EQ(protocol.usual.request, "PING\r\n");
  EXPECT_EQ(protocol.usual.response.kind, Kind::kBytes);
  EXPECT_EQ(protocol.usual.response.bytes, 7U);
  ASSERT_TRUE(protocol.large);
  EXPECT_EQ(protocol.large->request, "big");
  EXPECT_EQ(protocol.large->response.bytes, 8U * 1024 * 1024);
  EXPECT_EQ(protocol.large->response.starts, "\0"s);
}

TEST(ScenarioProtocol, ReadsEveryWayToEnd) {
  EXPECT_EQ(response_of("{until: {hex: '00'}}").until, "\0"s);
  EXPECT_EQ(response_of("{until: END}").kind, Kind::kUntil);
  const auto prefix = [](const std::string& name) {
    const RawFraming framing = response_of("{length_prefix: " + name + "}");
    EXPECT_EQ(framing.kind, Kind::kLengthPrefix);
    return std::pair(framing.prefix.size, framing.prefix.big_endian);
  };
  EXPECT_EQ(prefix("u8").first, 1U);
  EXPECT_EQ(prefix("u16be"), std::pair(std::size_t{2}, true));
  EXPECT_EQ(prefix("u16le"), std::pair(std::size_t{2}, false));
  EXPECT_EQ(prefix("u32be"), std::pair(std::size_t{4}, true));
  EXPECT_EQ(prefix("u32le"), std::pair(std::size_t{4}, false));
  const RawFraming pattern = response_of("{pattern: \"^\\\\+PONG\\r\\n\"}");
  EXPECT_EQ(pattern.kind, Kind::kPattern);
  EXPECT_EQ(pattern.pattern->shortest_match("+PONG\r\n"), 7U);
}

struct Case {
  std::string protocol;
  std::string error;  // after "s.yaml:3:"
};

void expect_errors(const std::vector<Case>& cases) {
  for (const Case& each : cases) {
    EXPECT_EQ(error_of(with(each.protocol)), "s.yaml:3:" + each.error)
        << each.protocol.substr(0, 80);
  }
}

const std::string kText = "; expected text such as \"PING\\r\\n\", or {hex: 0a0b ff}";

TEST(ScenarioProtocol, RefusesRequestsThatCannotBe) {
  const std::string hex = "; expected pairs of hex digits such as 0a0b ff";
  const auto request = [](const std::string& written) {
    return "{request: " + written + ", response: {bytes: 1}}";
  };
  expect_errors({
      {"ping",
       "13: 'protocol' is 'ping'; expected a map of include, hello, login, request, "
       "response or large"},
      {"{}", "13: 'protocol' has no 'request'" + kText +
                 "\ns.yaml:3:13: 'protocol' has no 'response'; expected a map such as {until: "
                 "\"\\r\\n\"}"},
      {"{reqest: a, request: a, response: {bytes: 1}}",
       "14: unknown key 'reqest' in 'protocol'; did you mean 'request'?"},
      {request("''"), "23: 'request' is ''" + kText},
      {request("[a]"), "23: 'request' is a list" + kText},
      {request("{hex: 0a0}"), "29: 'hex' is '0a0'" + hex},
      {request("{hex: 0 a}"), "29: 'hex' is '0 a'" + hex},
      {request("{hex: 0g}"), "29: 'hex' is '0g'" + hex},
      {request("{hex: ''}"), "29: 'hex' is ''" + hex},
      {request("{}"), "23: 'request' has no 'hex'" + hex},
      {request("{hex: 0a, text: a}"), "33: unknown key 'text' in 'request'; expected hex"},
      {request(std::string(32769, 'a')),
       "13: 'protocol' has requests of 32769 bytes, login and all; expected at most 32768"},
      {"{login: [{request: " + std::string(20000, 'a') +
           ", response: {bytes: 1}}], response: {bytes: 1}, request: " + std::string(20000, 'a') +
           "}",
       "13: 'protocol' has requests of 40000 bytes, login and all; expected at most 32768"},
      {request("a, hello: x"),
       "33: 'hello' is 'x'; expected a map of bytes, until, length_prefix, pattern or starts"},
      {request("a, login: x"),
       "33: 'login' is 'x'; expected a list of requests with their responses"},
      {request("a, login: [{request: a}]"),
       "34: a login has no 'response'; expected a map such as {until: \"\\r\\n\"}"},
      {request("a, large: {response: {bytes: 1}}"), "33: 'large' has no 'request'" + kText},
  });
  std::string logins;
  for (int i = 0; i < 17; ++i) logins += "{request: a, response: {bytes: 1}},";
  EXPECT_EQ(error_of(with(request("a, login: [" + logins + "]"))),
            "s.yaml:3:33: 'login' has 17 requests; expected at most 16");
}

TEST(ScenarioProtocol, RefusesResponsesThatCannotEndOrCannotBeRight) {
  const std::string bytes = "; expected a size such as 7 or 64KiB, at most 256MiB";
  const std::string pattern = "; expected a regular expression such as '^\\+PONG\\r\\n'";
  const auto response = [](const std::string& written) {
    return "{request: a, response: " + written + "}";
  };
  expect_errors({
      {response("{}"),
       "36: 'response' never ends; expected bytes, until, length_prefix or pattern in it"},
      {response("{starts: a}"),
       "36: 'response' never ends; expected bytes, until, length_prefix or pattern in it"},
      {response("{bytes: 1, until: a}"),
       "47: 'response' ends twice, by 'bytes' and by 'until'; expected one of them"},
      {response("{untl: a, bytes: 1}"),
       "37: unknown key 'untl' in 'response'; did you mean 'until'?"},
      {response("{bytes: 0}"), "44: 'bytes' is '0'" + bytes},
      {response("{bytes: 257MiB}"), "44: 'bytes' is '257MiB'" + bytes},
      {response("{until: ''}"), "44: 'until' is ''" + kText},
      {response("{until: " + std::string(257, 'a') + "}"),
       "44: 'until' has 257 bytes; expected at most 256"},
      {response("{length_prefix: u32}"),
       "52: 'length_prefix' is 'u32'; expected u8, u16be, u16le, u32be or u32le"},
      {response("{length_prefix: u32b}"),
       "52: 'length_prefix' is 'u32b'; expected u8, u16be, u16le, u32be or u32le; did you mean "
       "'u32be'?"},
      {response("{pattern: 'a('}"),
       "46: 'pattern' is 'a(': a parenthesis has no other one, or a *, + or ? nothing before it" +
           pattern},
      {response("{pattern: 'a*'}"),
       "46: 'pattern' is 'a*': it matches before anything has come" + pattern},
      {response("{pattern: [a]}"), "46: 'pattern' is a list: it is empty" + pattern},
      {response("{bytes: 2, starts: abc}"),
       "55: 'starts' goes on behind the end of the response; expected at most what 'bytes' leaves "
       "of it"},
      {response("{until: b, starts: abc}"),
       "55: 'starts' goes on behind the end of the response; expected at most what 'until' leaves "
       "of it"},
  });
  EXPECT_EQ(error_of(with(response("{until: c, starts: abc}"))), "no error");
}

TEST(ScenarioProtocol, BelongsToTheDialectRaw) {
  const auto target = [](const std::string& rest) {
    return "name: s\ntarget: {pid: 1, " + rest +
           "}\ncycle: [{for: 1s, rate: 5/s, clients: {polite: 1}}]\n";
  };
  EXPECT_EQ(error_of(target("dialect: raw")),
            "s.yaml:2:27: 'dialect' is raw and 'target' has no 'protocol'; expected a map with "
            "request and response");
  EXPECT_EQ(error_of(target("protocol: {request: a, response: {bytes: 1}}")),
            "s.yaml:2:18: 'protocol' is of the dialect raw; expected dialect: raw beside it");
}

TEST(ScenarioProtocol, NeedsALargeRequestForBehavioursThatNeedMuch) {
  const std::string small = "request: a, response: {bytes: 1}";
  const std::string needs =
      " needs a large response, and 'protocol' has no 'large'; expected large: {request: ..., "
      "response: ...} there";
  EXPECT_EQ(error_of(with("{" + small + "}", "{polite: 1, slow-read: 1, rst-mid-response: 1}")),
            "s.yaml:6:51: 'slow-read'" + needs + "\ns.yaml:6:65: 'rst-mid-response'" + needs);
  EXPECT_EQ(error_of(with("{" + small + "}", "{polite: 1, half-close: 1}")), "no error");
  EXPECT_EQ(error_of(with("{" + small + ", large: {" + small + "}}", "{polite: 1, slow-read: 1}")),
            "no error");
}

class IncludedProtocol : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directory(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string write(const std::string& text) const {
    std::ofstream(folder_ / "p.yaml") << text;
    return (folder_ / "p.yaml").string();
  }
  std::string scenario() const { return (folder_ / "s.yaml").string(); }

 private:
  std::filesystem::path folder_ =
      testing::TempDir() + "closewait-protocol-" + std::to_string(::getpid());
};

TEST_F(IncludedProtocol, LiesBesideItsScenario) {
  const std::string path = write("request: ask\nresponse: {bytes: 3}\n");
  const Scenario read = parse_scenario(with("{include: p.yaml}"), scenario(), {});
  EXPECT_EQ(read.target.protocol->usual.request, "ask");
  EXPECT_EQ(read.target.protocol_file, path);
  // On the command line it is meant from where one stands.
  const Scenario set = parse_scenario(with("{include: elsewhere.yaml}"), "s.yaml",
                                      {{"target.protocol.include", path}});
  EXPECT_EQ(set.target.protocol->usual.request, "ask");
}

TEST_F(IncludedProtocol, IsCheckedAsTheScenarioIs) {
  const std::string path = write("request: ask\nresponse: {byts: 3}\n");
  EXPECT_EQ(error_of(with("{include: p.yaml}"), scenario()),
            path +
                ":2:11: 'response' never ends; expected bytes, until, length_prefix or pattern "
                "in it\n" +
                path + ":2:12: unknown key 'byts' in 'response'; did you mean 'bytes'?");
  write("request: [\n");
  EXPECT_TRUE(error_of(with("{include: p.yaml}"), scenario()).starts_with(path + ":2:1: not YAML"));
  write("");
  EXPECT_EQ(error_of(with("{include: p.yaml}"), scenario()),
            path + ":1:1: the protocol is empty; expected a map with request and response");
  write("include: q.yaml\n");
  EXPECT_EQ(error_of(with("{include: p.yaml}"), scenario()),
            path + ":1:1: an included protocol includes another; expected the protocol itself");
}

TEST_F(IncludedProtocol, RefusesAFileThatIsNone) {
  const std::string expected = "; expected a file that describes a protocol";
  EXPECT_EQ(
      error_of(with("{include: no.yaml}"), scenario()),
      scenario() + ":3:23: 'include' is 'no.yaml': No such file or directory (ENOENT)" + expected);
  EXPECT_EQ(error_of(with("{include: [a]}"), scenario()),
            scenario() + ":3:23: 'include' is a list" + expected);
  EXPECT_EQ(error_of(with("{include: p.yaml, request: a}"), scenario()),
            scenario() + ":3:31: 'protocol' includes a file and says more; expected one of both");
}

}  // namespace
}  // namespace closewait
