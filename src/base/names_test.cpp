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

TEST(FirstQuotedNames, QuotesTheNamesAtThePlaces) {
  const std::vector<std::string> names = {"ham", "spam", "news"};
  const std::vector<size_t> ids = {2, 0, 1};
  EXPECT_EQ(FirstQuotedNames(names, ids, 2), "'news', 'ham' and 1 more");
  EXPECT_EQ(FirstQuotedNames(names, {}, 2), "");
}

}  // namespace
}  // namespace winnow
