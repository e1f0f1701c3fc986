#include "server/byte_budget.h"

#include <gtest/gtest.h>

namespace winnow {
namespace {

TEST(ByteBudget, OneClientTakesHalfAndAnotherAThird) {
  const auto budget = std::make_shared<ByteBudget>(600);
  ByteBudget::Share first = budget->ShareOf("a");
  EXPECT_TRUE(first.Grow(300));
  EXPECT_FALSE(first.Grow(1));
  ByteBudget::Share same_client = budget->ShareOf("a");
  EXPECT_FALSE(same_client.Grow(1)) << "another request of the client that has taken its part";
  ByteBudget::Share second = budget->ShareOf("b");
  EXPECT_TRUE(second.Grow(150));
  EXPECT_FALSE(second.Grow(1));
  EXPECT_EQ(budget->taken(), 450);
}

TEST(ByteBudget, RefusesWhatWouldNotLeaveTheClientsPartFree) {
  const auto budget = std::make_shared<ByteBudget>(100);
  ByteBudget::Share share = budget->ShareOf("a");
  EXPECT_FALSE(share.Grow(51));
  EXPECT_FALSE(share.Grow(UINT64_MAX));
  EXPECT_TRUE(share.Grow(50));
}

TEST(ByteBudget, SharesGiveBackWhatTheyTookOnce) {
  const auto budget = std::make_shared<ByteBudget>(100);
  {
    ByteBudget::Share share = budget->ShareOf("a");
    ASSERT_TRUE(share.Grow(40));
    ByteBudget::Share moved = std::move(share);
    EXPECT_EQ(budget->taken(), 40);
    ByteBudget::Share other = budget->ShareOf("b");
    ASSERT_TRUE(other.Grow(10));
    other = std::move(moved);
    EXPECT_EQ(budget->taken(), 40) << "the bytes of 'b' are given back by the assignment";
  }
  EXPECT_EQ(budget->taken(), 0);
  ByteBudget::Share whole = budget->ShareOf("a");
  EXPECT_TRUE(whole.Grow(50));
}

TEST(ByteBudget, AShareOfNoBudgetIsNotLimited) {
  ByteBudget::Share share;
  EXPECT_TRUE(share.Grow(UINT64_MAX));
}

}  // namespace
}  // namespace winnow
