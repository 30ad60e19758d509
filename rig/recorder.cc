#include "rig/recorder.h"

#include <fmt/format.h>

#include <cstdio>

namespace closewait {

Recorder::Recorder(const std::filesystem::path& journal)
    : path_(journal), journal_(journal), began_(Clock::now()) {}

void Recorder::append(const Line& line) {
  run_.add(line);
  const auto error = journal_.append(line);
  if (watcher_) watcher_(run_, line);
  if (!error || lost_lines_) return;
  lost_lines_ = true;
  fmt::print(stderr, "closewait: {}: {}; the run goes on, its record is not whole\n",
             path_.string(), describe(error));
}

}  // namespace closewait
