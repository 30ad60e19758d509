#include "server/http_request.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

namespace closewait {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;

std::string_view standard(beast::string_view text) { return {text.data(), text.size()}; }

// Lives for one head. Keeps views of it and copies nothing.
class HeadParser : public http::basic_parser<true> {
 public:
  explicit HeadParser(HttpRequest& request) : request_(request) {
    header_limit(kMaxHttpHead);
    body_limit(boost::none);  // whoever takes the body sets its limit
  }

 private:
  using error_code = beast::error_code;

  void on_request_impl(http::verb, beast::string_view method, beast::string_view target, int,
                       error_code&) override {
    request_.method = standard(method);
    request_.target = standard(target);
  }
  void on_field_impl(http::field name, beast::string_view, beast::string_view value,
                     error_code&) override {
    if (name == http::field::expect && beast::iequals(value, "100-continue")) {
      request_.expects_continue = true;
    }
  }
  void on_header_impl(error_code&) override {
    request_.chunked = chunked();
    request_.keep_alive = keep_alive();
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
};

}  // namespace

HttpHead read_http_head(std::string_view input) {
  std::size_t blank = 0;
  while (input.substr(blank, 2) == "\r\n") blank += 2;
  const std::string_view text = input.substr(blank);
  HttpHead head;
  if (text.empty() || text == "\r") return blank >= kMaxHttpHead ? HttpHead{0, 400, {}} : head;
  HeadParser parser(head.request);
  beast::error_code error;
  const std::size_t size = parser.put(boost::asio::buffer(text.data(), text.size()), error);
  if (error == http::error::need_more) {
    if (text.size() >= kMaxHttpHead) head.status = 431;
  } else if (error == http::error::header_limit) {
    head.status = 431;
  } else if (error) {
    head.status = 400;
  } else {
    head.size = blank + size;
  }
  return head;
}

}  // namespace closewait
