#pragma once

#include <string>

#include "record/host_fault.h"

namespace closewait {

// "freeze of 1 process for 500ms", "kill_sockets of 20 sockets", with what went wrong behind it.
[[nodiscard]] std::string sentence_of(const HostFault& fault);

}  // namespace closewait
