#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "server/http_request.h"
#include "server/service.h"

namespace closewait {
namespace {

constexpr std::uint64_t kMaxBytes = std::uint64_t{1} << 40;

// The line after the status code, and for small answers the body too.
std::string_view reason_phrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 411:
      return "Length Required";
    case 413:
      return "Content Too Large";
    case 431:
      return "Request Header Fields Too Large";
    default:
      return "Error";
  }
}

struct Answer {
  int status = 200;
  std::string_view type = "text/plain";
  std::uint64_t size = 0;
  std::string_view fields = "";  // more header lines
};

void write_head(const ServiceState& state, const Answer& answer, Output& output) {
  fmt::memory_buffer head;
  fmt::format_to(fmt::appender(head),
                 "HTTP/1.1 {} {}\r\nServer: closewait-server\r\nContent-Type: {}\r\n"
                 "Content-Length: {}\r\n{}{}\r\n",
                 answer.status, reason_phrase(answer.status), answer.type, answer.size,
                 answer.fields, state.last ? "Connection: close\r\n" : "");
  output.append({head.data(), head.size()});
}

// Every refusal is the connection's last answer: what follows on the stream cannot be trusted.
void refuse(ServiceState& state, int status, Output& output, std::string_view fields = "") {
  state.last = true;
  state.body_left = 0;
  const std::string_view text = reason_phrase(status);
  write_head(state, {.status = status, .size = text.size() + 1, .fields = fields}, output);
  output.append(text);
  output.append("\n");
}

void answer_text(ServiceState& state, const HttpRequest& request, Output& output) {
  constexpr std::string_view kText = "ok\n";
  write_head(state, {.size = kText.size()}, output);
  if (request.method != "HEAD") output.append(kText);
}

void answer_bytes(ServiceState& state, const HttpRequest& request, Output& output) {
  const std::string_view number = request.target.substr(std::string_view("/bytes/").size());
  std::uint64_t size = 0;
  const auto [end, error] = std::from_chars(number.begin(), number.end(), size);
  if (error != std::errc() || end != number.end() || size > kMaxBytes) {
    return refuse(state, 404, output);
  }
  write_head(state, {.type = "application/octet-stream", .size = size}, output);
  if (request.method != "HEAD") output.append_pattern(0, size);
}

// The body goes back as it comes, so its size is bounded by --max-body and not by memory.
void answer_echo(ServiceState& state, const HttpRequest& request, Output& output) {
  if (request.expects_continue && request.body > 0) output.append("HTTP/1.1 100 Continue\r\n\r\n");
  write_head(state, {.type = "application/octet-stream", .size = request.body}, output);
  state.body_echoed = true;
}

struct Route {
  std::string_view path;
  bool prefix;
  std::string_view methods;  // as the Allow field lists them
  void (*answer)(ServiceState&, const HttpRequest&, Output&);
};

constexpr std::array kRoutes = {
    Route{"/bytes/", true, "GET, HEAD", answer_bytes},
    Route{"/echo", false, "POST", answer_echo},
    Route{"/health", false, "GET, HEAD", answer_text},
    Route{"/", false, "GET, HEAD", answer_text},
};

bool allows(const Route& route, std::string_view method) {
  if (method == "POST") return route.methods == "POST";
  return (method == "GET" || method == "HEAD") && route.methods != "POST";
}

void answer(ServiceState& state, HttpRequest request, Output& output) {
  request.target = request.target.substr(0, request.target.find('?'));
  const std::string_view path = request.target;
  const auto route = std::ranges::find_if(kRoutes, [path](const Route& row) {
    return row.prefix ? path.starts_with(row.path) : path == row.path;
  });
  if (request.chunked) return refuse(state, 411, output);
  if (request.body > state.max_body) return refuse(state, 413, output);
  if (route == kRoutes.end()) return refuse(state, 404, output);
  if (!allows(*route, request.method)) {
    return refuse(state, 405, output, fmt::format("Allow: {}\r\n", route->methods));
  }
  state.last = state.draining || !request.keep_alive;
  state.body_left = request.body;
  state.body_echoed = false;
  route->answer(state, request, output);
}

std::size_t take_body(ServiceState& state, std::string_view input, Output& output) {
  const std::string_view body = input.substr(0, std::min(input.size(), state.body_left));
  if (state.body_echoed) output.append(body);
  state.body_left -= body.size();
  return body.size();
}

}  // namespace

std::size_t serve_http(ServiceState& state, std::string_view input, Output& output) {
  std::size_t used = 0;
  while (!output.full() && used < input.size()) {
    const std::string_view rest = input.substr(used);
    if (state.body_left > 0) {
      used += take_body(state, rest, output);
      continue;
    }
    if (state.last) break;
    const HttpHead head = read_http_head(rest);
    if (head.status != 0) {
      refuse(state, head.status, output);
      break;
    }
    if (head.size == 0) break;
    used += head.size;
    answer(state, head.request, output);
  }
  return used;
}

}  // namespace closewait
