#include "base/names.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace winnow {
namespace {

TEST(FirstNames, ListsTheFirstOnesAndCountsTheOthers) {
  const std::vector<std::string> names = {"a", "b", "c", "d"};
  EXPECT_EQ(FirstNames(names, 4), "a, b, c, d");
  EXPECT_EQ(FirstNames(names, 3), "a, b, c and 1 more");
  EXPECT_EQ(FirstNames({}, 3), "");
}

}  // namespace
}  // namespace winnow
