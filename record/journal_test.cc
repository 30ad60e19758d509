#include "record/journal.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "record/random_lines.h"

namespace closewait {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

// A directory of its own for each test, gone afterwards.
class Journal : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "closewait-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = name;
  }
  void TearDown() override { fs::remove_all(directory_); }

  [[nodiscard]] fs::path path() const { return directory_ / "run.jsonl"; }
  [[nodiscard]] std::string content() const {
    std::ostringstream text;
    text << std::ifstream(path(), std::ios::binary).rdbuf();
    return text.str();
  }
  void write_file(const std::string& text) const {
    std::ofstream(path(), std::ios::binary) << text;
  }

  fs::path directory_;
};

PhaseLine phase_at(double t) { return {.t = t, .name = "storm"}; }

TEST_F(Journal, HasEachLineInTheFileWhenAppendReturns) {
  JournalWriter writer(path());
  testing::RandomLines lines(1);
  std::string expected;
  for (int i = 0; i < 50; ++i) {
    const Line line = lines.next();
    ASSERT_FALSE(writer.append(line));
    expected += to_json_text(line) + '\n';
    ASSERT_EQ(content(), expected);
  }
}

TEST_F(Journal, RefusesAFileThatExists) {
  write_file("precious");
  try {
    const JournalWriter writer(path());
    FAIL();
  } catch (const SetupError& error) {
    EXPECT_THAT(error.what(), HasSubstr(path().string()));
    EXPECT_THAT(error.what(), HasSubstr("EEXIST"));
  }
  EXPECT_EQ(content(), "precious");
}

// Limits the size of files this process may write, as a full disk would: write(2) is short, then
// fails with EFBIG. Undone in the destructor.
class SmallFiles {
 public:
  explicit SmallFiles(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{.rlim_cur = bytes, .rlim_max = before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  SmallFiles(const SmallFiles&) = delete;
  SmallFiles& operator=(const SmallFiles&) = delete;
  ~SmallFiles() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_{};
  void (*handler_)(int) = std::signal(SIGXFSZ, SIG_IGN);
};

TEST_F(Journal, LosesOnlyTheLineThatDidNotFit) {
  JournalWriter writer(path());
  ASSERT_FALSE(writer.append(HeaderLine{}));
  const auto whole = content();
  {
    const SmallFiles limit(whole.size() + 5);
    EXPECT_EQ(writer.append(phase_at(1)), errno_error(EFBIG));
    EXPECT_EQ(writer.append(phase_at(2)), errno_error(EFBIG));
    EXPECT_EQ(content(), whole);
  }
  ASSERT_FALSE(writer.append(phase_at(3)));
  const auto read = read_run(path());
  ASSERT_TRUE(read);
  EXPECT_FALSE(read->truncated);
  ASSERT_EQ(read->run.phases.size(), 1U);
  EXPECT_EQ(read->run.phases[0].t, 3);
}

TEST_F(Journal, IsReadUpToABrokenLastLine) {
  const std::string whole =
      to_json_text(HeaderLine{.scenario = "soak"}) + '\n' + to_json_text(phase_at(1)) + '\n';
  const std::string last = to_json_text(phase_at(2)) + '\n';
  for (std::size_t kept = 0; kept <= last.size(); ++kept) {
    write_file(whole + last.substr(0, kept));
    const auto read = read_run(path());
    ASSERT_TRUE(read);
    EXPECT_EQ(read->run.header.scenario, "soak");
    // Without its newline the line is still whole.
    const bool complete = kept + 1 >= last.size();
    EXPECT_EQ(read->run.phases.size(), complete ? 2U : 1U) << kept;
    EXPECT_EQ(read->truncated, !complete && kept > 0) << kept;
    EXPECT_FALSE(read->run.end);
  }
}

TEST_F(Journal, IsReadUpToABrokenLineInItsMiddle) {
  write_file(to_json_text(HeaderLine{}) + "\n\n" + to_json_text(phase_at(2)) + '\n');
  const auto read = read_run(path());
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->truncated);
  EXPECT_TRUE(read->run.phases.empty());
}

TEST_F(Journal, IsAnErrorWhenThereIsNothingToRead) {
  namespace errc = boost::system::errc;
  EXPECT_EQ(read_run(path()).error(), errc::no_such_file_or_directory);
  write_file("");
  EXPECT_EQ(read_run(path()).error(), errc::no_message_available);
  write_file("\n");
  EXPECT_EQ(read_run(path()).error(), errc::illegal_byte_sequence);
  write_file(to_json_text(phase_at(1)) + '\n');
  EXPECT_EQ(read_run(path()).error(), errc::illegal_byte_sequence);
  write_file(R"({"type":"header","schema":99})");
  EXPECT_EQ(read_run(path()).error(), errc::not_supported);
  EXPECT_FALSE(read_run(directory_));
}

TEST_F(Journal, FoldsToTheSameRunAsItsLines) {
  testing::RandomLines lines(5);
  closewait::Run direct;
  {
    JournalWriter writer(path());
    for (int i = 0; i < 120; ++i) {
      const Line line = lines.next();
      direct.add(line);
      ASSERT_FALSE(writer.append(line));
    }
  }
  const auto read = read_run(path());
  ASSERT_TRUE(read);
  EXPECT_FALSE(read->truncated);
  EXPECT_TRUE(read->run == direct);
}

}  // namespace
}  // namespace closewait
