#include "faults/http_exchange.h"

#include <fmt/format.h>

#include <algorithm>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>

#include "base/pattern.h"

namespace closewait {

namespace http = boost::beast::http;
using boost::beast::string_view;

namespace {

constexpr std::size_t kLongestHead = 8192;  // and chunk's line, and trailer
// "0\r\n\r\n": every body in chunks ends with so many, and with fewer of them Beast may abort.
constexpr std::size_t kLastChunk = 5;

constexpr std::string_view kEndOfLine = "\r\n";
constexpr std::string_view kEndOfHead = "\r\n\r\n";

bool has_whole_head(std::string_view input) {
  return input.substr(0, kLongestHead).find(kEndOfHead) != input.npos;
}

bool may_begin_head(std::string_view input) {
  constexpr std::string_view kStart = "HTTP/1.";
  return input.substr(0, kStart.size()) == kStart.substr(0, input.size());
}

}  // namespace

// Beast's parser without a message: nothing is stored, the body is checked as it passes.
class HttpExchange::Parser : public http::basic_parser<false> {
 public:
  Parser(bool check_pattern, bool has_no_body) : check_pattern_(check_pattern) {
    skip(has_no_body);
    body_limit(boost::none);
    header_limit(kLongestHead);
  }

  // A chunk's line comes next, or the trailer behind the last one.
  [[nodiscard]] bool at_chunk_line() const {
    return is_header_done() && chunked() && chunk_left_ == 0;
  }
  [[nodiscard]] int status() const { return status_; }
  [[nodiscard]] std::uint64_t body_size() const { return body_size_; }
  [[nodiscard]] std::optional<std::uint64_t> body_differs_at() const { return differs_at_; }

 private:
  using error_code = boost::beast::error_code;

  void on_request_impl(http::verb, string_view, string_view, int, error_code&) override {}
  void on_response_impl(int status, string_view, int, error_code&) override { status_ = status; }
  void on_field_impl(http::field, string_view, string_view, error_code&) override {}
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(string_view body, error_code&) override {
    check(body);
    return body.size();
  }
  void on_chunk_header_impl(std::uint64_t size, string_view, error_code&) override {
    chunk_left_ = size;
  }
  std::size_t on_chunk_body_impl(std::uint64_t, string_view body, error_code&) override {
    check(body);
    chunk_left_ -= body.size();
    return body.size();
  }
  void on_finish_impl(error_code&) override {}

  void check(string_view body) {
    if (check_pattern_ && status_ == 200 && !differs_at_) {
      differs_at_ = first_difference(body_size_, std::as_bytes(std::span(body)));
    }
    body_size_ += body.size();
  }

