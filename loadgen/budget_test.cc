#include "loadgen/budget.h"

#include <gmock/gmock.h>

#include "loadgen/scenario.h"

namespace closewait {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

// One storm, written as a scenario has it, and what else there is to say.
Scenario with(const std::string& storm, const std::string& load = "{}",
              const std::string& address = "127.0.0.1:7000") {
  return parse_scenario("name: s\nseed: 1\ntarget: {address: '" + address + "'}\nload: " + load +
                            "\ncycle: [{" + storm + "}, {settle: 5s}]\nrepeat: 3\n",
                        "s.yaml", {});
}

Machine machine() {
  return {.ports = 1000, .conntrack = {}, .open_files = 20000, .memory = 1 << 30};
}

Need need_of(const Scenario& scenario, const Machine& machine, const std::string& what) {
  for (const Need& need : budget_of(scenario, machine)) {
    if (need.what == what) return need;
  }
  ADD_FAILURE() << "it has no " << what;
  return {};
}

std::string refusal(const Scenario& scenario, const Machine& machine) {
  try {
    refuse_beyond(budget_of(scenario, machine));
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

// 3 s to 1 s is 2 s on average, less the half second between two requests.
constexpr const char* kHeld =
    "for: 10s, rate: 1000/s, clients: {polite-held: {weight: 1, hold: 3s}}";

TEST(Budget, PortsAreNeededAsLongAsConnectionsAreOpen) {
  const Need held = need_of(with(kHeld), machine(), "ports");
  EXPECT_NEAR(static_cast<double>(held.certain), 1500, 20);
  EXPECT_EQ(held.at_most, 10'000U);
  EXPECT_EQ(held.there, 1000U);
  const Need waiting =
      need_of(with("for: 10s, rate: 1000/s, clients: {rst-after-connect: {weight: 1, wait: 4s}}"),
              machine(), "ports");
  EXPECT_NEAR(static_cast<double>(waiting.certain), 4000, 40);
  // However many of them there are a second.
  const Need brief = need_of(with("for: 10s, rate: 50000/s, clients: {polite: 1, half-close: 1}"),
                             machine(), "ports");
  EXPECT_EQ(brief.certain, 0U);
  EXPECT_EQ(brief.at_most, 15'000U);
  EXPECT_TRUE(brief.is_close());
}

TEST(Budget, WithoutTimestampsAPortWaitsAfterAClose) {
  Machine old = machine();
  old.port_after_fin = seconds(60);
  const auto ports = [&](const std::string& clients) {
    return need_of(with("for: 10s, rate: 50/s, clients: " + clients), old, "ports").certain;
  };
  EXPECT_EQ(ports("{polite: 1}"), 500U);
  EXPECT_EQ(ports("{polite: 1, rst-mid-response: 4}"), 100U);
  EXPECT_EQ(ports("{rst-mid-response: 1}"), 0U);
  EXPECT_THAT(refusal(with("for: 10s, rate: 200/s, clients: {polite: 1}"), old),
              HasSubstr("net.ipv4.tcp_timestamps is 0"));
}

TEST(Budget, NoMoreAreOpenThanTheScenarioAllows) {
  EXPECT_EQ(need_of(with(kHeld, "{open_at_most: 900}"), machine(), "ports").certain, 900U);
  const Scenario some =
      with("for: 10s, rate: 1000/s, clients: {polite-held: {weight: 1, hold: 3s, at_most: 70}}");
  EXPECT_EQ(need_of(some, machine(), "ports").certain, 70U);
  // A burst holds no more than it has.
  const Scenario burst = with(
      "for: 10s, rate: {base: 1/s, spike: 10000/s, at: 3s, for: 100ms}, clients: {polite-held: "
      "{weight: 1, hold: 8s}}");
  EXPECT_LE(need_of(burst, machine(), "ports").certain, 1010U);
  EXPECT_GE(need_of(burst, machine(), "ports").certain, 990U);
}

TEST(Budget, WhatCannotBeIsRefusedWithTheWayOut) {
  EXPECT_THAT(
      refusal(with(kHeld), machine()),
      HasSubstr("ports at once and 1000 are there (1 source with 1000 ports; one each while "
                "it is open); let them come from 2 addresses, on loopback load.sources: "
                "127.0.0.2-127.0.0.3"));
  EXPECT_EQ(refusal(with(kHeld, "{sources: 127.0.0.2-127.0.0.3}"), machine()), "");
  Machine small = machine();
  small.memory = 1 << 20;
  EXPECT_THAT(refusal(with(kHeld), small), HasSubstr("MiB memory at once and 1MiB are there"));
  EXPECT_THAT(refusal(with(kHeld), small), HasSubstr("\nthis load needs"));
}

TEST(Budget, AUnixSocketHasNoPorts) {
  for (const Need& need : budget_of(with(kHeld, "{}", "unix:/run/s.sock"), machine())) {
    EXPECT_NE(need.what, "ports");
  }
}

TEST(Budget, ConntrackKeepsEntriesByTheWayConnectionsEnd) {
  Machine tracked = machine();
  tracked.ports = 1'000'000;
  tracked.conntrack = {
      .free_entries = 10'000, .after_fin = seconds(120), .after_reset = seconds(10)};
  const auto entries = [&](const std::string& storm) {
    return need_of(with(storm), tracked, "conntrack");
  };
  EXPECT_EQ(entries("for: 100s, rate: 200/s, clients: {polite: 1}").certain, 20'000U);
  const Need resets = entries("for: 100s, rate: 200/s, clients: {rst-after-connect: 1}");
  EXPECT_NEAR(static_cast<double>(resets.certain), 2000, 20);
  EXPECT_EQ(resets.at_most, 60'000U) << "three cycles";
  // An entry is used again by the next connection from its port.
  tracked.ports = 500;
  const Need few = entries("for: 100s, rate: 200/s, clients: {polite: 1}");
  EXPECT_EQ(few.certain, 500U);
  EXPECT_EQ(few.at_most, 500U);
  tracked.ports = 20'000;
  EXPECT_THAT(
      refusal(with("for: 100s, rate: 200/s, clients: {polite: 1}"), tracked),
      HasSubstr("needs 20000 conntrack at once and 10000 are there (an entry stays 2m after "
                "a close, 10s after a reset); raise net.netfilter.nf_conntrack_max"));
}

TEST(Budget, DescriptorsAreThoseOfAllProcesses) {
  const Need one = need_of(with(kHeld), machine(), "descriptors");
  EXPECT_GT(one.there, 15'000U);
  EXPECT_LT(one.there, 20'000U);
  EXPECT_GT(need_of(with(kHeld, "{open_at_most: 50000}"), machine(), "descriptors").there, 50'000U);
}

TEST(Budget, WithoutAPlanItIsWhatTheScenarioAllows) {
  const Need need = need_of(with("for: 10s, rate: max, clients: {polite: 1}"), machine(), "ports");
  EXPECT_EQ(need.certain, 0U);
  EXPECT_EQ(need.at_most, 15'000U);
}

}  // namespace
}  // namespace closewait
