#include "report/result.h"

#include <algorithm>
#include <utility>

#include "record/json_write.h"

namespace closewait {
namespace {

using Json = nlohmann::ordered_json;

Json counts_json(const ClientCounts& counts) {
  Json json{{"planned", counts.planned},
            {"skipped", counts.skipped},
            {"opened", counts.opened},
            {"refused", counts.of(Outcome::kRefused)},
            {"rig_errors", counts.rig_errors},
            {"delivered", counts.of(Outcome::kDelivered)},
            {"preempted", counts.of(Outcome::kPreempted)},
            {"timed_out", counts.of(Outcome::kTimedOut)},
            {"cut", counts.of(Outcome::kCut)},
            {"wrong", counts.wrong},
            {"altered", counts.altered},
            {"other_status", counts.other_status},
            {"truncated", counts.truncated},
            {"unanswered", counts.unanswered},
            {"innocent_closed", counts.innocent_closed},
            {"outstayed", counts.outstayed},
            {"failed_ratio", nullptr},
            {"intended", counts.intended},
            {"confirmed", counts.confirmed}};
  const bool tried = counts.opened + counts.of(Outcome::kRefused) > 0;
  if (tried) json["failed_ratio"] = counts.failed_ratio();
  return json;
}

// Pairs of a bucket's upper edge and its count. The last bucket has no edge: the maximum stands
// in for it.
Json sparse_json(const Histogram& histogram) {
  Json pairs = Json::array();
  for (std::size_t i = 0; i < Histogram::kBuckets; ++i) {
    const std::uint64_t count = histogram.buckets()[i];
    if (count == 0) continue;
    const bool last = i == Histogram::kBuckets - 1;
    const Nanoseconds edge = last ? histogram.max() : Histogram::upper_edge(i);
    pairs.push_back(Json::array({to_seconds(edge), count}));
  }
  return pairs;
}

Json histogram_json(const Histogram& histogram) {
  const auto seconds = [&histogram](Nanoseconds value) {
    return histogram.count() == 0 ? Json(nullptr) : Json(to_seconds(value));
  };
  return {{"count", histogram.count()},
          {"mean", seconds(histogram.mean())},
          {"p50", seconds(histogram.quantile(0.5))},
          {"p90", seconds(histogram.quantile(0.9))},
          {"p99", seconds(histogram.quantile(0.99))},
          {"p999", seconds(histogram.quantile(0.999))},
          {"max", seconds(histogram.max())},
          {"histogram", sparse_json(histogram)}};
}

// `clients` from one tally, `latency` and `lag` from another, by the names of the behaviours.
void add_tallies(Json& result, const std::vector<std::string>& behaviours, const Tally& counted,
                 const Tally& measured) {
  Json clients = Json::object();
  Json latency = Json::object();
  for (std::size_t i = 0; i < behaviours.size(); ++i) {
    if (i >= counted.clients.size() || i >= measured.clients.size()) break;
    clients[behaviours[i]] = counts_json(counted.clients[i].counts);
    const ClientTally& client = measured.clients[i];
    latency[behaviours[i]] = {{"connect", histogram_json(client.connect)},
                              {"response", histogram_json(client.response)},
                              {"reap", histogram_json(client.reap)}};
  }
  result["clients"] = std::move(clients);
  result["latency"] = std::move(latency);
  result["lag"] = histogram_json(measured.lag);
}

Json target_json(const HeaderLine& header) {
  return {{"address", header.target_address},
          {"command", header.target_command},
          {"pids", header.target_pids},
          {"build_id", header.target_build_id}};
}

template <class T>
Json array_of(const std::vector<T>& values) {
  Json array = Json::array();
  for (const T& each : values) array.push_back(json_object(each, Zeros::kKeep));
  return array;
}

Json expectations_json(const std::optional<EndLine>& end) {
  Json array = Json::array();
  if (!end) return array;
  for (const ExpectationResult& each : end->expectations) {
    array.push_back(
        {{"path", each.path}, {"bound", each.bound}, {"value", each.value}, {"held", each.held}});
  }
  return array;
}

}  // namespace

Json result_of(const Run& run) {
  const HeaderLine& header = run.header;
  Json result{{"schema", kResultSchema},
              {"verdict", kVerdictNames[static_cast<std::size_t>(verdict_of(run))]},
              {"inconclusive_because", inconclusive_because(run)},
              {"not_judged", run.end ? run.end->not_judged : std::vector<std::string>{}},
              {"scenario", header.scenario},
              {"seed", header.seed},
              {"labels", header.labels},
              {"rig_version", header.rig_version},
              {"rig_processes", header.rig_processes},
              {"kernel", header.kernel},
              {"target", target_json(header)},
              {"started_at", header.started_at},
              {"duration_s", run.duration_seconds}};
  if (!run.end || !run.end->finished) result["unfinished"] = true;
  add_tallies(result, header.behaviours, run.whole, run.measured());
  for (const auto& [name, why] : header.not_applicable) {
    result["clients"][name]["not_applicable"] = why;
  }
  result["unavailable_s"] = run.unavailable_seconds;
  result["network"] = json_object(run.network, Zeros::kKeep);
  result["phases"] = array_of(run.played);
  result["rests"] = array_of(run.rests);
  result["host_faults"] = array_of(run.host_faults);
  result["findings"] = array_of(run.findings);
  result["expectations"] = expectations_json(run.end);
  return result;
}

Json control_result(const Run& run) {
  Json result = Json::object();
  add_tallies(result, run.header.behaviours, run.control, run.control);
  return result;
}

std::optional<double> number_at(const Json& result, std::string_view path) {
  const Json* at = &result;
  while (true) {
    const auto dot = path.find('.');
    if (!at->is_object()) return {};
    const auto found = at->find(std::string(path.substr(0, dot)));
    if (found == at->end()) return {};
    at = &*found;
    if (dot == std::string_view::npos) break;
    path.remove_prefix(dot + 1);
  }
  if (!at->is_number()) return {};
  return at->get<double>();
}

Verdict verdict_of(const Run& run) {
  if (run.end) return run.end->verdict;
  return run.findings.empty() ? Verdict::kInconclusive : Verdict::kFail;
}

std::vector<std::string> inconclusive_because(const Run& run) {
  if (run.end) return run.end->inconclusive_because;
  return {"the rig was killed"};
}

}  // namespace closewait
