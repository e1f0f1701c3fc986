#include "store/spam_label.h"

#include <gtest/gtest.h>

namespace winnow {
namespace {

TEST(SpamLabel, SpamAndHamAreStoredInLowerCase) {
  EXPECT_EQ(StoredLabel("HAM"), "ham");
  EXPECT_EQ(StoredLabel("Spam"), "spam");
  EXPECT_EQ(StoredLabel("ham"), "ham");
}

TEST(SpamLabel, OtherLabelsAreStoredAsTheyAre) {
  for (const char* const label : {"Not_Spam", "Junk", "hamm", "Billing", ""}) EXPECT_EQ(StoredLabel(label), label);
}

}  // namespace
}  // namespace winnow
