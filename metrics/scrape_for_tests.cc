#include "metrics/scrape_for_tests.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <limits>
#include <ostream>
#include <sstream>
#include <vector>

#include "base/unique_fd.h"

namespace closewait {
namespace {

constexpr timeval kLongEnough{.tv_sec = 20, .tv_usec = 0};

std::vector<std::string> lines_of(std::string_view text) {
  std::istringstream stream{std::string(text)};
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

// "name{labels} value", taken apart. Our label values hold no space, brace, comma or quote.
struct Sample {
  std::string name;
  std::set<std::string> labels;
};

Sample sample_of(const std::string& line) {
  Sample sample{.name = line.substr(0, line.find_first_of("{ ")), .labels = {}};
  const auto open = line.find('{');
  if (open == std::string::npos) return sample;
  std::istringstream pairs(line.substr(open + 1, line.rfind('}') - open - 1));
  for (std::string pair; std::getline(pairs, pair, ',');) {
    sample.labels.insert(pair.substr(0, pair.find('=')));
  }
  return sample;
}

// Of a histogram's series: the name of its family.
std::string family_of(const std::string& name, const std::map<std::string, std::string>& types) {
  for (const std::string_view suffix : {"_bucket", "_sum", "_count"}) {
    if (!name.ends_with(suffix)) continue;
    const auto type = types.find(name.substr(0, name.size() - suffix.size()));
    if (type != types.end() && type->second == "histogram") return type->first;
  }
  return name;
}

}  // namespace

void PrintTo(const MetricShape& shape, std::ostream* out) {
  *out << shape.type << " with labels (";
  for (const std::string& label : shape.labels) *out << " " << label;
  *out << " )";
}

std::string answer_of(const SocketAddress& address, std::string_view path,
                      std::string_view method) {
  const UniqueFd fd(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &kLongEnough, sizeof kLongEnough);
  EXPECT_EQ(::connect(fd.get(), address.data(), address.size()), 0) << address.to_string();
  const std::string request = std::string(method) + " " + std::string(path) +
                              " HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n";
  EXPECT_EQ(::send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(request.size()));
  std::string answer;
  std::array<char, 4096> piece;
  ssize_t size = 0;
  while ((size = ::recv(fd.get(), piece.data(), piece.size(), 0)) > 0) {
    answer.append(piece.data(), static_cast<std::size_t>(size));
  }
  EXPECT_EQ(size, 0) << "the answer ended badly: " << describe(last_error());
  return answer;
}

std::string scrape(const SocketAddress& address) {
  const std::string answer = answer_of(address);
  const auto head_end = answer.find("\r\n\r\n");
  const bool good = answer.starts_with("HTTP/1.1 200 ") && head_end != std::string::npos;
  EXPECT_TRUE(good) << answer;
  return good ? answer.substr(head_end + 4) : "";
}

MetricShapes exported(std::string_view text) {
  constexpr std::string_view kType = "# TYPE ";
  std::map<std::string, std::string> types;
  MetricShapes shapes;
  for (const std::string& line : lines_of(text)) {
    if (line.starts_with(kType)) {
      const auto space = line.find(' ', kType.size());
      types[line.substr(kType.size(), space - kType.size())] = line.substr(space + 1);
    }
    if (line.empty() || line.front() == '#') continue;
    const Sample sample = sample_of(line);
    const std::string family = family_of(sample.name, types);
    MetricShape& shape = shapes[family];
    shape.type = types[family];
    shape.labels.insert(sample.labels.begin(), sample.labels.end());
    if (shape.type == "histogram") shape.labels.erase("le");
  }
  return shapes;
}

std::map<std::string, double> series(std::string_view text) {
  std::map<std::string, double> values;
  for (const std::string& line : lines_of(text)) {
    if (line.empty() || line.front() == '#') continue;
    const auto space = line.rfind(' ');
    values[line.substr(0, space)] = std::stod(line.substr(space + 1));
  }
  return values;
}

double value_of(std::string_view text, const std::string& series_name) {
  const auto values = series(text);
  const auto found = values.find(series_name);
  EXPECT_NE(found, values.end()) << "no " << series_name << " in\n" << text;
  return found == values.end() ? std::numeric_limits<double>::quiet_NaN() : found->second;
}

}  // namespace closewait
