#include "faults/http_request.h"

#include <gtest/gtest.h>

namespace closewait {
namespace {

TEST(HttpRequest, SaysWhatItIsToldTo) {
  const HttpRequest request{.method = "POST",
                            .path = "/orders",
                            .headers = {{"X-Tag", "a"}, {"x-tag", "b"}},
                            .body = "{}"};
  EXPECT_EQ(http_request_text(request, "127.0.0.1:80", request.path),
            "POST /orders HTTP/1.1\r\nHost: 127.0.0.1:80\r\nX-Tag: a\r\nx-tag: b\r\n"
            "Content-Length: 2\r\n\r\n{}");
}

TEST(HttpRequest, AHostOfTheHeadersIsTheOnlyOne) {
  const HttpRequest request{.path = "/", .headers = {{"hOST", "shop.test"}}};
  EXPECT_EQ(http_request_text(request, "127.0.0.1:80", "/"),
            "GET / HTTP/1.1\r\nhOST: shop.test\r\n\r\n");
}

TEST(HttpRequest, SaysThatThereIsNoBodyWhereOneIsExpected) {
  for (const char* method : {"POST", "PUT", "PATCH"}) {
    const std::string text = http_request_text({.method = method}, "h", "/");
    EXPECT_TRUE(text.ends_with("\r\nContent-Length: 0\r\n\r\n")) << text;
  }
  for (const char* method : {"GET", "HEAD", "DELETE", "OPTIONS"}) {
    const std::string text = http_request_text({.method = method}, "h", "/");
    EXPECT_EQ(text.find("Content-Length"), text.npos) << text;
  }
}

}  // namespace
}  // namespace closewait
