#include "filter/rules_edit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "filter/rule_set.h"
#include "support/error_of.h"

namespace winnow {
namespace {

using testing::HasSubstr;

constexpr std::string_view kFile = R"(# rules of the page

[[rule]]
name = "PRIZE"
score = 2
pattern = 'prize'

[[composite]]
name = "BOTH"
expression = "PRIZE & CODE"
[[rule]]
name = "CODE"
# of four digits
pattern = '\d{4}'
)";

TEST(RulesEdit, ReadsOneRule) {
  const RuleText rule = ReadRuleText("\n# new\n[[rule]]\nname = \"A\"\npattern = 'a'").value();
  EXPECT_EQ(rule.name, "A");
  EXPECT_EQ(rule.text, "[[rule]]\n# new\nname = \"A\"\npattern = 'a'\n");
  EXPECT_THAT(ErrorOf(ReadRuleText("")).message, HasSubstr("expected one rule, found 0"));
  EXPECT_THAT(ErrorOf(ReadRuleText(kFile)).message, HasSubstr("rule, line 8: expected one rule, found 3"));
  EXPECT_THAT(ErrorOf(ReadRuleText("[[rule]]\nname = \"A\"\npatern = 'a'")).message,
              HasSubstr("rule, line 3: rule A: unknown key 'patern'"));
  EXPECT_THAT(ErrorOf(ReadRuleText("[actions]\nspam = 1\n[[rule]]\nname = \"A\"\npattern = 'a'")).message,
              HasSubstr("only [[rule]] and [[composite]] are allowed"));
}

TEST(RulesEdit, ReadsNoRuleThatCouldNotStandInAFileWithOthers) {
  const std::string rule = "[[rule]]\nname = \"A\"\npattern = 'a'\n";
  // An empty section above would become a part of the rule, one below would be in the file once for each rule.
  EXPECT_THAT(ErrorOf(ReadRuleText("[actions]\n" + rule)).message, HasSubstr("only [[rule]]"));
  EXPECT_THAT(ErrorOf(ReadRuleText(rule + "[group]\n")).message, HasSubstr("only [[rule]]"));
  EXPECT_THAT(ErrorOf(ReadRuleText("rule = [{name = \"A\", pattern = 'a'}]")).message, HasSubstr("inline table"));
  // A byte order mark is no part of the comment that is moved.
  EXPECT_EQ(ReadRuleText("\xEF\xBB\xBF# new\n" + rule)->text, "[[rule]]\n# new\nname = \"A\"\npattern = 'a'\n");
}

TEST(RulesEdit, FindsTheTextOfARule) {
  EXPECT_EQ(FindRuleText(kFile, "f", "BOTH").value(),
            "[[composite]]\nname = \"BOTH\"\nexpression = \"PRIZE & CODE\"\n");
  EXPECT_EQ(FindRuleText(kFile, "f", "NONE").value(), "");
}

TEST(RulesEdit, ReplacesAddsAndRemovesARuleAndLeavesTheOthers) {
  const RuleText both{"BOTH", "[[composite]]\nname = \"BOTH\"\nexpression = \"PRIZE\"\n"};
  const std::string replaced = WithRule(kFile, "f", both).value();
  EXPECT_EQ(FindRuleText(replaced, "f", "BOTH").value(), both.text);
  EXPECT_EQ(FindRuleText(replaced, "f", "CODE").value(), FindRuleText(kFile, "f", "CODE").value());
  EXPECT_THAT(replaced, testing::StartsWith("# rules of the page\n\n[[rule]]\nname = \"PRIZE\""));
  const std::string removed = WithoutRule(replaced, "f", "BOTH").value();
  EXPECT_EQ(FindRuleText(removed, "f", "BOTH").value(), "");
  EXPECT_EQ(FindRuleText(removed, "f", "PRIZE").value(), FindRuleText(kFile, "f", "PRIZE").value());
  const std::string added = WithRule(removed, "f", both).value();
  EXPECT_EQ(RuleSet::Parse(added, "f").value()->composites().size(), 1u);
  EXPECT_EQ(RuleSet::Parse(added, "f").value()->rules().size(), 2u);
  EXPECT_EQ(ErrorOf(WithoutRule(removed, "f", "BOTH")).code, ErrorCode::kNotFound);
  const RuleText only{"A", "[[rule]]\nname = \"A\"\npattern = 'a'\n"};
  EXPECT_EQ(WithRule("", "f", only).value(), only.text);
  EXPECT_EQ(WithoutRule(only.text, "f", "A").value(), "");
}

TEST(RulesEdit, SeveralFilesAreOneSetOfRules) {
  const RulesSource own{"[actions]\nspam = 3\n[[rule]]\nname = \"PRIZE\"\nscore = 2\npattern = 'prize'\n", "own.toml"};
  const RulesSource page{
      "[[composite]]\nname = \"ALSO\"\nexpression = \"PRIZE & LINK\"\nscore = 1\n[[rule]]\nname = "
      "\"LINK\"\nmin_links = 1\n",
      "page.toml"};
  const RuleSet::Pointer rules = RuleSet::ParseAll(std::vector{own, page}).value();
  FilterMessage message;
  message.text = "a prize at https://example.com/";
  EXPECT_EQ(rules->Evaluate(message).action, RuleAction::kSpam);
  EXPECT_EQ(rules->rules()[1].file, "page.toml");
  const RulesSource again{"\n[[rule]]\nname = \"PRIZE\"\npattern = 'x'\n", "page.toml"};
  EXPECT_THAT(ErrorOf(RuleSet::ParseAll(std::vector{own, again})).message,
              testing::AllOf(testing::StartsWith("page.toml, line 2: rule PRIZE"), HasSubstr("in own.toml, line 3")));
  EXPECT_THAT(ErrorOf(RuleSet::ParseAll(std::vector{page, own})).message, HasSubstr("own.toml: only [[rule]]"));
}

}  // namespace
}  // namespace winnow
