#include "filter/suggest_rule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "filter/rule_set.h"

namespace winnow {
namespace {

using testing::HasSubstr;

/// Returns the hits of the suggested rule in a text.
bool Hits(const SuggestedRule& suggested, const std::string& text) {
  const auto rules = RuleSet::Parse(suggested.rule.text, "rule");
  EXPECT_TRUE(rules) << rules.error().Text() << "\n" << suggested.rule.text;
  FilterMessage message;
  message.text = text;
  return rules && !(*rules)->Evaluate(message).symbols.empty();
}

TEST(SuggestRule, LooksForWhatOtherSpamHasAndHamHasNot) {
  RuleSuggester suggester("Please CLAIM your  prize today", true);
  for (int i = 0; i < 5; ++i) {
    suggester.Count("claim your prize " + std::to_string(i), true);
    suggester.Count("please call me today, your order is there " + std::to_string(i), false);
    suggester.Count("the prize of the school", false);
  }
  const SuggestedRule suggested = suggester.Suggest({});
  EXPECT_EQ(suggested.shown, "claim your prize");
  EXPECT_EQ(suggested.rule.name, "CLAIM_YOUR_PRIZE");
  EXPECT_EQ(suggested.same, 5u);
  EXPECT_EQ(suggested.other, 0u);
  EXPECT_THAT(suggested.rule.text, HasSubstr("score = 3\n"));
  EXPECT_TRUE(Hits(suggested, "Claim, your prize!"));
  EXPECT_FALSE(Hits(suggested, "reclaim your prize"));
  EXPECT_EQ(suggester.Suggest({"CLAIM_YOUR_PRIZE"}).rule.name, "CLAIM_YOUR_PRIZE_2");
}

TEST(SuggestRule, LooksForTheHostOfALink) {
  RuleSuggester suggester("your parcel: https://parcels.example.net/a?b=1", true);
  for (int i = 0; i < 3; ++i) {
    suggester.Count("pay now at https://parcels.example.net/" + std::to_string(i), true);
    suggester.Count("your parcel is there", false);
  }
  const SuggestedRule suggested = suggester.Suggest({});
  EXPECT_EQ(suggested.rule.name, "LINK_PARCELS_EXAMPLE_NET");
  EXPECT_TRUE(Hits(suggested, "see www.parcels.example.net/x"));
  EXPECT_FALSE(Hits(suggested, "parcels example net"));
}

TEST(SuggestRule, MakesAValidRuleOfEveryText) {
  for (const std::string text :
       {"", " ", "\U0001F389\U0001F389", "你好，今天天气很好", "Привет, как дела?", "it's 'quoted' \\ \"x\"", "1234",
        "not", "and or", "\x01\x02", "\xff\xfe", "a_b", "ÄRGER über alles"}) {
    const SuggestedRule suggested = RuleSuggester(text, false).Suggest({});
    EXPECT_THAT(suggested.rule.text, HasSubstr("score = -3\n"));
    if (text.find_first_not_of(' ') == std::string::npos) continue;  // whatever: there is nothing to look for
    EXPECT_TRUE(Hits(suggested, text)) << text << "\n" << suggested.rule.text;
  }
}

TEST(SuggestRule, OneWordNeedsMoreEvidenceThanAPhrase) {
  RuleSuggester suggester("limited offer", true);
  EXPECT_EQ(suggester.Suggest({}).shown, "limited offer");
  for (int i = 0; i < 50; ++i) suggester.Count("a limited time " + std::to_string(i), true);
  EXPECT_EQ(suggester.Suggest({}).shown, "limited");
}

}  // namespace
}  // namespace winnow
