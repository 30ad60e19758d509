#pragma once

#include <string>
#include <vector>

#include "record/finding.h"

namespace closewait {

// What one kind of judgement came to.
struct Judged {
  std::vector<Finding> findings;
  std::vector<std::string> not_judged;  // why something that is there gives no finding
};

}  // namespace closewait
