#include "retrain/measure_gate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/json.h"
#include "pipeline/train.h"
#include "support/gate_conditions.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Names = std::vector<std::string>;

/// Messages of both labels in turn, with the label ids of `names`; `swapped` exchanges the labels.
Dataset Messages(const Names& names, size_t first, size_t count, bool swapped = false) {
  Dataset set;
  set.labels.names = names;
  for (size_t i = first; i < first + count; ++i) {
    const bool spam = i % 2 == 1;
    Example& example = set.examples.emplace_back();
    example.text = (spam ? "win a prize now " : "see you at lunch ") + std::to_string(i);
    example.labels = {set.labels.Find(spam != swapped ? "spam" : "ham")};
    example.row = i;
  }
  return set;
}

class MeasureGateTest : public ::testing::Test {
 protected:
  std::filesystem::path Bundle(const std::string& name, const Names& labels, bool swapped = false) {
    TrainingPlan plan;
    plan.model.kind = "lr";
    plan.output.dir = dir_.path() / name;
    Split split;
    split.train = Messages(labels, 0, 60, swapped);
    split.validation = Messages(labels, 60, 40, swapped);
    const auto trained = Train(plan, split, pool_, observer_);
    EXPECT_TRUE(trained) << trained.error().Text();
    return plan.output.dir;
  }

  TemporaryDirectory dir_;
  ThreadPool pool_{1};
  TrainingObserver observer_;
};

TEST_F(MeasureGateTest, LabelsAreComparedByNameWhateverTheirOrder) {
  const GatePlan plan{.champion = Bundle("champion", {"spam", "ham"}), .challenger = Bundle("same", {"ham", "spam"})};
  for (const Names& names : {Names{"ham", "spam"}, Names{"spam", "ham"}}) {
    const GateReport report = MeasureGate(plan, Messages(names, 100, 80), pool_).value();
    EXPECT_THAT(report.Failed(), IsEmpty());
    EXPECT_EQ(Named(report, "accuracy").champion, 1);
    EXPECT_EQ(Named(report, "accuracy").challenger, 1);
    EXPECT_EQ(Named(report, "false-positive rate").champion, 0);
    EXPECT_EQ(Named(report, "false-positive rate").challenger, 0);
  }
}

TEST_F(MeasureGateTest, AChallengerThatConfusesTheLabelsFails) {
  const GatePlan plan{.champion = Bundle("champion", {"spam", "ham"}),
                      .challenger = Bundle("confused", {"ham", "spam"}, /*swapped=*/true)};
  const GateReport report = MeasureGate(plan, Messages({"ham", "spam"}, 100, 80), pool_).value();
  EXPECT_THAT(report.Failed(), ElementsAre("accuracy", "false-positive rate", "slices by length"));
  EXPECT_EQ(Named(report, "accuracy").test->only_first, 80);
  EXPECT_EQ(Named(report, "false-positive rate").test->only_first, 40);
  EXPECT_EQ(Named(report, "false-positive rate").challenger, 1);
}

TEST_F(MeasureGateTest, TheMustPassListIsDecidedByTheChallenger) {
  GatePlan plan{.champion = Bundle("champion", {"ham", "spam"}), .challenger = Bundle("same", {"spam", "ham"})};
  plan.must_pass = dir_.path() / "list.jsonl";
  ASSERT_TRUE(WriteFileAtomically(*plan.must_pass, R"({"text": "win a prize now 7", "label": "spam"}
{"text": "see you at lunch 8", "label": "ham"}
{"text": "see you at lunch 9", "label": "spam", "note": "a mistake"}
)"));
  const GateReport report = MeasureGate(plan, Messages({"ham", "spam"}, 100, 80), pool_).value();
  EXPECT_THAT(report.Failed(), ElementsAre("must-pass list"));
  const GateCondition& condition = Named(report, "must-pass list");
  ASSERT_EQ(condition.wrong.size(), 1u);
  EXPECT_EQ(condition.wrong[0].line, 3u);
  EXPECT_EQ(condition.wrong[0].text, "see you at lunch 9");
  EXPECT_EQ(condition.wrong[0].decided, "ham");
  EXPECT_EQ(condition.wrong[0].note, "a mistake");
}

TEST_F(MeasureGateTest, AModelThatWasTrainedOnTheTextsIsNoted) {
  GatePlan plan{.champion = Bundle("champion", {"ham", "spam"}), .challenger = Bundle("same", {"spam", "ham"})};
  const auto write = [&](const char* name, size_t first, size_t count) {
    std::string rows;
    const Dataset set = Messages({"ham", "spam"}, first, count);
    for (const Example& example : set.examples) {
      rows +=
          Json({{"text", example.text}, {"label", set.labels.names[static_cast<size_t>(example.labels[0])]}}).dump() +
          "\n";
    }
    plan.origin.files = {dir_.path() / name};
    EXPECT_TRUE(WriteFileAtomically(plan.origin.files[0], rows));
  };
  write("train.jsonl", 0, 60);
  const GateReport trained = MeasureGateOnFiles(plan, {}, pool_).value();
  ASSERT_EQ(trained.notes.size(), 2u);
  EXPECT_THAT(trained.notes[0],
              ::testing::HasSubstr("champion: DATA contains the texts that the model was trained on"));
  EXPECT_THAT(trained.notes[1], ::testing::HasSubstr("same: DATA contains the texts that the model was trained on"));
  write("new.jsonl", 200, 60);
  EXPECT_THAT(MeasureGateOnFiles(plan, {}, pool_).value().notes, IsEmpty());
}

TEST(AuditedTexts, HaveTheLabelIdsOfTheModelAndLeaveOtherLabelsOut) {
  std::vector<StoredVerdictSample> samples;
  for (const char* const label : {"ham", "junk", "spam", ""}) {
    StoredVerdictSample& stored = samples.emplace_back();
    stored.id = static_cast<int64_t>(10 * samples.size());
    stored.sample.text = "text " + std::to_string(samples.size());
    if (*label != '\0') stored.sample.label = label;
  }
  std::vector<size_t> kept;
  const Dataset texts = AuditedTexts(samples, LabelSet{{"spam", "ham"}}, nullptr, &kept);
  EXPECT_THAT(kept, ElementsAre(0u, 2u));
  ASSERT_EQ(texts.examples.size(), 2u);
  EXPECT_EQ(texts.examples[0].text, "text 1");
  EXPECT_THAT(texts.examples[0].labels, ElementsAre(1));
  EXPECT_EQ(texts.examples[0].row, 10u);
  EXPECT_EQ(texts.examples[1].text, "text 3");
  EXPECT_THAT(texts.examples[1].labels, ElementsAre(0));
  EXPECT_EQ(texts.examples[1].row, 30u);
}

}  // namespace
}  // namespace winnow
