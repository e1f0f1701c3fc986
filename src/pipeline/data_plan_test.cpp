#include "pipeline/data_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/files.h"
#include "support/error_of.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// Keeps what it is told.
class NoteListener : public TrainingObserver {
 public:
  void Note(const std::string& line) override { notes.push_back(line); }
  void Warn(const std::string& line) override { warnings.push_back(line); }

  std::vector<std::string> notes, warnings;
};

Dataset SetOf(const std::string& word, size_t count, std::vector<std::string> labels = {"ham", "spam"}) {
  Dataset set;
  set.labels.names = std::move(labels);
  for (size_t i = 0; i < count; ++i) {
    set.examples.push_back({word + " " + std::to_string(i), {static_cast<int32_t>(i % 2)}, "a.tsv", i + 1});
  }
  return set;
}

class AugmentTrainingPartTest : public ::testing::Test {
 protected:
  AugmentTrainingPartTest() {
    plan.model.kind = "svm";
    split.train = SetOf("train", 100);
    split.validation = SetOf("validation", 20);
    split.test = SetOf("test", 20);
  }
  void WriteGrammar(const std::string& contents) {
    plan.data.synthetic_grammar = dir.path() / "g.txt";
    ASSERT_TRUE(WriteFileAtomically(*plan.data.synthetic_grammar, contents));
  }

  TemporaryDirectory dir;
  TrainingPlan plan;
  Split split;
  NoteListener observer;
};

TEST_F(AugmentTrainingPartTest, AddsNothingUnlessAsked) {
  ASSERT_TRUE(AugmentTrainingPart(plan, split, observer));
  EXPECT_EQ(split.train.examples.size(), 100u);
  EXPECT_THAT(observer.notes, IsEmpty());
}

TEST_F(AugmentTrainingPartTest, AddsMessagesToTheTrainingPartAlone) {
  plan.data.synthetic_share = 0.25;
  ASSERT_TRUE(AugmentTrainingPart(plan, split, observer));
  EXPECT_EQ(split.train.examples.size(), 125u);
  EXPECT_EQ(split.validation.examples.size(), 20u);
  EXPECT_EQ(split.test.examples.size(), 20u);
  EXPECT_THAT(observer.notes, ElementsAre(HasSubstr("synthetic texts: 25 for 100 training texts: 13 spam, 12 ham")));
}

TEST_F(AugmentTrainingPartTest, AugmentationIncludesThemUnlessTheShareIsZero) {
  plan.data.augment = true;
  Split with = split;
  ASSERT_TRUE(AugmentTrainingPart(plan, with, observer));
  EXPECT_GT(with.train.examples.size(), 250u);  // half as many messages, and a variant of nearly every text
  EXPECT_THAT(observer.notes, ElementsAre(HasSubstr("synthetic texts: 50"), HasSubstr("augmentation: ")));
  observer.notes.clear();
  plan.data.synthetic_share = 0;
  ASSERT_TRUE(AugmentTrainingPart(plan, split, observer));
  EXPECT_LE(split.train.examples.size(), 200u);
  EXPECT_THAT(observer.notes, ElementsAre(HasSubstr("augmentation: ")));
}

TEST_F(AugmentTrainingPartTest, TransformersGetFewerMessages) {
  plan.data.synthetic = true;
  plan.model.kind = "transformer";
  ASSERT_TRUE(AugmentTrainingPart(plan, split, observer));
  EXPECT_THAT(observer.notes, ElementsAre(HasSubstr("synthetic texts: 10 for 100 training texts")));
}

TEST_F(AugmentTrainingPartTest, NeverAddsAHeldOutText) {
  WriteGrammar("[label spam]\nvalidation 1\nwin {##}\n[label ham]\nTEST 2\nhello {##}\n");
  ASSERT_TRUE(AugmentTrainingPart(plan, split, observer));
  EXPECT_EQ(split.train.examples.size(), 150u);
  for (const Example& example : split.train.examples) {
    EXPECT_NE(example.text, "validation 1");
    EXPECT_NE(example.text, "TEST 2");
  }
}

TEST_F(AugmentTrainingPartTest, SaysWhyDataWithOtherLabelsGetsNone) {
  split.train.labels.names = {"play", "stop"};
  plan.data.augment = true;
  ASSERT_TRUE(AugmentTrainingPart(plan, split, observer));
  EXPECT_THAT(
      observer.notes,
      Contains("no synthetic texts are added: the labels of the data are play, stop, and those of the grammar are "
               "spam, ham"));
  EXPECT_THAT(observer.warnings, IsEmpty());
  plan.data.synthetic_share = 0.5;  // somebody expects some
  ASSERT_TRUE(AugmentTrainingPart(plan, split, observer));
  EXPECT_THAT(observer.warnings, ElementsAre(HasSubstr("no synthetic texts are added")));
}

TEST_F(AugmentTrainingPartTest, TakesAGrammarOfOtherLabels) {
  split.train.labels.names = {"play", "stop"};
  WriteGrammar("[label stop]\nhalt {##}\n[label play]\nmusic {##}\n");
  ASSERT_TRUE(AugmentTrainingPart(plan, split, observer));
  ASSERT_EQ(split.train.examples.size(), 150u);
  for (size_t i = 100; i < 150; ++i) {
    const Example& example = split.train.examples[i];
    EXPECT_THAT(example.labels, ElementsAre(example.text.starts_with("music") ? 0 : 1)) << example.text;
  }
}

TEST_F(AugmentTrainingPartTest, RefusesADamagedGrammar) {
  WriteGrammar("[label spam]\n{oops\n");
  EXPECT_THAT(ErrorOf(AugmentTrainingPart(plan, split, observer)).message, HasSubstr("g.txt, line 2: '{' without '}'"));
  plan.data.synthetic_grammar = dir.path() / "none.txt";
  EXPECT_EQ(ErrorOf(AugmentTrainingPart(plan, split, observer)).code, ErrorCode::kNotFound);
}

TEST(LabelsOfAPlan, OneNameIsNoFile) {
  const TemporaryDirectory dir;
  DataPlan data;
  data.labels = {(dir.path() / "spam").string()};
  EXPECT_THAT(ErrorOf(ReadOptionsOf(data)).message, HasSubstr("spam: there is no such file, and a classifier needs"));
  std::filesystem::create_directory(dir.path() / "spam");
  const Error error = ErrorOf(ReadOptionsOf(data));
  EXPECT_THAT(error.message, HasSubstr("--labels "));
  EXPECT_THAT(error.message, HasSubstr("spam: this is a directory, not a file, and a classifier needs at least two"));
  EXPECT_THAT(error.hint, HasSubstr("at least two labels separated by commas"));
}

}  // namespace
}  // namespace winnow
