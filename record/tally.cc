#include "record/tally.h"

#include <algorithm>
#include <functional>

namespace closewait {

double ClientCounts::failed_ratio() const {
  const std::uint64_t tried = opened + of(Outcome::kRefused);
  if (tried == 0) return 0;
  const std::uint64_t failed = of(Outcome::kRefused) + of(Outcome::kPreempted) +
                               of(Outcome::kTimedOut) + of(Outcome::kCut) + wrong;
  return static_cast<double>(failed) / static_cast<double>(tried);
}

ClientCounts& ClientCounts::operator+=(const ClientCounts& other) {
  planned += other.planned;
  skipped += other.skipped;
  opened += other.opened;
  rig_errors += other.rig_errors;
  std::ranges::transform(outcomes, other.outcomes, outcomes.begin(), std::plus{});
  wrong += other.wrong;
  altered += other.altered;
  other_status += other.other_status;
  truncated += other.truncated;
  unanswered += other.unanswered;
  innocent_closed += other.innocent_closed;
  outstayed += other.outstayed;
  intended += other.intended;
  confirmed += other.confirmed;
  return *this;
}

ClientCounts& ClientCounts::operator-=(const ClientCounts& part) {
  planned -= part.planned;
  skipped -= part.skipped;
  opened -= part.opened;
  rig_errors -= part.rig_errors;
  std::ranges::transform(outcomes, part.outcomes, outcomes.begin(), std::minus{});
  wrong -= part.wrong;
  altered -= part.altered;
  other_status -= part.other_status;
  truncated -= part.truncated;
  unanswered -= part.unanswered;
  innocent_closed -= part.innocent_closed;
  outstayed -= part.outstayed;
  intended -= part.intended;
  confirmed -= part.confirmed;
  return *this;
}

namespace {

void keep_first(std::optional<ResponseExample>& kept, const std::optional<ResponseExample>& other) {
  if (other && (!kept || other->connection < kept->connection)) kept = other;
}

}  // namespace

void ClientTally::merge(const ClientTally& other) {
  counts += other.counts;
  connect.merge(other.connect);
  response.merge(other.response);
  reap.merge(other.reap);
  keep_first(first_altered, other.first_altered);
  keep_first(first_lost, other.first_lost);
  keep_first(first_innocent, other.first_innocent);
}

void Tally::merge(const Tally& other) {
  if (clients.size() < other.clients.size()) clients.resize(other.clients.size());
  for (std::size_t i = 0; i < other.clients.size(); ++i) clients[i].merge(other.clients[i]);
  lag.merge(other.lag);
}

void Tally::clear() {
  std::ranges::fill(clients, ClientTally{});
  lag.clear();
}

}  // namespace closewait
