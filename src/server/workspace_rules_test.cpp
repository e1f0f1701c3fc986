#include "server/workspace_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "support/error_of.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

using testing::HasSubstr;

constexpr std::string_view kOwn = "[actions]\nspam = 6\n[[rule]]\nname = \"OWN\"\nscore = 1\npattern = 'own'\n";

RuleText Rule(const std::string& name, const std::string& pattern = "x") {
  return ReadRuleText("[[rule]]\nname = \"" + name + "\"\npattern = '" + pattern + "'\n").value();
}

std::vector<std::string> NamesOf(const RuleSet::Pointer& rules) {
  std::vector<std::string> names;
  if (rules == nullptr) return names;
  for (const auto& rule : rules->rules()) names.push_back(rule.name);
  return names;
}

class WorkspaceRulesTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(WriteFileAtomically(own_, kOwn)); }

  const TemporaryDirectory dir_;
  const std::filesystem::path own_ = dir_.path() / "own.toml", page_ = dir_.path() / "rules" / "page.toml";
  WorkspaceRules rules_{own_, page_};
};

TEST_F(WorkspaceRulesTest, AddsReplacesRemovesAndUndoesWithoutLimit) {
  EXPECT_THAT(NamesOf(rules_.Load().value()), testing::ElementsAre("OWN"));
  EXPECT_THAT(NamesOf(rules_.Put(Rule("A")).value()), testing::ElementsAre("OWN", "A"));
  EXPECT_THAT(NamesOf(rules_.Put(Rule("B")).value()), testing::ElementsAre("OWN", "A", "B"));
  ASSERT_TRUE(rules_.Put(Rule("A", "y")));
  EXPECT_THAT(rules_.TextOf("A").value(), HasSubstr("'y'"));
  EXPECT_THAT(NamesOf(rules_.Remove("B").value()), testing::ElementsAre("OWN", "A"));
  EXPECT_EQ(ErrorOf(rules_.Remove("B")).code, ErrorCode::kNotFound);
  EXPECT_EQ(ErrorOf(rules_.Remove("OWN")).code, ErrorCode::kNotFound) << "it is not in the workspace";
  EXPECT_THAT(NamesOf(WorkspaceRules(own_, page_).Load().value()), testing::ElementsAre("OWN", "A")) << "it is durable";

  EXPECT_THAT(NamesOf(rules_.Undo().value()), testing::ElementsAre("OWN", "A", "B"));
  ASSERT_TRUE(rules_.Undo());
  EXPECT_THAT(rules_.TextOf("A").value(), HasSubstr("'x'"));
  EXPECT_THAT(NamesOf(WorkspaceRules(own_, page_).Undo().value()), testing::ElementsAre("OWN", "A"));
  EXPECT_THAT(NamesOf(rules_.Undo().value()), testing::ElementsAre("OWN"));
  EXPECT_EQ(ErrorOf(rules_.Undo()).code, ErrorCode::kNotFound);
}

TEST_F(WorkspaceRulesTest, AFileThatCannotBeReadAnyMoreLeavesTheFormerRules) {
  ASSERT_TRUE(rules_.Load());
  ASSERT_TRUE(rules_.Put(Rule("A")));
  std::filesystem::rename(page_, dir_.path() / "away");
  std::filesystem::create_directory(page_);
  EXPECT_FALSE(rules_.Load());
  EXPECT_THAT(NamesOf(WorkspaceRules(own_, page_).Load().value()), testing::ElementsAre("OWN")) << "at the start";
  std::filesystem::remove(page_);
  std::filesystem::rename(dir_.path() / "away", page_);
  EXPECT_THAT(NamesOf(rules_.Load().value()), testing::ElementsAre("OWN", "A"));
}

TEST_F(WorkspaceRulesTest, ARuleThatIsNotValidChangesNothing) {
  ASSERT_TRUE(rules_.Put(Rule("A")));
  const std::string before = ReadFile(page_).value();
  const RuleProblem pattern = RuleProblemOf(ErrorOf(rules_.Put(Rule("B", "(unclosed"))));
  EXPECT_EQ(pattern.line, 1u);
  EXPECT_THAT(pattern.message, HasSubstr("rule B"));
  const RuleProblem taken = RuleProblemOf(ErrorOf(rules_.Put(Rule("OWN"))));
  EXPECT_THAT(taken.message, HasSubstr("the name is already used in"));
  const RuleProblem syntax = RuleProblemOf(ErrorOf(ReadRuleText("[[rule]]\nname = \"C\"\npatern = 'x'\n")));
  EXPECT_EQ(syntax.line, 3u);
  EXPECT_THAT(syntax.message, testing::StartsWith("rule C: unknown key 'patern'"));
  EXPECT_EQ(ReadFile(page_).value(), before);
}

TEST_F(WorkspaceRulesTest, ARuleThatAnotherOneNamesStays) {
  ASSERT_TRUE(rules_.Put(Rule("A")));
  ASSERT_TRUE(rules_.Put(ReadRuleText("[[composite]]\nname = \"BOTH\"\nexpression = \"A & OWN\"\n").value()));
  EXPECT_THAT(ErrorOf(rules_.Remove("A")).message, HasSubstr("there is no rule or composite named 'A'"));
  EXPECT_THAT(NamesOf(rules_.Load().value()), testing::ElementsAre("OWN", "A"));
}

TEST_F(WorkspaceRulesTest, AFileThatSomebodyHasBrokenLeavesTheServersOwnRules) {
  ASSERT_TRUE(rules_.Put(Rule("A")));
  ASSERT_TRUE(WriteFileAtomically(page_, "[[rule]\n"));
  EXPECT_THAT(NamesOf(rules_.Load().value()), testing::ElementsAre("OWN"));
  EXPECT_THAT(rules_.problem(), HasSubstr("page.toml, line 1"));
  ASSERT_TRUE(WriteFileAtomically(own_, "[[rule]\n"));
  EXPECT_FALSE(rules_.Load()) << "an error of the server's own file is an error";
}

TEST_F(WorkspaceRulesTest, WorksWithoutOwnRulesAndWithoutAWorkspace) {
  WorkspaceRules none("none", page_);
  EXPECT_EQ(none.Load().value(), nullptr);
  EXPECT_THAT(NamesOf(none.Put(Rule("A")).value()), testing::ElementsAre("A"));
  WorkspaceRules fixed(own_, "");
  EXPECT_FALSE(fixed.editable());
  EXPECT_THAT(NamesOf(fixed.Load().value()), testing::ElementsAre("OWN"));
  EXPECT_EQ(ErrorOf(fixed.Put(Rule("A"))).code, ErrorCode::kUnsupported);
}

TEST_F(WorkspaceRulesTest, KeepsTheLastHundredVersions) {
  for (int i = 0; i < 105; ++i) ASSERT_TRUE(rules_.Put(Rule("A", std::to_string(i))));
  int undone = 0;
  while (rules_.Undo()) ++undone;
  EXPECT_EQ(undone, 100);
  EXPECT_THAT(rules_.TextOf("A").value(), HasSubstr("'4'"));
}

}  // namespace
}  // namespace winnow
