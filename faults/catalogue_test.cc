#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "faults/behaviour.h"

namespace closewait {
namespace {

TEST(Catalogue, NamesAreUniqueAndFindTheirRows) {
  std::set<std::string_view> names;
  for (const Behaviour* row : catalogue()) {
    const Behaviour& behaviour = *row;
    EXPECT_TRUE(names.insert(behaviour.name).second) << behaviour.name << " is there twice";
    EXPECT_EQ(find_behaviour(behaviour.name), &behaviour);
    EXPECT_EQ(behaviour.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz-"), std::string::npos);
  }
  EXPECT_THAT(names, testing::UnorderedElementsAreArray(behaviour_names().begin(),
                                                        behaviour_names().end()));
  EXPECT_EQ(find_behaviour("polit"), nullptr);
  EXPECT_EQ(find_behaviour(""), nullptr);
}

TEST(Catalogue, IsTheGroupsInARow) {
  std::vector<const Behaviour*> grouped;
  for (const BehaviourGroup& group : behaviour_groups()) {
    EXPECT_FALSE(group.title.empty());
    EXPECT_FALSE(group.rows.empty()) << group.title;
    grouped.insert(grouped.end(), group.rows.begin(), group.rows.end());
  }
  EXPECT_THAT(grouped, testing::ElementsAreArray(catalogue().begin(), catalogue().end()));
}

TEST(Catalogue, EachRowHasAStoryAndSomethingToRun) {
  for (const Behaviour* row : catalogue()) {
    const Behaviour& behaviour = *row;
    SCOPED_TRACE(behaviour.name);
    EXPECT_GE(behaviour.story.size(), 40U);
    EXPECT_TRUE(behaviour.story.ends_with('.'));
    EXPECT_FALSE(behaviour.sees.empty());
    EXPECT_FALSE(behaviour.brings_out.empty());
    EXPECT_NE(behaviour.run, nullptr);
  }
}

TEST(Catalogue, EveryDefaultIsUnderstoodAndSaysWhatItIs) {
  for (const Behaviour* row : catalogue()) {
    const Behaviour& behaviour = *row;
    std::set<std::string_view> names;
    for (const Parameter& parameter : behaviour.parameters) {
      SCOPED_TRACE(std::string(behaviour.name) + "." + std::string(parameter.name));
      EXPECT_TRUE(names.insert(parameter.name).second);
      EXPECT_FALSE(parameter.meaning.empty());
      Params params;
      EXPECT_FALSE(set_param(params, parameter, parameter.fallback)) << parameter.fallback;
      // default_params() holds the same.
      const Params defaults = default_params(behaviour);
      std::visit([&](auto field) { EXPECT_EQ(defaults.*field, params.*field); }, parameter.field);
    }
  }
}

// Without a deadline of its own a client could stay for ever.
TEST(Catalogue, EachRowHasADeadline) {
  for (const Behaviour* row : catalogue()) {
    const Behaviour& behaviour = *row;
    EXPECT_GT(default_params(behaviour).timeout, Nanoseconds(0)) << behaviour.name;
  }
}

TEST(Catalogue, HoldsWhatTheRowsPromise) {
  for (const Behaviour* row : catalogue()) {
    const Behaviour& behaviour = *row;
    SCOPED_TRACE(behaviour.name);
    const Params params = default_params(behaviour);
    // A Unix socket knows no reset, and what is polite ends by a FIN and is answered.
    if (behaviour.end == End::kRst || behaviour.end == End::kVanish) {
      EXPECT_TRUE(behaviour.needs.tcp);
    }
    if (behaviour.polite) {
      EXPECT_EQ(behaviour.end, End::kFin);
      EXPECT_NE(behaviour.owed, Owed::kNothing);
    }
    EXPECT_LE(behaviour.needs.response_bytes, params.size);
  }
  EXPECT_TRUE(std::ranges::is_partitioned(catalogue(), &Behaviour::polite));
  EXPECT_EQ(catalogue().front()->name, "polite");
}

}  // namespace
}  // namespace closewait
