#include "classify/scope_rule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "base/files.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

using testing::HasSubstr;

const std::vector<std::string> kTwoLabels = {"ham", "spam"};

ScopeRule Rule() {
  return {.label = "none",
          .method = ScopeMethod::kDistance,
          .threshold = 3.7F,
          .shape = {.whitening = {1, 0, 0.5F, 2}, .means = {0, 1, std::numeric_limits<float>::infinity(), 3}},
          .max_rejected = .05,
          .confidence = .95,
          .texts = 100,
          .outside_texts = 20,
          .auroc = .97,
          .source = "held-out.tsv",
          .weights = "int8"};
}

TEST(ScopeRule, IsReadAsItWasWritten) {
  const TemporaryDirectory dir;
  const auto file = dir.path() / kScopeFile;
  ASSERT_TRUE(WriteScopeRule(file, Rule()));
  const auto rule = ReadScopeRule(file, kTwoLabels);
  ASSERT_TRUE(rule) << rule.error().Text();
  EXPECT_EQ(rule->label, "none");
  EXPECT_EQ(rule->method, ScopeMethod::kDistance);
  EXPECT_EQ(rule->threshold, 3.7F);
  EXPECT_EQ(rule->shape.whitening, Rule().shape.whitening);
  EXPECT_EQ(rule->shape.means, Rule().shape.means);
  EXPECT_EQ(rule->texts, 100);
  EXPECT_EQ(rule->outside_texts, 20);
  EXPECT_EQ(rule->auroc, .97);
  EXPECT_EQ(rule->source, "held-out.tsv");
}

TEST(ScopeRule, RejectsAboveTheThresholdAndWhatIsNoNumber) {
  const ScopeRule rule = Rule();
  EXPECT_FALSE(rule.Rejects(3.7F));
  EXPECT_TRUE(rule.Rejects(3.71F));
  EXPECT_TRUE(rule.Rejects(std::numeric_limits<float>::quiet_NaN()));
}

TEST(ScopeRule, RefusesWhatDoesNotFitTheModel) {
  const TemporaryDirectory dir;
  const auto file = dir.path() / kScopeFile;
  const auto refused = [&](const ScopeRule& rule, const std::vector<std::string>& labels) {
    EXPECT_TRUE(WriteScopeRule(file, rule));
    const auto read = ReadScopeRule(file, labels);
    EXPECT_FALSE(read);
    return read ? std::string() : read.error().Text();
  };
  EXPECT_THAT(refused(Rule(), {"a", "b", "c"}), HasSubstr("[2, 2], expected [3, 3]"));
  ScopeRule rule = Rule();
  rule.label = "spam";
  EXPECT_THAT(refused(rule, kTwoLabels), HasSubstr("not one of the model's labels"));
  rule = Rule();
  rule.threshold = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(refused(rule, kTwoLabels), HasSubstr("threshold"));
  rule = Rule();
  rule.shape.whitening[2] = std::numeric_limits<float>::infinity();
  EXPECT_THAT(refused(rule, kTwoLabels), HasSubstr("whitening"));
}

TEST(ScopeRule, SurvivesDamagedFiles) {
  const TemporaryDirectory dir;
  const auto file = dir.path() / kScopeFile;
  ASSERT_TRUE(WriteScopeRule(file, Rule()));
  const std::string bytes = ReadFile(file).value();
  for (size_t size = 0; size < bytes.size(); ++size) {
    ASSERT_TRUE(WriteFileAtomically(file, bytes.substr(0, size)));
    EXPECT_FALSE(ReadScopeRule(file, kTwoLabels)) << size;
  }
  for (size_t at = 0; at < bytes.size(); ++at) {
    std::string flipped = bytes;
    flipped[at] = static_cast<char>(flipped[at] ^ 0x21);
    ASSERT_TRUE(WriteFileAtomically(file, flipped));
    (void)ReadScopeRule(file, kTwoLabels);  // either way: no crash, nothing read past the end
  }
}

}  // namespace
}  // namespace winnow
