#include "evaluate/disguises.h"

#include <gmock/gmock.h>

#include <string>

#include "text/disguise.h"

namespace winnow {
namespace {

constexpr std::string_view kText = "Claim your free prize money now, call 08001234567 or visit www.example.com today";

TEST(Disguises, AreTheSameForTheSameSeed) {
  for (const Disguise disguise : kAllDisguises) {
    const std::string once = Disguised(disguise, 0.5, kText, 1);
    EXPECT_EQ(once, Disguised(disguise, 0.5, kText, 1));
    EXPECT_NE(once, kText) << DisguiseName(disguise);
    if (disguise != Disguise::kCapitals) {
      EXPECT_NE(Disguised(disguise, 1, kText, 1), Disguised(disguise, 1, kText, 2));
    }
  }
  EXPECT_EQ(Disguised(Disguise::kCapitals, 1, kText, 1),
            "CLAIM YOUR FREE PRIZE MONEY NOW, CALL 08001234567 or VISIT www.example.com TODAY");
}

TEST(Disguises, AStrongerOneChangesMore) {
  const auto capitals = [](const std::string& text) {
    return std::ranges::count_if(text, [](char c) { return c >= 'A' && c <= 'Z'; });
  };
  const auto weak = capitals(Disguised(Disguise::kCapitals, 0.3, kText, 1));
  EXPECT_GT(weak, 1);
  EXPECT_LT(weak, capitals(Disguised(Disguise::kCapitals, 1, kText, 1)));
}

TEST(Disguises, AddressesAndSegmentsStay) {
  const std::string text = "http://free.example/prize me@prize.example \x1E www.prize.example";
  for (const Disguise disguise : kAllDisguises) {
    if (disguise == Disguise::kUrls) continue;
    EXPECT_EQ(Disguised(disguise, 1, text, 3), text) << DisguiseName(disguise);
    const std::string divided = Disguised(disguise, 1, "free prize\x1Eyour money", 3);
    EXPECT_EQ(std::ranges::count(divided, '\x1E'), 1) << DisguiseName(disguise);
  }
}

TEST(Disguises, NothingToDisguiseChangesNothing) {
  for (const Disguise disguise : kAllDisguises) {
    if (disguise == Disguise::kUrls) continue;
    EXPECT_EQ(Disguised(disguise, 1, "", 3), "");
    EXPECT_EQ(Disguised(disguise, 1, "a \u624B\u673A ok", 3), "a \u624B\u673A ok") << DisguiseName(disguise);
  }
}

TEST(Disguises, FoldingUndoesThoseThatItIsFor) {
  for (const Disguise disguise : {Disguise::kHomoglyphs, Disguise::kInvisible, Disguise::kFancyLetters}) {
    for (uint64_t seed = 0; seed < 20; ++seed) {
      EXPECT_EQ(FoldDisguises(Disguised(disguise, 1, kText, seed)), kText) << DisguiseName(disguise);
    }
  }
  // Two spaces around a word that was spaced with spaces.
  for (uint64_t seed = 0; seed < 20; ++seed) {
    std::string folded = FoldDisguises(Disguised(Disguise::kSpacedLetters, 1, kText, seed));
    for (size_t at; (at = folded.find("  ")) != std::string::npos;) folded.erase(at, 1);
    EXPECT_EQ(folded, kText);
  }
}

}  // namespace
}  // namespace winnow
