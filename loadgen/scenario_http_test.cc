#include <gmock/gmock.h>

#include "base/pattern.h"
#include "loadgen/scenario.h"

namespace closewait {
namespace {

using testing::ElementsAre;
using testing::Pair;

std::string with(const std::string& keys, const std::string& dialect = "http") {
  return "name: s\ntarget:\n  " + keys + "\n  dialect: " + dialect +
         "\n  pid: 1\ncycle: [{for: 1s, rate: 5/s, clients: {polite: 1}}]\n";
}

HttpRequest request_of(const std::string& keys) {
  return parse_scenario(with(keys), "s.yaml", {}).target.request;
}

std::string error_of(const std::string& keys, const std::string& dialect = "http") {
  try {
    static_cast<void>(parse_scenario(with(keys, dialect), "s.yaml", {}));
  } catch (const UsageError& error) {
    return error.what();
  }
  return "no error";
}

TEST(ScenarioHttp, ReadsAllOfIt) {
  ::setenv("CLOSEWAIT_TEST_TOKEN", "abc", 1);
  const HttpRequest request = request_of(
      "method: PUT\n  path: /a?b=c\n  headers: {Host: shop.test, Authorization: 'Bearer "
      "${CLOSEWAIT_TEST_TOKEN}'}\n  body: '{\"id\": 1}'\n  status: [201, 4xx]");
  EXPECT_EQ(request.method, "PUT");
  EXPECT_EQ(request.path, "/a?b=c");
  EXPECT_THAT(request.headers,
              ElementsAre(Pair("Host", "shop.test"), Pair("Authorization", "Bearer abc")));
  EXPECT_EQ(request.body, "{\"id\": 1}");
  EXPECT_TRUE(is_right_status(request, 201));
  EXPECT_TRUE(is_right_status(request, 499));
  EXPECT_FALSE(is_right_status(request, 200));
}

TEST(ScenarioHttp, WithoutKeysItGetsThePatternWithStatus200) {
  const HttpRequest request = request_of("allow_remote: false");
  EXPECT_EQ(request.method, "GET");
  EXPECT_EQ(request.path, "");
  EXPECT_EQ(request.body, "");
  EXPECT_TRUE(is_right_status(request, 200));
  EXPECT_FALSE(is_right_status(request, 201));
}

TEST(ScenarioHttp, ABodyMayBeHexOrSoManyBytes) {
  EXPECT_EQ(request_of("body: {hex: 00 fF}").body, std::string("\0\xff", 2));
  const auto bytes = pattern(0, 5000);
  EXPECT_EQ(request_of("body: {size: 5000}").body,
            std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

TEST(ScenarioHttp, SaysWhatIsWrong) {
  EXPECT_EQ(error_of("method: 'GE T'"),
            "s.yaml:3:11: 'method' is 'GE T'; expected a method such as GET or POST");
  EXPECT_EQ(error_of("headers: {A: \"b\\r\\nC: d\"}").substr(0, 19), "s.yaml:3:16: 'A' is");
  EXPECT_EQ(error_of("headers: {content-length: 3}"),
            "s.yaml:3:13: 'headers' has 'content-length', which the body decides; expected other "
            "headers");
  EXPECT_EQ(error_of("headers: {'a b': 3}"),
            "s.yaml:3:13: 'headers' has 'a b'; expected names such as Authorization");
  EXPECT_EQ(error_of("headers: [a]"),
            "s.yaml:3:12: 'headers' is a list; expected a map such as {Authorization: Bearer abc}");
  for (const char* status : {"100", "1xx", "600", "20", "2x0", "ok", "''"}) {
    EXPECT_NE(error_of(std::string("status: ") + status).find("expected a status from 200 to 599"),
              std::string::npos)
        << status;
  }
  EXPECT_EQ(error_of("body: {hex: 00, size: 1}"),
            "s.yaml:3:19: both 'hex' and 'size'; expected one of them");
  EXPECT_EQ(error_of("body: {size: 33KiB}"),
            "s.yaml:3:16: 'size' is 33792 bytes; expected at most 32768");
  EXPECT_EQ(error_of("body: {size: 32KiB}"),
            "s.yaml:3:3: the request has 32816 bytes, headers and body; expected at most 32768");
  EXPECT_EQ(error_of("body: a", "echo"),
            "s.yaml:3:3: 'body' is of the dialect http; expected dialect: http beside it");
}

}  // namespace
}  // namespace closewait
