#include "data/augment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/ascii.h"
#include "base/random.h"
#include "data/augment_edits.h"
#include "data/deduplicate.h"
#include "text/segments.h"
#include "text/text_parts.h"
#include "text/utf8.h"

namespace winnow {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const std::vector<std::string> kTexts = {
    "Win a FREE prize of £500 now, call 08001234567 or see http://prize.invalid/now!",
    "See you at the station at 6, ok?",
    "Привет, как дела? 👩‍👩‍👧 e\u0301 é",
    "ok",
    "!!! ... ???",
    "日本語のテキスト 123",
    "مرحبا بالعالم",
    "1",
    "a b c d e",
    "www.invalid.invalid",
};

Dataset SetOf(const std::vector<std::string>& texts) {
  Dataset dataset;
  dataset.labels.names = {"ham", "spam"};
  for (size_t i = 0; i < texts.size(); ++i) {
    dataset.examples.push_back({texts[i], {static_cast<int32_t>(i % 2)}, "a.tsv", i + 1});
  }
  return dataset;
}

std::vector<std::string> TextsOf(const std::vector<Example>& examples) {
  std::vector<std::string> texts;
  for (const Example& example : examples) texts.push_back(example.text);
  return texts;
}

TEST(Augment, GivesTheSameVariantsForTheSameSeedAndOthersForAnother) {
  const Dataset dataset = SetOf(kTexts);
  AugmentReport report;
  const auto first = TextsOf(Augment(dataset, {.variants = 4, .seed = 7}, report));
  EXPECT_EQ(first, TextsOf(Augment(dataset, {.variants = 4, .seed = 7}, report)));
  EXPECT_NE(first, TextsOf(Augment(dataset, {.variants = 4, .seed = 8}, report)));
}

TEST(Augment, MakesOfATextWhateverItsNeighboursAre) {
  AugmentReport report;
  const auto alone = TextsOf(Augment(SetOf({kTexts[1]}), {.variants = 3}, report));
  auto reversed = kTexts;
  std::ranges::reverse(reversed);
  const auto among = TextsOf(Augment(SetOf(reversed), {.variants = 3}, report));
  for (const std::string& variant : alone) EXPECT_THAT(among, ::testing::Contains(variant));
}

TEST(Augment, KeepsLabelsFilesAndRows) {
  const Dataset dataset = SetOf(kTexts);
  AugmentReport report;
  const auto variants = Augment(dataset, {.variants = 3}, report);
  ASSERT_GT(variants.size(), kTexts.size());
  for (const Example& variant : variants) {
    const Example& source = dataset.examples[variant.row - 1];
    EXPECT_EQ(variant.labels, source.labels);
    EXPECT_EQ(variant.file, source.file);
  }
}

TEST(Augment, GivesNeitherSourcesNorTheSameVariantTwice) {
  AugmentReport report;
  const auto variants = TextsOf(Augment(SetOf(kTexts), {.variants = 20}, report));
  std::set<std::string> seen(kTexts.begin(), kTexts.end());
  for (const std::string& variant : variants) EXPECT_TRUE(seen.insert(variant).second) << variant;
  EXPECT_EQ(report.made, variants.size());
  EXPECT_EQ(report.made + report.unchanged + report.repeated + report.forbidden, 20 * kTexts.size());
}

TEST(Augment, NeverGivesAForbiddenTextNotEvenInOtherCase) {
  AugmentReport report;
  const Dataset dataset = SetOf({"a1", "b1"});
  const AugmentOptions numbers{.variants = 30, .kinds = {AugmentKind::kNumbers}};
  const auto free = TextsOf(Augment(dataset, numbers, report));
  EXPECT_THAT(free, ::testing::Contains("a7"));
  const Dataset held_out = SetOf({"A7"});
  const std::vector<const Dataset*> forbidden = {&held_out};
  const auto variants = TextsOf(Augment(dataset, numbers, report, forbidden));
  EXPECT_THAT(variants, Not(::testing::Contains("a7")));
  EXPECT_THAT(variants, ::testing::Contains("b7"));
  EXPECT_GT(report.forbidden, 0u);
}

TEST(Augment, GivesValidUtf8OfAnyText) {
  // Texts of every kind of character, at random: what each edit does to them must stay well formed.
  Random random(11);
  std::vector<std::string> texts = kTexts;
  for (int t = 0; t < 300; ++t) {
    std::string text;
    for (uint32_t left = 1 + random.Below(30); left > 0; --left) {
      static constexpr std::array<char32_t, 5> kLimits = {0x7F, 0x7F, 0x7FF, 0xD7FF, 0x10FFFF};
      char32_t c = random.Below(static_cast<uint32_t>(kLimits[random.Below(5)])) + 1;
      if (c >= 0xD800 && c <= 0xDFFF) c = ' ';
      AppendUtf8(c, text);
    }
    texts.push_back(text);
  }
  AugmentReport report;
  const auto variants = Augment(SetOf(texts), {.variants = 5}, report);
  ASSERT_GT(variants.size(), texts.size());
  for (const Example& variant : variants) {
    EXPECT_TRUE(IsUtf8(variant.text)) << variant.text;
    EXPECT_FALSE(IsBlank(variant.text));
  }
}

TEST(Augment, MakesNothingWhereNothingIsAskedFor) {
  AugmentReport report;
  EXPECT_THAT(Augment(SetOf(kTexts), {.variants = 0}, report), IsEmpty());
  EXPECT_THAT(Augment(SetOf(kTexts), {.variants = 3, .kinds = {}}, report), IsEmpty());
  EXPECT_THAT(Augment(SetOf({"no digits"}), {.kinds = {AugmentKind::kNumbers}}, report), IsEmpty());
  EXPECT_EQ(report.unchanged, 1u);
}

TEST(Augment, ReportsEachKind) {
  AugmentReport report;
  Augment(SetOf({"Win 100 prizes today", "Call 12345 for cash now"}), {.variants = 10}, report);
  for (const size_t made : report.made_of) EXPECT_GT(made, 0u);
  for (const char* const name : {"leetspeak", "homoglyphs", "spacing", "urls", "numbers"}) {
    EXPECT_THAT(report.Text(), HasSubstr(name));
    EXPECT_THAT(report.ToJson().dump(2), HasSubstr(std::string("\"") + name + "\""));
  }
}

TEST(AugmentEdits, LeetspeakChangesLettersOnlyAndKeepsTheLength) {
  Random random(1);
  for (int i = 0; i < 50; ++i) {
    const std::string text = "Please visit http://a.invalid/setting at once";
    const std::string variant = MakeVariant(AugmentKind::kLeetspeak, text, random);
    EXPECT_NE(variant, text);
    EXPECT_EQ(variant.size(), text.size());
    EXPECT_THAT(variant, HasSubstr("http://a.invalid/setting"));
  }
}

TEST(AugmentEdits, HomoglyphsKeepTheNumberOfCharacters) {
  Random random(2);
  for (int i = 0; i < 50; ++i) {
    const std::string variant = MakeVariant(AugmentKind::kHomoglyphs, "Your PayPal account", random);
    EXPECT_EQ(CountCodePoints(variant), 19u);
    EXPECT_GT(variant.size(), 19u);
  }
}

TEST(AugmentEdits, SpacingKeepsTheLettersInTheirOrder) {
  Random random(3);
  const auto letters = [](std::string_view text) {
    std::string kept;
    for (const char c : text) {
      if (IsAsciiLetter(c)) kept += c;
    }
    return kept;
  };
  for (int i = 0; i < 100; ++i) {
    const std::string text = "You have won a prize";
    const std::string variant = MakeVariant(AugmentKind::kSpacing, text, random);
    EXPECT_NE(variant, text);
    EXPECT_EQ(letters(variant), letters(text));
  }
}

TEST(AugmentEdits, SpacingLeavesMarksWithTheirLettersAndSegmentsApart) {
  Random random(4);
  const std::string text = "cafe\u0301 one" + std::string(1, kSegmentSeparator) + "two three";
  for (int i = 0; i < 100; ++i) {
    const std::string variant = MakeVariant(AugmentKind::kSpacing, text, random);
    EXPECT_THAT(variant, HasSubstr("e\u0301"));
    EXPECT_EQ(std::ranges::count(variant, kSegmentSeparator), 1);
  }
}

TEST(AugmentEdits, UrlsAreUnderReservedDomains) {
  Random random(5);
  for (int i = 0; i < 100; ++i) {
    const std::string replaced = MakeVariant(AugmentKind::kUrls, "see https://bad.invalid/x?y=1, now", random);
    EXPECT_THAT(replaced, Not(HasSubstr("bad.invalid")));
    EXPECT_TRUE(replaced.starts_with("see ") && replaced.ends_with(", now")) << replaced;
    const std::string added = MakeVariant(AugmentKind::kUrls, "hello", random);
    EXPECT_THAT(added, AnyOf(HasSubstr("example.com"), HasSubstr("example.net"), HasSubstr("example.org")));
    EXPECT_THAT(added, HasSubstr("hello"));
  }
}

TEST(AugmentEdits, NumbersKeepTheirLengthAndTheirPlace) {
  Random random(6);
  for (int i = 0; i < 100; ++i) {
    const std::string variant = MakeVariant(AugmentKind::kNumbers, "code 4711 for Tom", random);
    EXPECT_THAT(variant, ::testing::MatchesRegex("code [1-9][0-9]{3} for Tom"));
    const std::string phone = MakeVariant(AugmentKind::kNumbers, "call 08001234567", random);
    EXPECT_THAT(phone, ::testing::StartsWith("call 08"));
  }
}

}  // namespace
}  // namespace winnow
