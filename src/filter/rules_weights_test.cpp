#include "filter/rules_weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "filter/rule_set.h"
#include "support/error_of.h"

namespace winnow {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr char kRules[] = "# mine\n[[rule]]\nname = \"A\"\npattern = 'a'  # [weights]\n\n[actions]\nspam = 6.0\n";
const EvidenceWeights kWeights{.classifier = 0.75, .rules = 0.25, .reputation = 1.5, .intercept = -0.5};

TEST(RulesWeights, AreAddedAndReplaced) {
  const std::string once = WithWeights(kRules, "r.toml", kWeights).value();
  EXPECT_THAT(once, StartsWith(kRules));
  const StatedWeights stated = RuleSet::Parse(once, "r.toml").value()->weights();
  EXPECT_EQ(stated.classifier, 0.75);
  EXPECT_EQ(stated.rules, 0.25);
  EXPECT_EQ(stated.reputation, 1.5);
  EXPECT_EQ(stated.intercept, -0.5);
  EXPECT_EQ(WithWeights(once, "r.toml", kWeights).value(), once);
  const std::string moved = "[weights]\nrules = 9\n# of mine\n[[rule]]\nname = \"A\"\npattern = 'a'\n";
  EXPECT_EQ(RuleSet::Parse(WithWeights(moved, "r.toml", kWeights).value(), "r.toml").value()->weights().rules, 0.25);
}

TEST(RulesWeights, AnyFileOfRulesCanHaveThem) {
  for (const char* const path : {"", "none"}) {
    const std::string contents = ContentsOfRules(path).value();
    const RuleSet::Pointer rules = RuleSet::Parse(WithWeights(contents, "r.toml", kWeights).value(), "r.toml").value();
    EXPECT_EQ(rules->weights().reputation, 1.5);
    EXPECT_EQ(rules->rules().size() > 10, *path == '\0');
  }
}

TEST(RulesWeights, AreNotForcedIntoOtherForms) {
  const Error dotted = ErrorOf(WithWeights("weights.rules = 2\n", "r.toml", kWeights));
  EXPECT_EQ(dotted.code, ErrorCode::kUnsupported);
  EXPECT_THAT(dotted.hint, HasSubstr("[weights]"));
  const std::string within = "[[rule]]\nname = \"A\"\npattern = '''\n[weights]\nx'''\n";
  EXPECT_EQ(ErrorOf(WithWeights(within, "r.toml", kWeights)).code, ErrorCode::kUnsupported);
}

TEST(RulesWeights, AreRead) {
  EXPECT_FALSE(RuleSet::Parse(kRules, "r.toml").value()->weights().classifier);
  EXPECT_THAT(ErrorOf(RuleSet::Parse("[weights]\nmodel = 1\n", "r.toml")).message, HasSubstr("'model'"));
  EXPECT_THAT(ErrorOf(RuleSet::Parse("[weights]\nrules = -1\n", "r.toml")).message, HasSubstr("weights"));
}

}  // namespace
}  // namespace winnow
