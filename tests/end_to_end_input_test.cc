// What the rig refuses, how it says so, and what it tells without a run.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/socket.h>

#include <ostream>

#include "tests/rig_run.h"

namespace closewait {
namespace {

using ::testing::AllOf;
using testing::Ended;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::shipped;

constexpr int kBadInput = 2;
constexpr int kInconclusive = 3;

class Input : public testing::RigRun {
 protected:
  // It was refused, and nothing that looks like a run is left.
  void expect_refused(const Ended& ended, int status) const {
    EXPECT_EQ(ended.status, status) << ended.output << ended.errors;
    EXPECT_THAT(ended.output, IsEmpty());
    EXPECT_FALSE(std::filesystem::exists(record()));
    EXPECT_FALSE(std::filesystem::exists(out() / "result.json"));
  }
};

// A scenario with one line instead of the right one.
struct Mistake {
  const char* name;
  const char* right;
  const char* wrong;
  const char* message;
};
void PrintTo(const Mistake& mistake, std::ostream* out) { *out << mistake.name; }

constexpr const char* kRight =
    "name: mistake\n"
    "target: {start: closewait-server --service http --listen 127.0.0.1:0}\n"
    "cycle:\n"
    "  - name: storm\n"
    "    for: 1s\n"
    "    rate: 10/s\n"
    "    clients: {polite: 1}\n"
    "  - {name: rest, settle: 1s, quiet: 100ms}\n";
const Mistake kMistakes[] = {
    {"UnknownKey", "    for: 1s", "    fro: 1s", "mistake.yaml:5:5: unknown key 'fro'"},
    {"RepeatedKey", "    for: 1s", "    for: 1s\n    for: 2s", "mistake.yaml:6:5: "},
    {"UnknownBehaviour", "{polite: 1}", "{rst-after-conect: 1}", "'rst-after-connect'"},
    {"WrongUnit", "for: 1s", "for: 1KiB", "mistake.yaml:5:10: "},
    {"NegativeRate", "rate: 10/s", "rate: -10/s", "mistake.yaml:6:11: "},
    {"EmptyMix", "{polite: 1}", "{}", "mistake.yaml:7:14: "},
    {"Syntax", "{polite: 1}", "{polite: 1", "mistake.yaml:"},
};

class Mistakes : public Input, public ::testing::WithParamInterface<Mistake> {};

TEST_P(Mistakes, AreSaidWithTheirPlace) {
  std::string text = kRight;
  const std::string right = GetParam().right;
  text.replace(text.find(right), right.size(), GetParam().wrong);
  const Ended ended = run({write("mistake.yaml", text)});
  expect_refused(ended, kBadInput);
  EXPECT_THAT(ended.errors, ::testing::ContainsRegex("mistake\\.yaml:[0-9]+:[0-9]+: "));
  EXPECT_THAT(ended.errors, HasSubstr(GetParam().message));
  // `check` says the same.
  EXPECT_EQ(closewait({"check", folder() / "mistake.yaml"}).errors, ended.errors);
}

INSTANTIATE_TEST_SUITE_P(Input, Mistakes, ::testing::ValuesIn(kMistakes),
                         [](const auto& each) { return each.param.name; });

TEST_F(Input, AMissingFile) {
  const Ended ended = run({"no-such-scenario.yaml"});
  expect_refused(ended, kBadInput);
  EXPECT_THAT(ended.errors, AllOf(HasSubstr("no-such-scenario.yaml"), HasSubstr("No such file")));
}

TEST_F(Input, AMistakeInASetting) {
  const Ended ended = run({shipped("smoke"), "--set", "cycle.storm.for=soon"});
  expect_refused(ended, kBadInput);
  EXPECT_THAT(ended.errors, HasSubstr("--set cycle.storm.for"));
}

TEST_F(Input, ARemoteTargetIsRefused) {
  const Ended quick =
      run({"--target", "192.0.2.1:80", "--mix", "polite:1", "--rate", "1/s", "--for", "1s"});
  expect_refused(quick, kBadInput);
  EXPECT_THAT(quick.errors, AllOf(HasSubstr("192.0.2.1:80"), HasSubstr("--allow-remote")));
  const Ended file = run({shipped("smoke"), "--target", "192.0.2.1:80"});
  expect_refused(file, kBadInput);
  EXPECT_THAT(file.errors, AllOf(HasSubstr("192.0.2.1:80"), HasSubstr("--allow-remote")));
}

TEST_F(Input, AMixBesideAFile) {
  const Ended ended = run({shipped("smoke"), "--mix", "polite:1"});
  expect_refused(ended, kBadInput);
  EXPECT_THAT(ended.errors, HasSubstr("--mix"));
}

TEST_F(Input, NothingListensAtTheTarget) {
  // Bound and not listening: nobody else takes the port.
  const UniqueFd bound(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto any = *SocketAddress::parse("127.0.0.1:0");
  ASSERT_EQ(::bind(bound.get(), any.data(), any.size()), 0);
  const std::string address = SocketAddress::local_of(bound.get())->to_string();
  const Ended ended =
      run({"--target", address, "--mix", "polite:1", "--rate", "10/s", "--for", "1s"});
  expect_refused(ended, kInconclusive);
  EXPECT_THAT(ended.errors, AllOf(HasSubstr(address), HasSubstr("ECONNREFUSED")));
  // So it is with a file, whose dialect needs no question.
  const Ended file = run({shipped("smoke"), "--target", address});
  expect_refused(file, kInconclusive);
  EXPECT_THAT(file.errors, HasSubstr("nothing listens at " + address));
}

TEST_F(Input, ATakenPort) {
  const UniqueFd taken(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto any = *SocketAddress::parse("127.0.0.1:0");
  ASSERT_EQ(::bind(taken.get(), any.data(), any.size()), 0);
  ASSERT_EQ(::listen(taken.get(), 1), 0);
  const std::string address = SocketAddress::local_of(taken.get())->to_string();
  const Ended ended = run({shipped("smoke"), "--set",
                           "target.start=closewait-server --service http --listen " + address});
  expect_refused(ended, kInconclusive);
  EXPECT_THAT(ended.errors, AllOf(HasSubstr(address), HasSubstr("EADDRINUSE")));
}

TEST_F(Input, AProgramThatDoesNotExist) {
  const Ended ended = run({shipped("smoke"), "--set", "target.start=no-such-server --port 1"});
  expect_refused(ended, kInconclusive);
  EXPECT_THAT(ended.errors, HasSubstr("no-such-server"));
}

TEST_F(Input, AFolderThatHoldsARun) {
  std::filesystem::create_directories(out());
  (void)write("out/run.jsonl", "precious\n");
  const Ended ended = run({shipped("smoke")});
  EXPECT_EQ(ended.status, kBadInput);
  EXPECT_THAT(ended.errors, HasSubstr("holds a run already"));
  EXPECT_EQ(testing::text_of(record()), "precious\n");
}

TEST_F(Input, CheckSaysWhatEachScenarioWouldDo) {
  for (const char* name : {"smoke", "soak", "abort-storm"}) {
    const Ended ended = closewait({"check", shipped(name)});
    EXPECT_EQ(ended.status, 0) << ended.errors;
    const std::string text = testing::text_of(shipped(name));
    EXPECT_THAT(ended.output, AllOf(HasSubstr(std::string("scenario ") + name),
                                    HasSubstr("starts closewait-server")));
    for (const char* behaviour : {"polite", "polite-held", "rst-after-connect", "rst-mid-response",
                                  "half-close", "slow-read"}) {
      if (text.find(std::string(behaviour) + ":") == std::string::npos) continue;
      EXPECT_THAT(ended.output, HasSubstr(std::string("  ") + behaviour + " "));
    }
    EXPECT_THAT(ended.output, HasSubstr("%"));
  }
}

}  // namespace
}  // namespace closewait
