#include "report/host_fault_sentence.h"

#include <fmt/format.h>

#include "report/brief.h"

namespace closewait {
namespace {

std::string extent(const HostFault& fault) {
  if (fault.fault == HostFaultKind::kKillSockets) {
    return fmt::format("of {} socket{}", grouped(fault.sockets), fault.sockets == 1 ? "" : "s");
  }
  const double lasted = fault.until - fault.at;
  return fmt::format("of {} process{}{}", grouped(fault.processes),
                     fault.processes == 1 ? "" : "es",
                     lasted > 0 ? " for " + brief_seconds(lasted) : "");
}

}  // namespace

std::string sentence_of(const HostFault& fault) {
  std::string text = fmt::format("{} {}", name_of(fault.fault), extent(fault));
  if (!fault.error.empty()) text += "; it does not count: " + fault.error;
  if (!fault.undone) text += "; NOT UNDONE";
  return text;
}

}  // namespace closewait
