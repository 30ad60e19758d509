#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "loadgen/scenario.h"

namespace closewait {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string with_tls(const std::string& value) {
  return "name: s\ntarget:\n  tls: " + value +
         "\n  dialect: echo\n  pid: 1\ncycle: [{for: 1s, rate: 5/s, clients: {polite: 1}}]\n";
}

std::optional<TlsSpec> tls_of(const std::string& value) {
  return parse_scenario(with_tls(value), "s.yaml", {}).target.tls;
}

std::string error_of_tls(const std::string& value) {
  try {
    static_cast<void>(tls_of(value));
  } catch (const UsageError& error) {
    return error.what();
  }
  return "no error";
}

TEST(ScenarioTls, TrustsEverybodyUnlessItIsToldOtherwise) {
  EXPECT_FALSE(tls_of("false"));
  const auto tls = tls_of("true");
  ASSERT_TRUE(tls);
  EXPECT_FALSE(tls->verify);
  EXPECT_EQ(tls->sni, "");
  EXPECT_TRUE(tls_of("{verify: on}")->verify);
}

TEST(ScenarioTls, ReadsNamesInTheirOrder) {
  const auto tls = tls_of("{sni: shop.test, alpn: [h3, http/1.1]}");
  ASSERT_TRUE(tls);
  EXPECT_EQ(tls->sni, "shop.test");
  EXPECT_THAT(tls->alpn, ElementsAre("h3", "http/1.1"));
  EXPECT_FALSE(tls->verify);
}

TEST(ScenarioTls, SaysWhatIsWrong) {
  EXPECT_EQ(error_of_tls("maybe"),
            "s.yaml:3:8: 'tls' is 'maybe'; expected true, false, or a map such as {sni: shop.test, "
            "verify: on, ca: ca.pem}");
  EXPECT_EQ(error_of_tls("{sni: 127.0.0.1}"),
            "s.yaml:3:14: 'sni' is '127.0.0.1'; expected a host name such as shop.test");
  EXPECT_THAT(error_of_tls("{alpn: []}"),
              HasSubstr("'alpn' is a list; expected protocols such as"));
  EXPECT_EQ(error_of_tls("{ca: a.pem, verify: off}"),
            "s.yaml:3:9: 'ca' says who may have signed, and 'verify' is off; expected verify: on");
  EXPECT_THAT(error_of_tls("{verfy: on}"), HasSubstr("did you mean 'verify'?"));
}

TEST(ScenarioTls, AFileOfCertificatesIsUsedOrRefusedBeforeAnythingIsOpened) {
  EXPECT_THAT(error_of_tls("{ca: /nowhere.pem}"),
              HasSubstr("s.yaml:3:13: 'ca': cannot use /nowhere.pem: No such file or directory"));
  const auto file = std::filesystem::temp_directory_path() / "closewait-no-certificate.pem";
  std::ofstream(file) << "nothing\n";
  EXPECT_THAT(error_of_tls("{ca: " + file.string() + "}"),
              HasSubstr("cannot use " + file.string()));
  std::filesystem::remove(file);
}

}  // namespace
}  // namespace closewait
