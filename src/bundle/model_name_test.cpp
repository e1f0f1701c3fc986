#include "bundle/model_name.h"

#include <gtest/gtest.h>

#include <vector>

namespace winnow {
namespace {

void ExpectParts(std::string_view spec, std::string_view name, std::string_view version, std::string_view alias) {
  const ModelSpec parsed = ParseModelSpec(spec);
  EXPECT_EQ(parsed.name, name) << spec;
  EXPECT_EQ(parsed.version, version) << spec;
  EXPECT_EQ(parsed.alias, alias) << spec;
}

TEST(ModelName, HasAVersionOrAnAliasOrNeither) {
  ExpectParts("spam", "spam", "", "");
  ExpectParts("spam:1.2.0", "spam", "1.2.0", "");
  ExpectParts("spam:1.2.0-rc.1+build", "spam", "1.2.0-rc.1+build", "");
  ExpectParts("spam@champion", "spam", "", "champion");
  ExpectParts("a:b:1.0.0", "a:b", "1.0.0", "");
  for (const char* name : {"", "spam:", "spam:latest", "spam:1.2", "spam:01.2.0", ":"}) ExpectParts(name, name, "", "");
}

TEST(ModelName, VersionsAreOrderedAsSemverOrgDoes) {
  const std::vector<std::string> ascending = {"0.9.0",         "1.0.0-alpha",
                                              "1.0.0-alpha.1", "1.0.0-alpha.beta",
                                              "1.0.0-beta",    "1.0.0-beta.2",
                                              "1.0.0-beta.11", "1.0.0-rc.1",
                                              "1.0.0",         "1.0.1",
                                              "1.2.0",         "1.10.0",
                                              "2.0.0",         "99999999999999999999.0.0"};
  for (size_t i = 0; i < ascending.size(); ++i) {
    for (size_t k = 0; k < ascending.size(); ++k) {
      const int order = CompareVersions(ascending[i], ascending[k]);
      EXPECT_EQ(order < 0, i < k) << ascending[i] << " " << ascending[k];
      EXPECT_EQ(order > 0, i > k) << ascending[i] << " " << ascending[k];
    }
  }
  EXPECT_EQ(CompareVersions("1.0.0+a", "1.0.0+b"), 0);
}

TEST(ModelName, AliasesAreReadOrRefused) {
  const ModelAlias alias = ParseModelAlias("champion=spam:1.2.0").value();
  EXPECT_EQ(alias.alias, "champion");
  EXPECT_EQ(alias.name, "spam");
  EXPECT_EQ(alias.version, "1.2.0");
  EXPECT_EQ(ParseModelAlias("champion=spam").value().version, "");
  for (const char* text : {"", "=", "champion", "champion=", "=spam", "a@b=spam", "a:b=spam", "a=spam@b"}) {
    const auto refused = ParseModelAlias(text);
    ASSERT_FALSE(refused) << text;
    EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace winnow
