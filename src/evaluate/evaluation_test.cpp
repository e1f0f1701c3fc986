#include "evaluate/evaluation.h"

#include <gtest/gtest.h>

#include "base/files.h"
#include "evaluate/latency.h"
#include "support/temporary_directory.h"
#include "support/tiny_bundle.h"

namespace winnow {
namespace {

const std::vector<std::string> kTexts = {"win a prize now", "see you at six", "call me later", "free money"};

BundleClassifier Load(const std::filesystem::path& dir, ThreadPool& pool, bool multi_label = false) {
  ModelConfig config = WriteTinyTokenizer(kTexts, dir);
  config.multi_label = multi_label;
  EXPECT_TRUE(WriteModelConfig(dir, config));
  EXPECT_TRUE(Model::Fresh(config, 3).Save(dir));
  auto classifier = BundleClassifier::Load(dir, pool);
  EXPECT_TRUE(classifier) << classifier.error().Text();
  return *std::move(classifier);
}

Dataset FourTexts(bool multi_label = false) {
  Dataset dataset;
  dataset.labels.names = {"ham", "spam"};
  dataset.multi_label = multi_label;
  for (size_t i = 0; i < kTexts.size(); ++i) {
    dataset.examples.push_back({.text = kTexts[i], .labels = {static_cast<int32_t>(i % 2)}, .file = "", .row = i});
  }
  return dataset;
}

TEST(Evaluation, CountsTheDecisionsThatTheClassifierGives) {
  const TemporaryDirectory dir;
  ThreadPool pool(2);
  const BundleClassifier classifier = Load(dir.path(), pool);
  const Dataset dataset = FourTexts();
  for (const Mode mode : {Mode::kStrict, Mode::kLenient}) {
    int64_t right = 0;
    for (const Example& example : dataset.examples) {
      const InputTextView text = example.text;
      const auto answer = classifier.Classify({&text, 1}, {.mode = mode});
      ASSERT_TRUE(answer);
      right += answer->front().decision.label == example.labels.front() ? 1 : 0;
    }
    const auto metrics = EvaluateClassifier(classifier, dataset, {.mode = mode});
    ASSERT_TRUE(metrics) << metrics.error().Text();
    EXPECT_EQ(metrics->accuracy, static_cast<double>(right) / 4);
  }
}

TEST(Evaluation, SaysWhatTheRuleForOutOfScopeTextsWouldChange) {
  const Dataset dataset = FourTexts();  // labels 0, 1, 0, 1
  const std::vector<float> probabilities = {.9F, .1F, .9F, .1F, .9F, .1F, .1F, .9F};
  const std::vector<char> rejected = {1, 1, 0, 0};
  Predictions predictions{.probabilities = probabilities,
                          .labels = dataset.labels.names,
                          .positive_label = 1,
                          .decide = [](std::span<const float> row) { return Decide(row, {.positive_label = 1}); },
                          .rejected = rejected};
  const Metrics metrics = EvaluatePredictions(predictions, dataset).value();
  EXPECT_EQ(metrics.accuracy, .75) << "the second text is misclassified";
  ASSERT_TRUE(metrics.scope);
  EXPECT_EQ(metrics.scope->rejected, .5);
  EXPECT_EQ(metrics.scope->accuracy, .5) << "the rejected texts count as errors";
  EXPECT_EQ(
      metrics.notes.back(),
      "the rule for out-of-scope texts is not applied: it rejects 50.0 % of these texts; if each of them counts as "
      "an error, accuracy is 0.5000");
  predictions.rejected = {};
  EXPECT_FALSE(EvaluatePredictions(predictions, dataset)->scope);
}

TEST(Evaluation, TakesSetsOfLabelsToo) {
  const TemporaryDirectory dir;
  ThreadPool pool(2);
  const BundleClassifier classifier = Load(dir.path(), pool, true);
  Dataset dataset = FourTexts(true);
  dataset.examples[0].labels = {0, 1};
  dataset.examples[1].labels = {};
  const auto metrics = EvaluateClassifier(classifier, dataset, {});
  ASSERT_TRUE(metrics) << metrics.error().Text();
  EXPECT_TRUE(metrics->multi_label);
  EXPECT_EQ(metrics->count, 4);
}

TEST(Evaluation, RefusesSeveralTrueLabelsForASingleLabelModel) {
  const TemporaryDirectory dir;
  ThreadPool pool(2);
  const BundleClassifier classifier = Load(dir.path(), pool);
  Dataset dataset = FourTexts();
  dataset.examples[2].labels = {};
  const auto metrics = EvaluateClassifier(classifier, dataset, {});
  ASSERT_FALSE(metrics);
  EXPECT_EQ(metrics.error().code, ErrorCode::kInvalidData);
}

TEST(Evaluation, StopsWhenAskedTo) {
  const TemporaryDirectory dir;
  ThreadPool pool(2);
  const BundleClassifier classifier = Load(dir.path(), pool);
  const auto metrics = EvaluateClassifier(classifier, FourTexts(), {}, [](size_t) { return false; });
  ASSERT_FALSE(metrics);
  EXPECT_EQ(metrics.error().code, ErrorCode::kCancelled);
  const std::vector<std::string_view> texts(kTexts.begin(), kTexts.end());
  EXPECT_EQ(TimeSingleTexts(classifier, texts, 5, [](double) { return false; }).error().code, ErrorCode::kCancelled);
}

TEST(Evaluation, TimesTheRequestedNumberOfSingleTexts) {
  const TemporaryDirectory dir;
  ThreadPool pool(2);
  const BundleClassifier classifier = Load(dir.path(), pool);
  const std::vector<std::string_view> texts(kTexts.begin(), kTexts.end());
  EXPECT_EQ(TimeSingleTexts(classifier, texts, 7).value().size(), 7u);
}

TEST(Evaluation, TheSizeIsThatOfTheFilesInUse) {
  const TemporaryDirectory dir;
  for (const char* name : {"model.safetensors", "model_int8.safetensors", "config.json", "calibration.jsonl",
                           "training_info.json", "pytorch_model.bin"}) {
    ASSERT_TRUE(WriteFileAtomically(dir.path() / name, std::string(name[6] == 's' ? 4000000 : 1000000, ' ')));
  }
  EXPECT_EQ(BundleMegabytes(dir.path(), "f32"), 5);
  EXPECT_EQ(BundleMegabytes(dir.path(), "int8"), 2);
  EXPECT_EQ(BundleMegabytes(dir.path() / "none", "int8"), 0);
}

}  // namespace
}  // namespace winnow
