#include "bundle/positive_label.h"

#include <gtest/gtest.h>

namespace winnow {
namespace {

TEST(IsPositiveName, KnowsTypicalNamesInWhateverCase) {
  for (const char* label : {"spam", "SPAM", "Hate-Speech", "hate_speech", "1"})
    EXPECT_TRUE(IsPositiveName(label)) << label;
  for (const char* label : {"", "ham", "personal", "spammy"}) EXPECT_FALSE(IsPositiveName(label)) << label;
}

}  // namespace
}  // namespace winnow