  bool check_pattern_;
  int status_ = 0;
  std::uint64_t body_size_ = 0;
  std::uint64_t chunk_left_ = 0;
  std::optional<std::uint64_t> differs_at_;
};

HttpExchange::HttpExchange(const Spec& spec) : spec_(spec) {}

HttpExchange::~HttpExchange() = default;

std::span<const std::byte> HttpExchange::request(std::uint64_t offset) const {
  const std::string_view one = text();
  if (offset >= one.size() * times()) return {};
  return std::as_bytes(std::span(one)).subspan(offset % one.size());
}

std::string_view HttpExchange::text() const {
  const bool makes_up_body = spec_.with_body && spec_.request->body.empty();
  if (!spec_.text.empty() && !makes_up_body) return spec_.text;
  if (own_text_.empty()) {
    const std::string path = has_own_path()  ? spec_.request->path
                             : makes_up_body ? "/bytes/16"
                                             : fmt::format("/bytes/{}", spec_.size);
    own_text_ = makes_up_body
                    ? http_request_text(with_body(*spec_.request, spec_.size), spec_.host, path)
                    : http_request_text(*spec_.request, spec_.host, path);
  }
  return own_text_;
}

std::uint64_t HttpExchange::head_bytes() const {
  return text().find(kEndOfHead) + kEndOfHead.size();
}

// Field after field, and no empty line.
std::string HttpExchange::endless_request(std::uint64_t bytes) const {
  std::string endless(text().substr(0, text().find(kEndOfHead) + kEndOfLine.size()));
  while (endless.size() < bytes) endless += fmt::format("X-{}: {:x>100}\r\n", endless.size(), "");
  return endless;
}

std::string HttpExchange::huge_claim() const {
  return fmt::format("POST / HTTP/1.1\r\nHost: {}\r\nContent-Length: 4294967296\r\n\r\n",
                     spec_.host);
}

std::unique_ptr<HttpExchange::Parser> HttpExchange::new_parser() const {
  return std::make_unique<Parser>(owes_pattern(), has_no_body());
}

// 101 is the end of HTTP on a connection, and so a response.
bool HttpExchange::is_interim() const {
  constexpr int kSwitchingProtocols = 101;
  const int status = parser_->status();
  return parser_->is_done() && status < 200 && status != kSwitchingProtocols;
}

void HttpExchange::parse(std::span<const std::byte> data) {
  if (wrong_at()) return;  // what follows broken framing cannot be read
  if (!parser_) parser_ = new_parser();
  if (complete()) {
    if (!data.empty()) set_wrong(received());  // more than was asked for
    return;
  }
  const bool joined = !held_.empty();
  const std::uint64_t begin = received() - held_.size();  // of the input
  std::string_view input(reinterpret_cast<const char*>(data.data()), data.size());
  if (joined) input = held_.append(input);
  bool broken = false;
  std::size_t used = read(input, broken);
  while (!broken && parser_->is_done()) {
    if (conclude()) break;
    parser_ = new_parser();
    used += read(input.substr(used), broken);
  }
  if (broken) {
    set_wrong(begin + used);  // the line that cannot be read, however it was cut
  } else if (complete()) {
    if (used < input.size()) set_wrong(begin + used);
    held_.clear();
  } else {
    held_.erase(0, joined ? used : 0);
    if (!joined) held_.assign(input.substr(used));
  }
}

std::size_t HttpExchange::read(std::string_view input, bool& broken) {
  std::size_t used = 0;
  boost::beast::error_code error;
  while (used < input.size() && !parser_->is_done()) {
    const std::string_view rest = input.substr(used);
    // Beast sees whole heads only: which mistakes it finds in a part of one depends on the part.
    if (!parser_->is_header_done() && !(may_begin_head(rest) && has_whole_head(rest))) {
      broken = !may_become_head(rest);
      return used;
    }
    const bool at_line = parser_->at_chunk_line();
    if (at_line && rest.size() < kLastChunk) return used;
    const std::size_t shown = at_line ? std::min(rest.size(), kLongestHead) : rest.size();
    const auto taken = parser_->put(boost::asio::buffer(rest.data(), shown), error);
    used += taken;
    broken = error == http::error::need_more && shown >= kLongestHead && at_line;
    if (error || taken == 0) break;
    if (is_interim()) parser_ = new_parser();
  }
  broken = broken || (error && error != http::error::need_more);
  return used;
}

// So that nobody waits for the rest of what is no response.
bool HttpExchange::may_become_head(std::string_view begin) const {
  if (!may_begin_head(begin) || begin.size() >= kLongestHead) return false;
  const std::size_t line = begin.find('\n');
  if (line == begin.npos) return true;
  boost::beast::error_code error;
  new_parser()->put(boost::asio::buffer(begin.data(), line + 1), error);
  return error == http::error::need_more;
}

void HttpExchange::end_of_input() {
  if (complete() || wrong_at() || !parser_ || !parser_->got_some()) return;
  boost::beast::error_code error;
  parser_->put_eof(error);
  if (!error && parser_->is_done()) static_cast<void>(conclude());
}

bool HttpExchange::is_right(int status) const {
  const bool made_up = spec_.with_body && spec_.request->body.empty();
  return made_up || is_right_status(*spec_.request, status);
}

// A whole response is there: is it the one that was asked for? True when it is the last.
bool HttpExchange::conclude() {
  if (!is_right(parser_->status())) set_refused();
  if (!parser_->keep_alive()) set_said_goodbye();
  if (owes_pattern() && !has_no_body()) {
    if (parser_->body_differs_at()) set_wrong(*parser_->body_differs_at());
    if (parser_->body_size() != spec_.size) set_wrong(parser_->body_size());
  }
  return answer_is_whole();
}

void HttpExchange::reset_parser() {
  parser_.reset();
  held_.clear();
}

}  // namespace closewait
