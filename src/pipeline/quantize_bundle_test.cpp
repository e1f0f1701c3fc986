#include "pipeline/quantize_bundle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/files.h"
#include "encoder/model.h"
#include "support/temporary_directory.h"
#include "support/tiny_bundle.h"

namespace winnow {
namespace {

/// A tiny model that was trained with a label map, and held-out texts with labels before the map.
class QuantizeBundleTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directory(plan.bundle);
    ASSERT_TRUE(Model::Fresh(WriteTinyTokenizer(texts, plan.bundle), 3).Save(plan.bundle));
    Manifest manifest;
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

}  // namespace
}  // namespace winnow
