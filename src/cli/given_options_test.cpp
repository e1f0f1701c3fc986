#include "cli/given_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace winnow {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct CutOptions {
  std::string from;
  int depth = 3;
};

class GivenOptionsTest : public ::testing::Test {
 protected:
  GivenOptionsTest() {
    table_.Add("from", &options_.from, "Where to begin");
    table_.Add("depth", &options_.depth, "How deep");
  }
  void Parse(const std::vector<std::string>& arguments, const std::string& of_environment = "") {
    const auto variable = [&](const std::string& name) {
      return name == "WINNOW_DEPTH" && !of_environment.empty() ? std::optional(of_environment) : std::nullopt;
    };
    const auto parsed = table_.Parse(arguments, {.environment = variable, .preset_directories = std::nullopt});
    ASSERT_TRUE(parsed) << parsed.error().Text();
  }

  CutOptions options_;
  OptionTable table_{"cut", ""};
};

TEST_F(GivenOptionsTest, WhatTheUserGaveWithoutEffectIsNamed) {
  const auto warnings = [&](bool have_effect) {
    return OptionEffects(&table_).Check(have_effect, {"from", "depth", "missing"}, "without --all").warnings();
  };
  Parse({});
  EXPECT_THAT(warnings(false), IsEmpty()) << "a default was not given";
  Parse({"--depth", "3"});
  EXPECT_THAT(warnings(false), ElementsAre("--depth has no effect without --all"));
  EXPECT_THAT(warnings(true), IsEmpty());
  Parse({"--from", "a"}, "4");
  EXPECT_THAT(warnings(false),
              ElementsAre("--from has no effect without --all", "--depth has no effect without --all"));
  EXPECT_FALSE(IsGiven(nullptr, "from")) << "no table has filled the options";
}

TEST_F(GivenOptionsTest, WhatCannotBeDoneIsRefused) {
  Parse({});
  EXPECT_TRUE(RefuseGiven(&table_, {"from", "depth"}, "requires --all", "add --all"));
  Parse({"--depth", "4"});
  const Result<void> refused = RefuseGiven(&table_, {"from", "depth"}, "requires --all", "add --all");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(refused.error().Text(), "--depth requires --all\n  add --all");
}

}  // namespace
}  // namespace winnow
