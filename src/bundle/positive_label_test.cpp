#include "bundle/positive_label.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace winnow {
namespace {

TEST(IsPositiveName, KnowsTypicalNamesInWhateverCase) {
  for (const char* label : {"spam", "SPAM", "Hate-Speech", "hate_speech", "1"})
    EXPECT_TRUE(IsPositiveName(label)) << label;
  for (const char* label : {"", "ham", "personal", "spammy"}) EXPECT_FALSE(IsPositiveName(label)) << label;
}

TEST(PositiveByName, KnowsWordsOfNamesAndTheirNegations) {
  using Labels = std::vector<std::string>;
  EXPECT_EQ(PositiveByName(Labels{"ham", "spam"}), 1u);
  EXPECT_EQ(PositiveByName(Labels{"Spam & Werbung", "kein Spam"}), 0u);
  EXPECT_EQ(PositiveByName(Labels{"Spam-Mail", "echt"}), 0u);
  EXPECT_EQ(PositiveByName(Labels{"class_spam", "class_ham"}), 0u);
  EXPECT_EQ(PositiveByName(Labels{"non-spam messages", "spam messages"}), 1u);
  EXPECT_EQ(PositiveByName(Labels{"a", "b"}), std::nullopt);
  EXPECT_EQ(PositiveByName(Labels{"no spam", "not spam"}), std::nullopt);
  EXPECT_EQ(PositiveByName(Labels{"spammer", "customer"}), std::nullopt);
}

}  // namespace
}  // namespace winnow
