#include "faults/behaviour.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace closewait {
namespace {

using Kind = Parameter::Kind;

Parameter count_parameter(Kind kind) { return {"n", kind, &Params::size, "0", "what it is"}; }

TEST(SetParam, ReadsEachKindInItsUnits) {
  Params params;
  EXPECT_FALSE(set_param(params, {"a", Kind::kBytes, &Params::size, "", ""}, "64KiB"));
  EXPECT_FALSE(set_param(params, {"b", Kind::kByteRate, &Params::rate, "", ""}, "512KiB/s"));
  EXPECT_FALSE(set_param(params, {"c", Kind::kCount, &Params::requests, "", ""}, "10"));
  EXPECT_FALSE(set_param(params, {"d", Kind::kDuration, &Params::wait, "", ""}, "250ms"));
  EXPECT_EQ(params.size, 64U * 1024);
  EXPECT_EQ(params.rate, 512U * 1024);
  EXPECT_EQ(params.requests, 10U);
  EXPECT_EQ(params.wait, std::chrono::milliseconds(250));
  EXPECT_EQ(params.bytes, 0U);  // what was not named stays
}

TEST(SetParam, RefusesWhatIsNotOfTheKindAndChangesNothing) {
  struct Case {
    Kind kind;
    const char* text;
  };
  for (const Case& wrong :
       {Case{Kind::kBytes, "64ms"}, Case{Kind::kBytes, ""}, Case{Kind::kBytes, "-1"},
        Case{Kind::kByteRate, "512KiB"}, Case{Kind::kByteRate, "9000000000TiB/s"},
        Case{Kind::kCount, "10KiB"}, Case{Kind::kCount, "-1"}, Case{Kind::kCount, ""},
        Case{Kind::kCount, "1.5"}}) {
    Params params{.size = 7};
    EXPECT_TRUE(set_param(params, count_parameter(wrong.kind), wrong.text)) << wrong.text;
    EXPECT_EQ(params.size, 7U) << wrong.text;
  }
  Params params{.wait = Nanoseconds(7)};
  const Parameter wait{"wait", Kind::kDuration, &Params::wait, "", ""};
  EXPECT_TRUE(set_param(params, wait, "250"));
  EXPECT_TRUE(set_param(params, wait, "64KiB"));
  EXPECT_EQ(params.wait, Nanoseconds(7));
}

TEST(ParamText, IsReadBackAsTheSameValue) {
  for (const Behaviour* row : catalogue()) {
    const Params params = default_params(*row);
    for (const Parameter& each : row->parameters) {
      Params read;
      EXPECT_FALSE(set_param(read, each, param_text(params, each)))
          << row->name << " " << each.name << " " << param_text(params, each);
      std::visit([&](auto field) { EXPECT_EQ(read.*field, params.*field); }, each.field);
    }
  }
}

TEST(SetParam, TakesItsOwnExampleOfEachKind) {
  for (const Kind kind : {Kind::kBytes, Kind::kByteRate, Kind::kCount}) {
    const std::string_view example = example_of(kind);
    Params params;
    EXPECT_FALSE(set_param(params, count_parameter(kind), example.substr(example.rfind(' ') + 1)))
        << example;
    EXPECT_GT(params.size, 0U) << example;
  }
  EXPECT_THAT(std::string(example_of(Kind::kDuration)), testing::HasSubstr("250ms"));
}

}  // namespace
}  // namespace closewait
