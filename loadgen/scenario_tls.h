#pragma once

#include <optional>

#include "faults/tls_client_context.h"
#include "loadgen/yaml_reader.h"

namespace closewait {

// Reads the key `tls` of a target: true, false, or a map of sni, verify, ca and alpn. Nothing is
// plain. A file `ca` that cannot be used is a problem; its path counts from the scenario, and is
// absolute in what is read.
[[nodiscard]] std::optional<TlsSpec> read_tls(const MapReader& target);

}  // namespace closewait
