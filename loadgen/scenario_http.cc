#include "loadgen/scenario_http.h"

#include <algorithm>
#include <string>

#include "base/units.h"
#include "loadgen/scenario_bytes.h"
#include "loadgen/scenario_values.h"
#include "loadgen/yaml_text.h"

namespace closewait {
namespace {

// RFC 9110, 5.6.2.
bool is_token(std::string_view text) {
  static constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return letter || (c >= '0' && c <= '9') || kMarks.find(c) != kMarks.npos;
  });
}

Result<std::string> parse_method(std::string_view text) {
  if (!is_token(text) || text == "CONNECT") return not_understood();
  return std::string(text);
}

// What ends no line and no string.
Result<std::string> parse_header(std::string_view text) {
  if (text.find_first_of(std::string_view("\r\n\0", 3)) != text.npos) return not_understood();
  return std::string(text);
}

// "200" or "2xx". Interim responses are passed over, so they are none to wait for.
Result<HttpStatuses> parse_statuses(std::string_view text) {
  constexpr int kHundred = 100;
  if (text.size() != 3 || text[0] < '2' || text[0] > '5') return not_understood();
  const int hundreds = (text[0] - '0') * kHundred;
  if (text.substr(1) == "xx") return HttpStatuses{hundreds, hundreds + kHundred - 1};
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  if (!digit(text[1]) || !digit(text[2])) return not_understood();
  const int status = hundreds + (text[1] - '0') * 10 + (text[2] - '0');
  return HttpStatuses{status, status};
}

constexpr ValueKind<std::string> kMethod{parse_method, "a method such as GET or POST"};
constexpr ValueKind<std::string> kHeader{parse_header, "a value of one line"};
constexpr ValueKind<HttpStatuses> kStatuses{
    parse_statuses, "a status from 200 to 599, a class such as 2xx, or a list of them"};
constexpr BytesKind kBody{.expected = "text such as '{\"id\": 1}', {hex: 0a0b ff} or {size: 4KiB}",
                          .size_at_most = kMostHttpRequestBytes};

void read_headers(const MapReader& target, HttpRequest& request) {
  const YamlEntry* entry = target.find("headers");
  if (entry == nullptr) return;
  if (entry->value.kind != YamlNode::Kind::kMap) {
    target.problem(entry->value.place,
                   mismatch("headers", entry->value, "a map such as {Authorization: Bearer abc}"));
    return;
  }
  for (const YamlEntry& header : entry->value.entries) {
    const bool framing =
        same_field(header.key, "Content-Length") || same_field(header.key, "Transfer-Encoding");
    if (!is_token(header.key) || framing) {
      target.problem(header.place, "'headers' has " + in_quotes(header.key) +
                                       (framing ? ", which the body decides; expected other headers"
                                                : "; expected names such as Authorization"));
      continue;
    }
    std::string value;
    if (target.read_value(header.key, header.value, kHeader, value)) {
      request.headers.emplace_back(header.key, std::move(value));
    }
  }
}

void read_status(const MapReader& target, HttpRequest& request) {
  const YamlEntry* entry = target.find("status");
  if (entry == nullptr) return;
  std::vector<HttpStatuses> statuses;
  for (const YamlNode& item : target.items(*entry, kStatuses.expected, true)) {
    HttpStatuses some;
    if (target.read_value("status", item, kStatuses, some)) statuses.push_back(some);
  }
  if (!statuses.empty()) request.statuses = std::move(statuses);
}

}  // namespace

HttpRequest read_http_request(const MapReader& target) {
  HttpRequest request;
  target.read("method", kMethod, request.method);
  target.read("path", kUrlPath, request.path);
  read_headers(target, request);
  request.body = read_bytes(target, "body", kBody);
  read_status(target, request);
  const std::size_t size = http_request_text(request, "", request.path).size();
  if (size > kMostHttpRequestBytes) {
    target.problem(target.place(), "the request has " + std::to_string(size) +
                                       " bytes, headers and body; expected at most " +
                                       std::to_string(kMostHttpRequestBytes));
  }
  return request;
}

}  // namespace closewait
