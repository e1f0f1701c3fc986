#include "filter/must_pass.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "filter/rule_set.h"
#include "filter/rule_statistics.h"
#include "support/error_of.h"
#include "support/source_directory.h"

namespace winnow {
namespace {

using ::testing::HasSubstr;

std::string MessageIn(const std::string& contents) { return ErrorOf(ParseMustPass(contents, "c.jsonl")).message; }

TEST(MustPass, ReadsRowsAndSkipsBlankLines) {
  const auto cases = ParseMustPass(
      "\xEF\xBB\xBF{\"text\": \"a\", \"label\": \"spam\", \"sender\": \"s\", \"note\": \"n\"}\r\n\n  \n{\"text\": \"b\", \"subject\": \"c\", "
      "\"label\": \"ham\"}",
      "c.jsonl");
  ASSERT_TRUE(cases) << cases.error().Text();
  ASSERT_EQ(cases->size(), 2u);
  EXPECT_EQ(cases->at(0).message.text + cases->at(0).message.sender + cases->at(0).note, "asn");
  EXPECT_TRUE(cases->at(0).spam);
  EXPECT_EQ(cases->at(1).message.subject + cases->at(1).message.body + cases->at(1).message.text, "cb");
  EXPECT_FALSE(cases->at(1).spam);
  EXPECT_EQ(cases->at(1).line, 4u);
}

TEST(MustPass, NamesTheLineOfAnError) {
  const std::string good = "{\"text\": \"a\", \"label\": \"spam\"}\n";
  EXPECT_THAT(MessageIn(good + "{"), HasSubstr("c.jsonl, line 2"));
  EXPECT_EQ(MessageIn(good + "[]"), "c.jsonl, line 2: expected an object, found array");
  EXPECT_EQ(MessageIn("{\"text\": \"a\"}"), "c.jsonl, line 1: the key 'label' is missing");
  EXPECT_EQ(MessageIn("{\"label\": \"ham\"}"), "c.jsonl, line 1: the key 'text' is missing");
  EXPECT_EQ(MessageIn("{\"text\": \"a\", \"label\": \"Spam\"}"),
            "c.jsonl, line 1: label: expected 'spam' or 'ham', found 'Spam'");
  EXPECT_EQ(MessageIn("{\"text\": 1, \"label\": \"ham\"}"), "c.jsonl, line 1: text: expected a string, found number");
  EXPECT_EQ(ErrorOf(ParseMustPass("{\"txt\": \"a\"}", "c")).hint, "did you mean 'text'?");
  EXPECT_EQ(MessageIn("\n"), "c.jsonl: the file has no cases");
}

TEST(BuiltInRules, DecideNoCaseOfTheExampleListOtherwise) {
  const auto cases = ReadMustPass(SourceDirectory() / "examples" / "data" / "messages_must_pass.jsonl");
  ASSERT_TRUE(cases) << cases.error().Text();
  EXPECT_EQ(cases->size(), 60u);
  const auto rules = RuleSet::LoadBuiltIn();
  ASSERT_TRUE(rules) << rules.error().Text();
  size_t spam = 0;
  for (const MustPassCase& expected : *cases) {
    spam += expected.spam ? 1 : 0;
    const RuleResult result = (*rules)->Evaluate(expected.message);
    EXPECT_NE(result.action, expected.spam ? RuleAction::kHam : RuleAction::kSpam) << expected.message.text;
    EXPECT_LT(result.score, expected.spam ? 100 : 4) << expected.message.text;
  }
  EXPECT_EQ(spam, 30u);
}

TEST(RuleStatistics, CountsHitsByLabel) {
  const auto rules = RuleSet::Parse(
      "[[rule]]\nname = \"PAY\"\nscore = 2\npattern = 'pay'\n[[rule]]\nname = \"OK\"\nscore = -2\npattern = 'ok'\n"
      "[[rule]]\nname = \"NEVER\"\npattern = 'zzz'\n[actions]\nspam = 2\nham = -2\n",
      "r.toml");
  ASSERT_TRUE(rules);
  RuleStatistics statistics(**rules);
  for (const auto& [text, spam] : std::vector<std::pair<std::string, bool>>{
           {"pay", true}, {"pay now", true}, {"pay", false}, {"ok", false}, {"hello", false}, {"ok", true}}) {
    FilterMessage message;
    message.text = text;
    statistics.Add(message, spam);
  }
  const Json json = statistics.ToJson();
  EXPECT_EQ(
      json["rules"][0].dump(),
      R"({"name":"PAY","score":2.0,"hits":3,"spam_hits":2,"ham_hits":1,"precision":0.6666666666666666,"spam_share":0.6666666666666666,"ham_share":0.3333333333333333})");
  EXPECT_EQ(json["rules"][1]["precision"].get<double>(), 0.5);
  EXPECT_TRUE(json["rules"][2]["precision"].is_null());
  EXPECT_EQ(json["decisions"].dump(),
            R"({"of_spam":{"spam":2,"ham":1,"undecided":0},"of_ham":{"spam":1,"ham":1,"undecided":1}})");
  EXPECT_THAT(
      statistics.Text(),
      HasSubstr("3 ham messages: rules alone decide spam for 1 (33.33 %), ham for 1 (33.33 %), nothing for 1\n"));
}

}  // namespace
}  // namespace winnow
