#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "loadgen/scenario.h"

namespace closewait {
namespace {

std::string error_of(const std::string& text) {
  try {
    static_cast<void>(parse_scenario(text, "s.yaml", {}));
  } catch (const UsageError& error) {
    return error.what();
  }
  return "no error";
}

// A good scenario of eight lines, in which each case below replaces one.
std::string with(std::size_t line, const std::string& replacement) {
  std::vector<std::string> lines{
      "name: s",
      "target: {address: '127.0.0.1:7000'}",
      "load: {}",
      "warm_up: {for: 1s, rate: 5/s, clients: {polite: 1}}",
      "cycle: [{for: 1s, rate: 5/s, clients: {polite: 1}}, {settle: 5s}]",
      "repeat: 2",
      "expect: {}",
      "accept: []",
  };
  lines.at(line - 1) = replacement;
  std::string text;
  for (const std::string& each : lines) text += each + "\n";
  return text;
}

struct Case {
  std::size_t line;
  std::string written;
  std::string error;  // after "s.yaml:"
};

void expect_errors(const std::vector<Case>& cases) {
  for (const Case& each : cases) {
    EXPECT_EQ(error_of(with(each.line, each.written)), "s.yaml:" + each.error) << each.written;
  }
}

const std::string kTimeExpected = "expected a duration such as 250ms, at most 365d";
const std::string kRateExpected =
    "expected a rate such as 2000/s, a ramp such as 500/s..4000/s, steps, a spike, or max (at most "
    "10000000/s)";

TEST(ScenarioParser, TheScenarioThatTheCasesChangeIsGood) {
  EXPECT_EQ(error_of(with(1, "name: s")), "no error");
}

TEST(ScenarioParser, RefusesKeysItDoesNotKnow) {
  expect_errors({
      {1, "name: s\nsede: 4", "2:1: unknown key 'sede' in the scenario; did you mean 'seed'?"},
      {1, "name: s\nNAME: 4",
       "2:1: unknown key 'NAME' in the scenario; expected name, seed, target, load, "
       "behaviours, warm_up, cycle, repeat, expect, accept or on_finding"},
      {2, "target: {adress: '127.0.0.1:7000', pid: 1}",
       "2:10: unknown key 'adress' in 'target'; did you mean 'address'?"},
      {2, "target: {pid: 1, promises: {half-close: answers}}",
       "2:29: unknown key 'half-close' in 'promises'; did you mean 'half_close'?"},
      {3, "load: {arivals: even}",
       "3:8: unknown key 'arivals' in 'load'; did you mean 'arrivals'?"},
      {4, "warm_up: {fro: 2s, for: 1s, rate: 5/s, clients: {polite: 1}}",
       "4:11: unknown key 'fro' in 'warm_up'; did you mean 'for'?"},
      {4, "warm_up: {settle: 2s, for: 1s, rate: 5/s, clients: {polite: 1}}",
       "4:11: unknown key 'settle' in 'warm_up'; expected name, for, rate or clients\n"
       "s.yaml:4:11: 'settle' belongs to a rest; expected a phase without clients"},
      {5, "cycle: [{for: 1s, rates: 5/s, rate: 5/s, clients: {polite: 1}}]",
       "5:19: unknown key 'rates' in a phase; did you mean 'rate'?"},
      {8, "on_finding: {at: once}",
       "8:14: unknown key 'at' in 'on_finding'; expected then, run or halve"},
  });
}

TEST(ScenarioParser, TellsAllProblemsInTheOrderOfTheText) {
  EXPECT_EQ(error_of("nam: s\ntarget: {adress: x}\ncycle: []\nrepeat: x\n"),
            "s.yaml:1:1: unknown key 'nam' in the scenario; did you mean 'name'?\n"
            "s.yaml:1:1: the scenario has no 'name'; expected a name of at most 64 letters, "
            "digits, '-' and '_'\n"
            "s.yaml:2:9: 'target' has no start, address or pid; expected one of them\n"
            "s.yaml:2:10: unknown key 'adress' in 'target'; did you mean 'address'?\n"
            "s.yaml:3:8: 'cycle' is empty; expected a list of phases\n"
            "s.yaml:4:9: 'repeat' is 'x'; expected cycles, from 1 to 1000000, or a length such "
            "as 8h");
}

TEST(ScenarioParser, RefusesWhatIsNoName) {
  const std::string expected = "expected a name of at most 64 letters, digits, '-' and '_'";
  expect_errors({
      {1, "name: a/b", "1:7: 'name' is 'a/b'; " + expected},
      {1, "name: ''", "1:7: 'name' is ''; " + expected},
      {1, "name:", "1:1: 'name' is empty; " + expected},
      {1, "name: [s]", "1:7: 'name' is a list; " + expected},
      {1, "name: {s: t}", "1:7: 'name' is a map; " + expected},
  });
}

TEST(ScenarioParser, RefusesASeedThatIsNone) {
  const std::string expected = "; expected a whole number below 18446744073709551616";
  for (const std::string seed : {"-1", "1.5", "18446744073709551616", "x"}) {
    expect_errors({{1, "name: s\nseed: " + seed, "2:7: 'seed' is '" + seed + "'" + expected}});
  }
}

TEST(ScenarioParser, RefusesWhatAUnixSocketHasNot) {
  EXPECT_EQ(error_of("name: s\ntarget: {address: 'unix:/run/s'}\nload: {sources: 127.0.0.2}\n"
                     "cycle: [{for: 1s, rate: 5/s, clients: {polite: 1, rst-mid-response: 1}}]\n"),
            "s.yaml:3:8: 'sources' are addresses, and the target is a Unix socket, which has none "
            "to come from; expected no sources\n"
            "s.yaml:4:51: 'rst-mid-response' resets, which a Unix socket has not; expected "
            "behaviours that end by closing");
}

TEST(ScenarioParser, RefusesSourcesFromWhichThereIsNoWay) {
  EXPECT_EQ(error_of("name: s\ntarget: {address: '[::1]:80'}\nload: {sources: 127.0.0.2}\n"
                     "cycle: [{for: 1s, rate: 5/s, clients: {polite: 1}}]\n"),
            "s.yaml:3:8: 'sources' has 127.0.0.2, from which there is no way to [::1]:80; expected "
            "IPv6 addresses");
}

TEST(ScenarioParser, RefusesTargetsThatCannotBe) {
  const std::string address =
      "; expected an address such as 127.0.0.1:7000, [::1]:7000 or unix:/run/server.sock";
  const std::string command =
      "; expected a command such as closewait-server --listen 127.0.0.1:0, its quotes closed";
  expect_errors({
      {2, "target: 5",
       "2:9: 'target' is '5'; expected a map of start, address, pid, dialect, tls, method, "
       "path, headers, body, status, protocol, promises or allow_remote"},
      {2, "target: {}", "2:9: 'target' has no start, address or pid; expected one of them"},
      {2, "target: {address: localhost}", "2:19: 'address' is 'localhost'" + address},
      {2, "target: {address: '127.0.0.1:0'}", "2:19: 'address' is '127.0.0.1:0'" + address},
      {2, "target: {address: ['127.0.0.1:7', '127.0.0.1:7']}",
       "2:35: 'address' has 127.0.0.1:7 twice; expected each address once"},
      {2, "target: {address: ['127.0.0.1:7', '[::1]:7']}",
       "2:35: 'address' has 127.0.0.1:7 and [::1]:7; expected only IPv4, only IPv6, or one Unix "
       "socket"},
      {2, "target: {address: ['unix:/a', 'unix:/b']}",
       "2:31: 'address' has unix:/a and unix:/b; expected only IPv4, only IPv6, or one Unix "
       "socket"},
      {2, "target: {address: [::1]:80}",
       "2:24: not YAML: end of map flow not found; expected valid YAML; an address in brackets "
       "needs quotes: '[::1]:80'"},
      {2, "target: {pid: 0}", "2:15: 'pid' is '0'; expected the number of a process"},
      {2, "target: {start: 'a \"b'}", "2:17: 'start' is 'a \"b'" + command},
      {2, "target: {start: ' '}", "2:17: 'start' is ' '" + command},
      {2, "target: {start: []}", "2:17: 'start' names no program" + command},
      {2, "target: {start: [a, [b]]}", "2:21: 'start' has a list in it; expected words"},
      {2, "target: {start: a, pid: 4}",
       "2:20: 'pid' is of a program that runs already, and 'start' starts one; expected one of "
       "them"},
      {2, "target: {pid: 1, dialect: htp}",
       "2:27: 'dialect' is 'htp'; expected echo, http or raw; did you mean 'http'?"},
      {2, "target: {pid: 1, path: index}",
       "2:24: 'path' is 'index'; expected a path such as /index.html"},
      {2, "target: {pid: 1, allow_remote: 1}",
       "2:32: 'allow_remote' is '1'; expected true or false"},
      {2, "target: {pid: 1, promises: {half_close: maybe}}",
       "2:41: 'half_close' is 'maybe'; expected answers or closes"},
      {2, "target: {pid: 1, promises: {idle_timeout: 30}}",
       "2:43: 'idle_timeout' is '30'; " + kTimeExpected},
      {2, "target: {pid: 1, promises: {max_requests: 0}}",
       "2:43: 'max_requests' is '0'; expected a whole number from 1 to 1000000, or none"},
  });
}

TEST(ScenarioParser, RefusesLoadsThatCannotBe) {
  const std::string sources =
      "; expected an address such as 127.0.0.2 or a range such as 127.0.0.2-127.0.0.32, at most "
      "256 in all";
  expect_errors({
      {3, "load: []",
       "3:7: 'load' is a list; expected a map of arrivals, sources, open_at_most, grace, workers, "
       "destroy_events or lag_at_most"},
      {3, "load: {arrivals: evn}",
       "3:18: 'arrivals' is 'evn'; expected poisson or even; did you mean 'even'?"},
      {3, "load: {sources: 127.0.0.9-127.0.0.2}",
       "3:17: 'sources' is '127.0.0.9-127.0.0.2'" + sources},
      {3, "load: {sources: 127.0.0.1-127.0.1.1}",
       "3:17: 'sources' is '127.0.0.1-127.0.1.1'" + sources},
      {3, "load: {sources: [127.0.0.1, x]}", "3:29: 'sources' is 'x'" + sources},
      {3, "load: {sources: {a: b}}", "3:17: 'sources' is a map" + sources},
      {3, "load: {sources: [127.0.0.1-127.0.0.5, 127.0.0.3]}",
       "3:39: 'sources' has 127.0.0.3 twice; expected each address once"},
      {3, "load: {sources: [127.0.0.0-127.0.0.255, 127.0.1.1]}",
       "3:41: 'sources' has more than 256 addresses; expected at most 256"},
      {3, "load: {open_at_most: 0}",
       "3:22: 'open_at_most' is '0'; expected a whole number from 1 to 1000000"},
      {3, "load: {grace: 5}", "3:15: 'grace' is '5'; " + kTimeExpected},
      {3, "load: {workers: 65}", "3:17: 'workers' is '65'; expected a whole number from 1 to 64"},
      {3, "load: {destroy_events: maybe}",
       "3:24: 'destroy_events' is 'maybe'; expected on, off, true or false"},
  });
}

TEST(ScenarioParser, RefusesPhasesThatCannotBe) {
  const std::string storm = "cycle: [{for: 1s, rate: 5/s, clients: {polite: 1}}, ";
  expect_errors({
      {4, "warm_up: {for: 1s, rate: 5/s}",
       "4:10: 'warm_up' has no 'clients'; expected behaviours with weights such as {polite: 1}"},
      {5, "cycle: {a: b}", "5:8: 'cycle' is a map; expected a list of phases"},
      {5, "cycle: []", "5:8: 'cycle' is empty; expected a list of phases"},
      {5, "cycle: [{settle: 1s}]", "5:8: 'cycle' has no clients; expected a phase with clients"},
      {5, storm + "x]",
       "5:53: a phase is 'x'; expected a map of name, for, rate, clients, host, together, settle "
       "or quiet"},
      {5, storm + "{}]",
       "5:53: a phase has neither clients nor settle; expected for, rate and clients of a storm, "
       "or settle and quiet of a rest"},
      {5, storm + "{settle: 1s, quiet: 2s}]",
       "5:73: 'quiet' is longer than 'settle'; expected at most 1s"},
      {5, storm + "{settle: 1s, for: 2s}]",
       "5:66: 'for' belongs to a phase with clients; expected clients, or a rest with settle and "
       "quiet"},
      {5, storm + "{name: storm, settle: 1s}]",
       "5:60: a second phase is named 'storm'; expected a name of its own for each"},
      {5, storm + "{name: 7, settle: 1s}]",
       "5:60: 'name' is a number, which addresses a phase by its place; expected a word"},
      {5, "cycle: [{for: 1s, rate: 5/s, clients: {polite: 1}, quiet: 1s}]",
       "5:52: 'quiet' belongs to a rest; expected a phase without clients"},
      {5, "cycle: [{for: 1s, rate: 5/s, together: 1, clients: {polite: 1}}]",
       "5:40: 'together' is '1'; expected how many at once, from 2 to 256"},
      {5, "cycle: [{for: 1s, rate: max, together: 16, clients: {polite: 1}}]",
       "5:30: 'together' needs a plan, and 'rate' is max; expected a rate such as 2000/s"},
      {5, storm + "{settle: 1s, together: 4}]",
       "5:66: 'together' belongs to a phase with clients; expected clients, or a rest with settle "
       "and quiet"},
      {5, "cycle: [{rate: 5/s, clients: {polite: 1}}]",
       "5:9: a phase has no 'for'; " + kTimeExpected},
      {5, "cycle: [{for: 1s, clients: {polite: 1}}]",
       "5:9: a phase has no 'rate'; " + kRateExpected},
  });
}

TEST(ScenarioParser, RefusesWrongLengthsAndRates) {
  for (const std::string length : {"10", "-1s", "0s", "1 s", "10 parsecs", "366d"}) {
    expect_errors({{5, "cycle: [{for: " + length + ", rate: 5/s, clients: {polite: 1}}]",
                    "5:15: 'for' is '" + length + "'; " + kTimeExpected}});
  }
  for (const std::string rate : {"-5/s", "5", "0/s", "0/s..0/s", "5/s..", "5/s..6", "100000000/s",
                                 "MAX", "5 /s", "nan/s", "1e3/s"}) {
    expect_errors({{5, "cycle: [{for: 1s, rate: " + rate + ", clients: {polite: 1}}]",
                    "5:25: 'rate' is '" + rate + "'; " + kRateExpected}});
  }
}

TEST(ScenarioParser, RefusesMixesThatCannotBe) {
  const std::string weight = "; expected a weight above 0 such as 20, or a map with a weight in it";
  const auto mix = [](const std::string& clients) {
    return "cycle: [{for: 1s, rate: 5/s, clients: " + clients + "}]";
  };
  expect_errors({
      {5, mix("{}"),
       "5:39: 'clients' is empty; expected behaviours with weights such as {polite: 1}"},
      {5, mix("{polit: 1}"), "5:40: unknown key 'polit' in 'clients'; did you mean 'polite'?"},
      {5, mix("{polite: 0}"), "5:48: 'polite' is '0'" + weight},
      {5, mix("{polite: -1}"), "5:48: 'polite' is '-1'" + weight},
      {5, mix("{polite: 20%}"), "5:48: 'polite' is '20%'" + weight},
      {5, mix("{polite: }"), "5:40: 'polite' is empty" + weight},
      {5, mix("{polite: [1]}"), "5:48: 'polite' is a list" + weight},
      {5, mix("{polite: {}}"),
       "5:48: 'polite' has no 'weight'; expected a weight above 0 such as 20"},
      {5, mix("{polite: {weight: 0}}"),
       "5:57: 'weight' is '0'; expected a weight above 0 such as 20"},
      {5, mix("{polite: {weight: 1, at_most: none}}"),
       "5:69: 'at_most' is 'none'; expected a whole number from 1 to 1000000"},
      {5, mix("{slow-read: {weight: 1, rat: 1KiB/s}}"),
       "5:63: unknown key 'rat' in 'slow-read'; did you mean 'rate'?"},
      {5, mix("{slow-read: {weight: 1, rate: 1KiB}}"),
       "5:69: 'rate' is '1KiB'; expected a rate of bytes such as 512KiB/s"},
      {5, mix("{slow-read: {weight: 1, rate: 0B/s}}"),
       "5:69: 'rate' is '0B/s'; expected a rate of bytes such as 512KiB/s"},
      {5, mix("{slow-read: {weight: 1, size: 1s}}"),
       "5:69: 'size' is '1s'; expected a size such as 64KiB"},
      {5, mix("{slow-read: {weight: 1, every: 5}}"),
       "5:70: 'every' is '5'; expected a duration such as 250ms"},
      {5, mix("{slow-read: {weight: 1, size: [1]}}"),
       "5:69: 'size' is a list; expected a size such as 64KiB"},
      {5, mix("{polite: 1, polite: 2}"),
       "5:51: repeated key 'polite'; expected it once, and it is there already in line 5"},
  });
  // The catalogue grows: only the start of the line is held.
  EXPECT_TRUE(error_of(with(5, mix("[polite]")))
                  .starts_with("s.yaml:5:39: 'clients' is a list; expected a map of polite, "));
}

TEST(ScenarioParser, RefusesWrongRepeats) {
  const std::string expected = "; expected cycles, from 1 to 1000000, or a length such as 8h";
  expect_errors({
      {6, "repeat: 0", "6:9: 'repeat' is '0'" + expected},
      {6, "repeat: 1000001", "6:9: 'repeat' is '1000001'" + expected},
      {6, "repeat: 0h", "6:9: 'repeat' is '0h'" + expected},
      {6, "repeat: [1]", "6:9: 'repeat' is a list" + expected},
      {6, "repeat: 2s", "6:9: 'repeat' is shorter than one cycle; expected at least 3s"},
  });
}

TEST(ScenarioParser, RefusesBoundsItCannotRead) {
  const std::string bound = "; expected a bound such as '< 250ms', '< 0.1%' or '< 5x control'";
  expect_errors({
      {7, "expect: []", "7:9: 'expect' is a list; expected a map of paths to bounds, or {}"},
      {7, "expect: {a.b: 5}", "7:15: 'a.b' is '5'" + bound},
      {7, "expect: {a.b: [5]}", "7:15: 'a.b' is a list" + bound},
      {7, "expect:\n  a.b: > 100",
       "8:10: not YAML: unexpected character in block scalar; expected valid YAML; a bound with > "
       "needs quotes: '> 100'"},
  });
}

TEST(ScenarioParser, RefusesAcceptedFindingsThatSayTooLittle) {
  const std::string date = "; expected a date such as 2026-12-31";
  const auto item = [](const std::string& rest) {
    return "accept: [{finding: fd-leak, because: known, " + rest + "}]";
  };
  expect_errors({
      {8, "accept: {}", "8:9: 'accept' is a map; expected a list of known findings, or []"},
      {8, "accept: [{finding: fd-leak}]",
       "8:10: an accepted finding has no 'because'; expected the reason why it is accepted"},
      {8, "accept: [{finding: fd-leak, because: ''}]",
       "8:38: 'because' is ''; expected a sentence"},
      {8, item("behaviour: haf-close"),
       "8:56: 'behaviour' is 'haf-close'; did you mean 'half-close'?"},
      {8, item("until: tomorrow"), "8:52: 'until' is 'tomorrow'" + date},
      {8, item("until: 2026-02-30"), "8:52: 'until' is '2026-02-30'" + date},
      {8, item("til: 2026-02-03"),
       "8:45: unknown key 'til' in an accepted finding; expected finding, behaviour, because or "
       "until"},
      {8, "on_finding: {then: again}",
       "8:20: 'then' is 'again'; expected continue, stop or restart"},
      {8, "on_finding: {then: restart}",
       "8:20: 'then' is 'restart', and the target is not started here; expected target.start, or "
       "continue or stop"},
      {8, "on_finding: {run: []}",
       "8:19: 'run' names no program; expected a command such as closewait-server --listen "
       "127.0.0.1:0, its quotes closed"},
      {8, "on_finding: {halve: perhaps}",
       "8:21: 'halve' is 'perhaps'; expected on, off, true or false"},
      {8, "on_finding: stop", "8:13: 'on_finding' is 'stop'; expected a map of then, run or halve"},
  });
  // The kinds of findings grow: only the start of the line is held.
  EXPECT_TRUE(error_of(with(8, "accept: [{finding: fd-leek, because: known}]"))
                  .starts_with("s.yaml:8:20: 'finding' is 'fd-leek'; expected crash, "));
}

}  // namespace
}  // namespace closewait
