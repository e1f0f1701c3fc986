#include "server/apple_filter.h"

#include <gtest/gtest.h>

#include <utility>

namespace winnow {
namespace {

std::pair<std::string, std::string> ActionOf(bool is_spam, const std::string& label) {
  Verdict verdict;
  verdict.is_spam = is_spam;
  verdict.other_label = label;
  const AppleAction action = AppleActionOf(verdict);
  return {std::string(action.action), std::string(action.sub_action)};
}

using Names = std::pair<std::string, std::string>;

TEST(AppleFilter, SpamIsJunkWhateverTheLabel) {
  EXPECT_EQ(ActionOf(true, "ham"), Names("junk", "none"));
  EXPECT_EQ(ActionOf(true, "promotion"), Names("junk", "none"));
}

TEST(AppleFilter, LabelsNamedAsAppleNamesThemAreActions) {
  EXPECT_EQ(ActionOf(false, "promotion"), Names("promotion", "none"));
  EXPECT_EQ(ActionOf(false, "Transactions"), Names("transaction", "none"));
  EXPECT_EQ(ActionOf(false, "transactionalFinance"), Names("transaction", "transactionalFinance"));
  EXPECT_EQ(ActionOf(false, "Transactional: public services"), Names("transaction", "transactionalPublicServices"));
  EXPECT_EQ(ActionOf(false, "promotional_coupons"), Names("promotion", "promotionalCoupons"));
}

TEST(AppleFilter, OtherLabelsAreAllowed) {
  for (const char* label : {"ham", "", "promo", "finance", "\xff", "transactionalfinances"}) {
    EXPECT_EQ(ActionOf(false, label), Names("allow", "none")) << label;
  }
}

TEST(AppleFilter, IdsOfAppsAreChecked) {
  EXPECT_TRUE(CheckAppleAppIds({"A1B2C3D4E5.com.example.filter", "A1B2C3D4E5.a-b"}));
  for (const char* id : {"", "A1B2C3D4E5", ".com", "A1B2C3D4E5.", "A1B2C3D4E5.com example", "A1B2C3D4E5.\"x\""}) {
    const auto checked = CheckAppleAppIds({id});
    ASSERT_FALSE(checked) << id;
    EXPECT_EQ(checked.error().code, ErrorCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace winnow
