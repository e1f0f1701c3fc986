#include "pipeline/quantize_bundle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/files.h"
#include "classify/bundle_classifier.h"
#include "encoder/model.h"
#include "support/temporary_directory.h"
#include "support/tiny_bundle.h"
#include "tokenize/tokenizer.h"

namespace winnow {
namespace {

/// A tiny model that was trained with a label map, and held-out texts with labels before the map.
class QuantizeBundleTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directory(plan.bundle);
    ASSERT_TRUE(Model::Fresh(WriteTinyTokenizer(texts, plan.bundle), 3).Save(plan.bundle));
    Manifest manifest;
    manifest.max_length = 20;
    manifest.label_map = {{"0", "ham"}, {"1", "spam"}};
    ASSERT_TRUE(WriteManifest(plan.bundle, manifest));
  }
  void WriteData(const std::string& text_field) {
    std::string lines = text_field + ",label\n";
    for (size_t i = 0; i < texts.size(); ++i) lines += texts[i] + "," + std::to_string(i % 2) + "\n";
    ASSERT_TRUE(WriteFileAtomically(plan.data[0], lines));
  }

  const std::vector<std::string> texts = {"win a prize now", "see you at six", "claim a prize", "lunch at six"};
  TemporaryDirectory dir;
  ThreadPool pool{1};
  TrainingObserver observer;
  QuantizePlan plan{.bundle = dir.path() / "model", .data = {dir.path() / "data.csv"}, .max_drop = 1};
};

TEST_F(QuantizeBundleTest, ReadsLabelsByTheLabelMapOfTheModel) {
  WriteData("text");
  const auto quantized = QuantizeBundle(plan, pool, observer);
  ASSERT_TRUE(quantized) << quantized.error().Text();
  EXPECT_EQ(quantized->report.before.count, 4);
}

TEST_F(QuantizeBundleTest, FollowsTheReadingOptions) {
  WriteData("answer");
  ASSERT_FALSE(QuantizeBundle(plan, pool, observer));
  plan.reading.text_field = "answer";
  const auto quantized = QuantizeBundle(plan, pool, observer);
  ASSERT_TRUE(quantized) << quantized.error().Text();
  EXPECT_EQ(quantized->report.before.count, 4);
}

TEST_F(QuantizeBundleTest, ABundleForBrowsersHasFewerTokensAndNoFloatWeights) {
  WriteData("text");
  plan.target = QuantizeTarget::kBrowser;
  EXPECT_THAT(QuantizeBundle(plan, pool, observer).error().hint, testing::HasSubstr("--output"));
  plan.output = dir.path() / "web";
  const ModelConfig large = ReadModelConfig(plan.bundle).value();
  plan.vocabulary = large.vocab_size - 4;
  const auto quantized = QuantizeBundle(plan, pool, observer);
  ASSERT_TRUE(quantized) << quantized.error().Text();
  const ModelConfig small = ReadModelConfig(*plan.output).value();
  EXPECT_LE(small.vocab_size, plan.vocabulary);
  EXPECT_EQ(MaxTokens(small), ReadManifest(plan.bundle)->max_length);
  std::vector<std::string> steps;
  for (const QuantizationStep& step : quantized->report.steps) {
    steps.push_back(step.name);
    EXPECT_EQ(step.metrics.count, 4);
  }
  EXPECT_THAT(steps, testing::ElementsAre("float", std::to_string(small.vocab_size) + " tokens", "INT8", "4 bits"));
  EXPECT_LT(quantized->report.steps[1].bytes, quantized->report.steps[0].bytes);
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(*plan.output)) files.push_back(entry.path().filename());
  EXPECT_THAT(files, testing::Not(testing::Contains(testing::AnyOf("model.safetensors", "vocab.txt"))));
  EXPECT_THAT(files, testing::IsSupersetOf({"tokenizer.json", "model_int8.safetensors", "winnow.json"}));
  const auto tokenizer = Tokenizer::Load(*plan.output).value();
  for (const std::string& text : texts) {
    std::vector<int32_t> ids;
    tokenizer.Encode(text, 64, ids);
    EXPECT_THAT(ids, testing::Not(testing::Contains(tokenizer.unknown_id()))) << text;
  }
  const auto classifier = BundleClassifier::Load(*plan.output, pool);
  ASSERT_TRUE(classifier) << classifier.error().Text();
  const std::vector<InputTextView> views(texts.begin(), texts.end());
  EXPECT_TRUE(classifier->Classify(views));
}

}  // namespace
}  // namespace winnow
