#include "loadgen/target_exchange.h"

namespace closewait {
namespace {

// Of a target that speaks first this is all there is: nothing is asked.
const RawProtocol kNothingElse;

}  // namespace

HttpTexts::HttpTexts(const TargetSpec& spec, const SocketAddress& target)
    : host(target.is_unix() ? "localhost" : target.to_string()) {
  const std::string& path = spec.request.path;
  if (!path.empty()) request = http_request_text(spec.request, host, path);
}

std::vector<HttpTexts> http_texts(const TargetSpec& spec, std::span<const SocketAddress> targets) {
  std::vector<HttpTexts> texts;
  for (const SocketAddress& target : targets) texts.emplace_back(spec, target);
  return texts;
}

Exchange& TargetExchange::make(const TargetSpec& spec, const HttpTexts& texts,
                               const Behaviour& behaviour, const Params& params) {
  const Needs& needs = behaviour.needs;
  if (spec.dialect == Dialect::kEcho) return place_.emplace<EchoExchange>(params.size);
  if (spec.dialect == Dialect::kRaw) {
    const RawProtocol& protocol = *spec.protocol;
    if (needs.greeting) {
      return place_.emplace<RawExchange>(kNothingElse, protocol.opening.front());
    }
    const bool much = needs.response_bytes > 0 && protocol.large;
    return place_.emplace<RawExchange>(protocol, much ? *protocol.large : protocol.usual);
  }
  return place_.emplace<HttpExchange>(HttpExchange::Spec{.request = &spec.request,
                                                         .host = texts.host,
                                                         .text = texts.request,
                                                         .size = params.size,
                                                         .with_body = needs.body});
}

Offer offer_of(const TargetSpec& spec) {
  Offer offer{.tcp = !spec.is_unix(),
              .tls = spec.tls.has_value(),
              .grammar = spec.dialect != Dialect::kEcho,
              .body = spec.dialect == Dialect::kHttp};
  if (spec.dialect == Dialect::kRaw && spec.protocol) {
    const RawProtocol& protocol = *spec.protocol;
    offer.greeting = !protocol.opening.empty() && protocol.opening.front().request.empty();
    offer.large = protocol.large.has_value();
    offer.request_bytes = protocol.usual.request.size();
  }
  return offer;
}

}  // namespace closewait
