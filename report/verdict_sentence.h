#pragma once

#include <string>

#include "record/run.h"

namespace closewait {

// The verdict in one sentence, without a newline: "PASS: 2,410 connections, 0 leaked descriptors
// over 6 rests, every expectation held."
[[nodiscard]] std::string verdict_sentence(const Run& run);

}  // namespace closewait
