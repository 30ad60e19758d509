#pragma once

#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/address.h"
#include "faults/echo_exchange.h"
#include "faults/http_exchange.h"
#include "faults/offer.h"
#include "faults/raw_exchange.h"
#include "loadgen/scenario.h"

namespace closewait {

// What requests of the dialect http are made of.
struct HttpTexts {
  HttpTexts(const TargetSpec& spec, const SocketAddress& target);

  std::string host;     // of the Host field
  std::string request;  // the whole, when it is the same for all clients; else ""
};

// For each of the target's addresses.
[[nodiscard]] std::vector<HttpTexts> http_texts(const TargetSpec& spec,
                                                std::span<const SocketAddress> targets);

// The place of one exchange in the target's dialect. Owns it; `spec` and `texts` outlive it.
class TargetExchange {
 public:
  // The one that a client of `behaviour` has. Called once.
  Exchange& make(const TargetSpec& spec, const HttpTexts& texts, const Behaviour& behaviour,
                 const Params& params);

 private:
  std::variant<std::monostate, EchoExchange, HttpExchange, RawExchange> place_;
};

// What the target offers to clients as far as its description tells.
[[nodiscard]] Offer offer_of(const TargetSpec& spec);

}  // namespace closewait
