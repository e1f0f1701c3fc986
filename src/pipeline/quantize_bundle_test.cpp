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

TEST(QuantizeBundle, ReadsLabelsByTheLabelMapOfTheModel) {
  const TemporaryDirectory dir;
  const std::filesystem::path bundle = dir.path() / "model";
  const std::vector<std::string> texts = {"win a prize now", "see you at six", "claim a prize", "lunch at six"};
  std::filesystem::create_directory(bundle);
  ASSERT_TRUE(Model::Fresh(WriteTinyTokenizer(texts, bundle), 3).Save(bundle));
  Manifest manifest;
  manifest.label_map = {{"0", "ham"}, {"1", "spam"}};
  ASSERT_TRUE(WriteManifest(bundle, manifest));
  std::string lines = "text,label\n";
  for (size_t i = 0; i < texts.size(); ++i) lines += texts[i] + "," + std::to_string(i % 2) + "\n";
  ASSERT_TRUE(WriteFileAtomically(dir.path() / "data.csv", lines));

  ThreadPool pool{1};
  TrainingObserver observer;
  const auto quantized =
      QuantizeBundle({.bundle = bundle, .data = {dir.path() / "data.csv"}, .max_drop = 1}, pool, observer);
  ASSERT_TRUE(quantized) << quantized.error().Text();
  EXPECT_EQ(quantized->report.before.count, 4);
}

}  // namespace
}  // namespace winnow
