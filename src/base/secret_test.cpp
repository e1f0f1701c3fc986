#include "base/secret.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace winnow {
namespace {

TEST(Secret, IsRevealedOnRequestAloneAndRedacted) {
  const Secret secret(std::string("wJalrXUtnFEMI"));
  EXPECT_EQ(secret.Reveal(), "wJalrXUtnFEMI");
  EXPECT_EQ(secret.Redact("key wJalrXUtnFEMI, again wJalrXUtnFEMI"), "key ***, again ***");
  EXPECT_EQ(secret.Redact("nothing"), "nothing");
  EXPECT_EQ(Secret().Redact("nothing"), "nothing");
  Secret copy;
  EXPECT_TRUE(copy.empty());
  copy = secret;
  EXPECT_EQ(copy.Reveal(), secret.Reveal());
}

TEST(Secret, TokensAreOfTheirAlphabetAndLengthAndNeverTheSame) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::string token = RandomBase64Url(32).value();
    EXPECT_EQ(token.size(), 43u);
    EXPECT_EQ(token.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
              std::string::npos);
    EXPECT_TRUE(seen.insert(token).second);
  }
  EXPECT_EQ(RandomHex(16).value().size(), 32u);
  EXPECT_NE(RandomHex(16).value(), RandomHex(16).value());
  EXPECT_EQ(RandomBase64Url(0).value(), "");
  EXPECT_EQ(RandomBase64Url(1).value().size(), 2u);
  EXPECT_EQ(RandomBase64Url(3).value().size(), 4u);
}

TEST(Secret, EveryDigitOccursAtEveryPlace) {
  // 43 places of 64 digits: with 4,000 tokens none is missing by chance (e^-62), but where bits are lost.
  std::vector<std::set<char>> seen(43);
  for (int i = 0; i < 4000; ++i) {
    const std::string token = RandomBase64Url(32).value();
    for (size_t place = 0; place < seen.size(); ++place) seen[place].insert(token[place]);
  }
  for (size_t place = 0; place < 42; ++place) EXPECT_EQ(seen[place].size(), 64u) << place;
  EXPECT_EQ(seen[42].size(), 16u) << "256 bits are 42 digits of 6 and one of 4";
}

TEST(Secret, OnlyEqualTextsAreEqual) {
  EXPECT_TRUE(ConstantTimeEqual("", ""));
  EXPECT_TRUE(ConstantTimeEqual("same", "same"));
  EXPECT_FALSE(ConstantTimeEqual("same", "sama"));
  EXPECT_FALSE(ConstantTimeEqual("same", "same "));
  EXPECT_FALSE(ConstantTimeEqual(std::string_view("a\0b", 3), std::string_view("a\0c", 3)));
}

}  // namespace
}  // namespace winnow
