#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "filter/rule.h"
#include "filter/rule_set.h"
#include "filter/rule_warnings.h"
#include "support/error_of.h"

namespace winnow {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Error ErrorIn(const std::string& contents) { return ErrorOf(ParseRulesFile(contents, "r.toml")); }
std::string MessageIn(const std::string& contents) { return ErrorIn(contents).message; }

const std::string kRule = "[[rule]]\nname = \"R\"\npattern = 'x'\n";

TEST(RulesFile, ReadsEveryKey) {
  const Result<RulesFile> file = ParseRulesFile(
      "[[rule]]\nname = \"R\"\ndescription = \"d\"\nscore = -2\nfield = \"header:X-Mailer\"\nfold = true\npattern = 'x'\n"
      "exists = \"subject\"\nmin_links = 1\nmax_links = 2\nmin_length = 3\nmax_length = 4\ngroup = \"g\"\ntags = [\"a\", \"b\"]\n"
      "enabled = false\n\n[[composite]]\nname = \"C\"\nexpression = \"R\"\nscore = 1.5\nreplaces = [\"R\"]\ngroup = \"g\"\ntags = [\"c\"]\n"
      "[group.g]\ndescription = \"e\"\nmax_score = 6\nmin_score = -6.5\n[actions]\nspam = 6\nham = -6.0\n",
      "r.toml");
  ASSERT_TRUE(file) << file.error().Text();
  const Rule& rule = file->rules.at(0);
  EXPECT_EQ(rule.name + rule.description + rule.group + *rule.pattern, "Rdgx");
  EXPECT_EQ(rule.score, -2);
  EXPECT_EQ(rule.field.Text(), "header:x-mailer");
  EXPECT_EQ(rule.exists->Text(), "subject");
  EXPECT_TRUE(rule.fold);
  EXPECT_FALSE(rule.enabled);
  EXPECT_EQ(*rule.min_links + *rule.max_links * 10 + *rule.min_length * 100 + *rule.max_length * 1000, 4321u);
  EXPECT_THAT(rule.tags, ElementsAre("a", "b"));
  const Composite& composite = file->composites.at(0);
  EXPECT_EQ(composite.line, 17u);
  EXPECT_EQ(composite.score, 1.5);
  EXPECT_THAT(composite.replaces, ElementsAre("R"));
  EXPECT_EQ(file->groups.at(0).max_score, 6);
  EXPECT_EQ(file->groups.at(0).min_score, -6.5);
  EXPECT_EQ(file->actions.spam, 6);
  EXPECT_EQ(file->actions.ham, -6);
}

TEST(RulesFile, UnknownKeysHaveASuggestion) {
  const Error error = ErrorIn("[[rule]]\nname = \"R\"\npatern = 'x'\n");
  EXPECT_EQ(error.message, "r.toml, line 3: rule R: unknown key 'patern'");
  EXPECT_EQ(error.hint, "did you mean 'pattern'?");
  EXPECT_EQ(ErrorIn("[[rules]]\nname = \"R\"\n").hint, "did you mean 'rule'?");
  EXPECT_THAT(MessageIn("[actions]\nreject = 3\n"), HasSubstr("line 2: actions: unknown key 'reject'"));
  EXPECT_THAT(MessageIn("[group.g]\nmax = 3\n"), HasSubstr("line 2: group g: unknown key 'max'"));
}

TEST(RulesFile, ValuesOfAnotherTypeNameWhatWasExpected) {
  EXPECT_EQ(MessageIn(kRule + "score = \"2\"\n"),
            "r.toml, line 4: rule R: score: expected a number from -1000 to 1000, found a string");
  EXPECT_THAT(MessageIn(kRule + "score = inf\n"),
              HasSubstr("expected a number from -1000 to 1000, found the number inf"));
  EXPECT_THAT(MessageIn(kRule + "score = nan\n"), HasSubstr("found the number nan"));
  EXPECT_THAT(MessageIn(kRule + "score = 1001\n"), HasSubstr("found the number 1001"));
  EXPECT_THAT(MessageIn(kRule + "tags = \"a\"\n"), HasSubstr("tags: expected a list of strings, found a string"));
  EXPECT_THAT(MessageIn(kRule + "tags = [1]\n"), HasSubstr("tags: expected a list of strings, found a list"));
  EXPECT_THAT(MessageIn(kRule + "fold = 1\n"), HasSubstr("fold: expected true or false, found the number 1"));
  EXPECT_THAT(MessageIn(kRule + "min_links = -1\n"),
              HasSubstr("min_links: expected a whole number of at least 0, found the number -1"));
  EXPECT_THAT(MessageIn(kRule + "group = 2020-01-01\n"), HasSubstr("group: expected a string, found a date or time"));
  EXPECT_THAT(MessageIn("[group.g]\nmax_score = -1\n"), HasSubstr("expected a number from 0 to 1000"));
}

TEST(RulesFile, RulesNeedANameAndACondition) {
  EXPECT_EQ(MessageIn("[[rule]]\npattern = 'x'\n"), "r.toml, line 1: rule: the key 'name' is missing");
  EXPECT_THAT(MessageIn("[[rule]]\nname = \"A-B\"\npattern = 'x'\n"), HasSubstr("'A-B' is not a valid name"));
  EXPECT_THAT(MessageIn("[[rule]]\nname = \"and\"\npattern = 'x'\n"), HasSubstr("'and' is not a valid name"));
  EXPECT_THAT(MessageIn("[[rule]]\nname = \"R\"\nscore = 1\n"), HasSubstr("rule R: the rule has no condition"));
  EXPECT_THAT(MessageIn("[[composite]]\nname = \"C\"\n"), HasSubstr("composite C: the key 'expression' is missing"));
  EXPECT_EQ(MessageIn("[[composite]]\nname = \"C\"\nexpression = \"A &\"\n"),
            "r.toml, line 3: composite C: expression, column 4: expected a name, '!' or '(', found the end");
}

TEST(RulesFile, UnknownFieldsAreErrors) {
  const Error error = ErrorIn(kRule + "field = \"subjekt\"\n");
  EXPECT_THAT(error.message, HasSubstr("rule R: field: unknown field 'subjekt'"));
  EXPECT_EQ(error.hint, "did you mean 'subject'?");
  EXPECT_THAT(MessageIn(kRule + "exists = \"header:\"\n"), HasSubstr("exists: unknown field 'header:'"));
  EXPECT_THAT(MessageIn(kRule + "field = \"header:a b\"\n"), HasSubstr("unknown field 'header:a b'"));
  EXPECT_THAT(MessageIn("[[rule]]\nname = \"R\"\ndomains = [\"example\"]\n"), HasSubstr("'example' is not a domain"));
  EXPECT_THAT(MessageIn(kRule + "domains = [\"example.com\"]\n"), HasSubstr("'domains' and 'pattern' without 'field'"));
}

TEST(RulesFile, ShapesOfTablesAreChecked) {
  EXPECT_THAT(ErrorIn("[rule]\nname = \"R\"\n").hint, HasSubstr("[[rule]]"));
  EXPECT_THAT(MessageIn("rule = [1]\n"), HasSubstr("line 1: 'rule' is not a list of tables"));
  EXPECT_THAT(MessageIn("group = 3\n"), HasSubstr("'group' is not a table"));
  EXPECT_THAT(MessageIn("[group]\ng = 3\n"), HasSubstr("'group.g' is not a table"));
  EXPECT_THAT(MessageIn("[actions]\nspam = 1\nham = 1\n"), HasSubstr("spam = 1 is not more than ham = 1"));
  EXPECT_THAT(MessageIn("[[rule]]\nname = \n"), HasSubstr("r.toml, line 2, column "));
}

TEST(RulesFile, HostileContentsAreBounded) {
  EXPECT_THAT(MessageIn(std::string(kMaxRulesFileBytes + 1, '#')), HasSubstr("the maximum is 1048576"));
  std::string many;
  for (size_t i = 0; i <= kMaxRules; ++i) many += "[[rule]]\nname = \"R" + std::to_string(i) + "\"\npattern = 'x'\n";
  EXPECT_THAT(MessageIn(many), HasSubstr("2001 rules and composites; the maximum is 2000"));
  std::string deep = "[a";
  for (int i = 0; i < 400000; ++i) deep += ".a";
  EXPECT_THAT(MessageIn(deep + "]\n"), HasSubstr("line 1: a key has more than 16 parts"));
  EXPECT_THAT(MessageIn("x = " + std::string(500000, '[')), HasSubstr("r.toml, line 1"));
  EXPECT_THAT(MessageIn(std::string("a = \"\xff\"\n")), HasSubstr("r.toml, line 1"));
  EXPECT_THAT(MessageIn(std::string("\0\0", 2)), HasSubstr("r.toml, line 1"));
}

std::vector<std::string> WarningsOf(const std::string& contents) {
  const Result<RuleSet::Pointer> rules = RuleSet::Parse(contents, "r.toml");
  EXPECT_TRUE(rules) << rules.error().Text();
  return rules ? RuleWarnings(**rules) : std::vector<std::string>();
}

std::string Scored(const std::string& name, const std::string& more) {
  return "[[rule]]\nname = \"" + name + "\"\nscore = 1\n" + more + "\n";
}

TEST(RuleWarnings, NameRulesThatAreProbablyMistakes) {
  const auto one = [](const std::string& contents) {
    const std::vector<std::string> warnings = WarningsOf(contents);
    return warnings.size() == 1 ? warnings[0] : "not one warning but " + std::to_string(warnings.size());
  };
  EXPECT_THAT(one(Scored("R", "pattern = 'win $100'")),
              HasSubstr("line 1: rule R probably never matches: '$' is the end"));
  EXPECT_THAT(one(Scored("R", "pattern = '(prize)?'")), HasSubstr("rule R matches every text"));
  EXPECT_THAT(one(Scored("R", "pattern = '^$'")), HasSubstr("has a pattern that matches the empty text"));
  EXPECT_THAT(one(Scored("R", "field = \"link_hosts\"\npattern = 'Example'")),
              HasSubstr("the field link_hosts is in lower case"));
  EXPECT_THAT(one(Scored("R", "min_length = 5\nmax_length = 4")),
              HasSubstr("never matches: min_length is more than max_length"));
  EXPECT_THAT(one(Scored("R", "min_links = 5\nmax_links = 4")), HasSubstr("never matches: min_links"));
  EXPECT_THAT(one(Scored("A", "pattern = 'x'") + Scored("B", "pattern = 'x'")),
              HasSubstr("line 5: rule B has the conditions of rule A in line 1"));
  EXPECT_THAT(one(kRule), HasSubstr("rule R has no effect"));
  EXPECT_THAT(one(Scored("R", "pattern = 'x'") + "[group.g]\nmax_score = 1\n"), HasSubstr("group g has no rules"));
  EXPECT_THAT(one(Scored("R", "pattern = 'x'") + "[actions]\nspam = 6\n"),
              HasSubstr("no message reaches spam = 6: all scores above 0 add up to 1"));
  EXPECT_THAT(one(Scored("R", "pattern = 'x'") + "[actions]\nspam = 0\n"),
              HasSubstr("a message without any symbol is spam"));
}

TEST(RuleWarnings, NameExpressionsThatAreConstant) {
  const auto composite = [](const std::string& expression) {
    return WarningsOf(Scored("R", "pattern = 'x'") + Scored("OFF", "pattern = 'y'\nenabled = false") +
                      "[[composite]]\nname = \"C\"\nscore = 1\nexpression = \"" + expression + "\"\n");
  };
  EXPECT_THAT(composite("R & !R"), ElementsAre(HasSubstr("composite C never holds")));
  EXPECT_THAT(composite("R | !R"), ElementsAre(HasSubstr("composite C always holds")));
  EXPECT_THAT(composite("R & OFF"),
              ElementsAre(HasSubstr("names OFF, which is not enabled"), HasSubstr("never holds")));
  EXPECT_THAT(composite("!R"), IsEmpty());
}

TEST(BuiltInRules, HaveNoWarnings) {
  const Result<RuleSet::Pointer> rules = RuleSet::LoadBuiltIn();
  ASSERT_TRUE(rules) << rules.error().Text();
  EXPECT_THAT(RuleWarnings(**rules), IsEmpty());
}

}  // namespace
}  // namespace winnow
