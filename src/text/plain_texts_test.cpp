#include "text/plain_texts.h"

#include <gtest/gtest.h>

namespace winnow {
namespace {

TEST(PlainTexts, AreTheCallersStringsWithoutSeparators) {
  const std::vector<std::string> strings = {"win",
                                            "win\x1e"
                                            "a\x1e",
                                            "", "\x1e", "see you"};
  PlainTexts made = PlainTexts::Of(strings);
  for (int i = 0; i < 100; ++i)
    made.Add(
        "a\x1e"
        "b");
  const PlainTexts texts = std::move(made);
  ASSERT_EQ(texts.views().size(), 105u);
  const char* const expected[] = {"win", "win a ", "", " ", "see you", "a b"};
  for (size_t i = 0; i < std::size(expected); ++i) {
    EXPECT_EQ(texts.views()[i].joined(), expected[i]);
    EXPECT_EQ(texts.views()[i].segments(), 1u);
  }
  EXPECT_EQ(texts.views()[4].joined().data(), strings[4].data()) << "without a copy";
  EXPECT_EQ(texts.views().back().joined(), "a b");
}

}  // namespace
}  // namespace winnow
