#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

#include "server/services/http_request.h"
#include "server/services/http_response.h"
#include "server/services/service.h"

namespace closewait {
namespace {

using BodyGoes = ServiceState::BodyGoes;

constexpr std::uint64_t kMaxBytes = std::uint64_t{1} << 40;
constexpr std::string_view kBinary = "application/octet-stream";

void begin_answer(const ServiceState& state, HttpResponse response, Output& output) {
  response.date = state.context->date;
  response.last = state.last;
  response.stays = state.stays;
  write_head(response, output);
}

// Every refusal is the connection's last answer: what follows on the stream cannot be trusted.
void refuse(ServiceState& state, int status, Output& output, std::string_view fields = "") {
  state.last = true;
  state.peer_leaves = false;
  state.body = {};
  const std::string_view text = reason_phrase(status);
  begin_answer(state, {.status = status, .size = text.size() + 1, .fields = fields}, output);
  output.append(text);
  output.append("\n");
}

void answer_text(ServiceState& state, const HttpRequest& request, std::string_view text,
                 Output& output) {
  begin_answer(state, {.size = text.size()}, output);
  if (request.method != "HEAD") output.append(text);
}

void answer_ok(ServiceState& state, const HttpRequest& request, Output& output) {
  answer_text(state, request, "ok\n", output);
}

void answer_bytes(ServiceState& state, const HttpRequest& request, Output& output) {
  const std::string_view number = request.target.substr(std::string_view("/bytes/").size());
  std::uint64_t size = 0;
  const auto [end, error] = std::from_chars(number.begin(), number.end(), size);
  if (error != std::errc() || end != number.end() || size > kMaxBytes) {
    return refuse(state, 404, output);
  }
  begin_answer(state, {.type = kBinary, .size = size}, output);
  if (request.method != "HEAD") output.append_pattern(0, size);
}

// The body goes back as it comes, so its size is bounded by --max-body and not by memory.
void answer_echo(ServiceState& state, const HttpRequest& request, Output& output) {
  state.body_goes = request.chunked ? BodyGoes::kBackInChunks : BodyGoes::kBack;
  begin_answer(state, {.type = kBinary, .size = request.body, .chunked = request.chunked}, output);
}

void write_count(const ServiceState& state, Output& output) {
  const std::string text = fmt::format("{}\n", state.body.taken());
  begin_answer(state, {.size = text.size()}, output);
  output.append(text);
}

// Answered when the body is over, so that there is still an answer to give to a bad one.
void answer_count(ServiceState& state, const HttpRequest&, Output& output) {
  state.body_goes = BodyGoes::kIntoACount;
  if (state.body.done()) write_count(state, output);
}

struct Route {
  std::string_view path;
  bool prefix;
  std::string_view methods;  // as the Allow field lists them
  void (*answer)(ServiceState&, const HttpRequest&, Output&);
};

constexpr std::array kRoutes = {
    Route{"/bytes/", true, "GET, HEAD", answer_bytes},
    Route{"/echo", false, "POST, PUT", answer_echo},
    Route{"/count", false, "POST, PUT", answer_count},
    Route{"/health", false, "GET, HEAD", answer_ok},
    Route{"/", false, "GET, HEAD", answer_ok},
};

constexpr std::array<std::string_view, 9> kMethods = {
    "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"};

// Whether `methods` lists it.
bool allows(std::string_view methods, std::string_view method) {
  while (!methods.empty()) {
    const std::size_t end = std::min(methods.find(", "), methods.size());
    if (methods.substr(0, end) == method) return true;
    methods.remove_prefix(std::min(end + 2, methods.size()));
  }
  return false;
}

// "/path" of "/path?query" and of "http://host/path" (RFC 9112, 3.2.2).
std::string_view path_of(std::string_view target) {
  constexpr std::string_view kScheme = "http://";
  if (target.starts_with(kScheme)) {
    const std::size_t path = target.find('/', kScheme.size());
    target = path == std::string_view::npos ? "/" : target.substr(path);
  }
  return target.substr(0, target.find('?'));
}

// The status to refuse it with; 0 when it is to be answered.
int judge(const ServiceState& state, const HttpRequest& request, const Route* route) {
  if (std::ranges::find(kMethods, request.method) == kMethods.end()) return 501;
  if (request.body > state.context->limits.max_body) return 413;
  if (route == kRoutes.end()) return 404;
  return allows(route->methods, request.method) ? 0 : 405;
}

void answer(ServiceState& state, HttpRequest request, Output& output) {
  request.target = path_of(request.target);
  const std::string_view path = request.target;
  const Route* route = std::ranges::find_if(kRoutes, [path](const Route& row) {
    return row.prefix ? path.starts_with(row.path) : path == row.path;
  });
  if (const int status = judge(state, request, route); status != 0) {
    const bool told = status == 405;
    return refuse(state, status, output,
                  told ? fmt::format("Allow: {}\r\n", route->methods) : std::string());
  }
  state.last = state.draining || !request.keep_alive;
  state.peer_leaves = !request.keep_alive;
  state.stays = request.asks_to_stay;
  state.body_goes = BodyGoes::kNowhere;
  if (request.chunked) {
    state.body.begin_chunked();
  } else {
    state.body.begin_sized(request.body);
  }
  if (request.expects_continue && !state.body.done()) {
    output.append("HTTP/1.1 100 Continue\r\n\r\n");
  }
  route->answer(state, request, output);
}

void finish_body(ServiceState& state, Output& output) {
  ++state.steps;
  if (state.body_goes == BodyGoes::kBackInChunks) output.append("0\r\n\r\n");
  if (state.body_goes == BodyGoes::kIntoACount) write_count(state, output);
}

// Once an answer has begun there can be no other: then all that is left is to end.
void refuse_body(ServiceState& state, int status, Output& output) {
  if (state.body_goes == BodyGoes::kIntoACount) return refuse(state, status, output);
  state.last = true;
  state.peer_leaves = false;  // the rest of its body does
  state.body = {};
}

// How many bytes it took.
std::size_t take_body(ServiceState& state, std::string_view input, Output& output) {
  const ServiceLimits& limits = state.context->limits;
  const auto piece = state.body.take(input, {.body = limits.max_body, .trailers = limits.max_head});
  if (piece.status != 0) {
    refuse_body(state, piece.status, output);
    return 0;
  }
  if (state.body_goes == BodyGoes::kBack) output.append(piece.data);
  if (state.body_goes == BodyGoes::kBackInChunks && !piece.data.empty()) {
    output.append(fmt::format("{:x}\r\n", piece.data.size()));
    output.append(piece.data);
    output.append("\r\n");
  }
  if (state.body.done()) finish_body(state, output);
  return piece.used;
}

std::size_t take_head(ServiceState& state, std::string_view input, Output& output) {
  const HttpHead head = read_http_head(input, state.context->limits.max_head);
  if (head.status != 0) {
    refuse(state, head.status, output);
  } else if (head.size > 0) {
    ++state.steps;
    answer(state, head.request, output);
  }
  return head.size;
}

}  // namespace

std::size_t serve_http(ServiceState& state, std::string_view input, Output& output) {
  std::size_t used = 0;
  while (!output.full() && used < input.size()) {
    const bool in_body = !state.body.done();
    if (!in_body && state.last) break;
    const std::string_view rest = input.substr(used);
    const std::size_t size =
        in_body ? take_body(state, rest, output) : take_head(state, rest, output);
    if (size == 0) break;
    used += size;
  }
  return used;
}

void refuse_http(ServiceState& state, int status, Output& output) {
  if (!state.body.done()) return refuse_body(state, status, output);
  if (!state.last) refuse(state, status, output);
}

}  // namespace closewait
