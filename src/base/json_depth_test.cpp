#include "base/json_depth.h"

#include <gtest/gtest.h>

namespace winnow {
namespace {

TEST(JsonDepth, CountsObjectsAndArrays) {
  EXPECT_FALSE(NestsDeeperThan(R"({"a": [1, {"b": 2}]})", 3));
  EXPECT_TRUE(NestsDeeperThan(R"({"a": [1, {"b": 2}]})", 2));
  EXPECT_FALSE(NestsDeeperThan("[[], [], [[]]]", 3));
}

TEST(JsonDepth, BracketsWithinStringsDoNotCount) {
  EXPECT_FALSE(NestsDeeperThan(R"(["[[[[", "\"[[[["])", 1));
  EXPECT_FALSE(NestsDeeperThan("[\"[[[", 1));  // a string that does not end
}

}  // namespace
}  // namespace winnow
