#include "server/services/http_request.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <cctype>
#include <limits>
#include <string>

namespace closewait {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;

std::string_view standard(beast::string_view text) { return {text.data(), text.size()}; }

// Lives for one head. Keeps views of it and copies nothing.
class HeadParser : public http::basic_parser<true> {
 public:
  explicit HeadParser(HttpRequest& request) : request_(request) {
    header_limit(std::numeric_limits<std::uint32_t>::max());  // who calls has a limit
    body_limit(boost::none);                                  // whoever takes the body too
  }

  // What the grammar allows and the protocol does not; 0 when all is well.
  [[nodiscard]] int objection() const {
    if (strange_coding_) return 501;
    const bool without_host = hosts_ != 1 && (http11_ || hosts_ > 1);
    return without_host || (request_.chunked && !http11_) ? 400 : 0;
  }

 private:
  using error_code = beast::error_code;

  void on_request_impl(http::verb, beast::string_view method, beast::string_view target,
                       int version, error_code&) override {
    request_.method = standard(method);
    request_.target = standard(target);
    http11_ = version >= 11;
  }
  void on_field_impl(http::field name, beast::string_view, beast::string_view value,
                     error_code&) override {
    if (name == http::field::host) ++hosts_;
    if (name == http::field::transfer_encoding && !beast::iequals(value, "chunked")) {
      strange_coding_ = true;
    }
    if (name == http::field::expect && beast::iequals(value, "100-continue")) {
      request_.expects_continue = http11_;
    }
  }
  void on_header_impl(error_code&) override {
    request_.chunked = chunked();
    request_.keep_alive = keep_alive();
    request_.asks_to_stay = keep_alive() && !http11_;
    request_.body = content_length().value_or(0);
  }

  // Only the head is parsed here.
  void on_response_impl(int, beast::string_view, int, error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(beast::string_view, error_code&) override { return 0; }
  void on_chunk_header_impl(std::uint64_t, beast::string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view, error_code&) override {
    return 0;
  }
  void on_finish_impl(error_code&) override {}

  HttpRequest& request_;
  int hosts_ = 0;
  bool http11_ = false;
  bool strange_coding_ = false;
};

// "GET / HTTP/2.0": a request, but of no version that is spoken here. A line that ends in another
// way than CR LF is none, whatever follows it.
bool is_of_another_version(std::string_view text) {
  constexpr std::string_view kName = " HTTP/";
  std::string_view line = text.substr(0, text.find('\n'));
  if (!line.ends_with('\r')) return false;
  line.remove_suffix(1);
  const std::size_t at = line.rfind(kName);
  if (at == std::string_view::npos) return false;
  const std::string_view version = line.substr(at + kName.size());
  return !version.empty() && version.find_first_not_of("0123456789.") == std::string_view::npos;
}

// Reads a whole head; the status to refuse it with, or 0.
int parse(std::string_view text, HttpRequest& request) {
  HeadParser parser(request);
  beast::error_code error;
  parser.put(boost::asio::buffer(text.data(), text.size()), error);
  if (error == http::error::bad_version && is_of_another_version(text)) return 505;
  return error ? 400 : parser.objection();
}

// The status to refuse it with by its first line alone, or 0.
int judge_start(std::string_view text) {
  if (text.empty() || text == "\r") return 0;
  if (std::iscntrl(static_cast<unsigned char>(text.front())) != 0) return 400;
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return 0;
  HttpRequest request;
  return parse(std::string(text.substr(0, end + 1)) + "Host: any\r\n\r\n", request);
}

}  // namespace

HttpHead read_http_head(std::string_view input, std::size_t max_head) {
  constexpr std::string_view kEnd = "\r\n\r\n";
  HttpHead head;
  std::size_t blank = 0;
  while (input.substr(blank, 2) == "\r\n") blank += 2;
  const std::string_view text = input.substr(blank);
  const std::size_t end = text.find(kEnd);
  const bool whole = end != std::string_view::npos;
  if ((whole ? blank + end + kEnd.size() : input.size() + 1) > max_head) {
    // Whether more has come already makes no difference.
    const int status = judge_start(text.substr(0, max_head - std::min(blank, max_head)));
    head.status = status != 0 ? status : 431;
  } else if (whole) {
    head.size = blank + end + kEnd.size();
    head.status = parse(text.substr(0, end + kEnd.size()), head.request);
  } else {
    head.status = judge_start(text);
  }
  return head;
}

}  // namespace closewait
