#include "evaluate/robustness.h"

#include <gmock/gmock.h>

#include "evaluate/evaluation.h"
#include "support/temporary_directory.h"
#include "support/tiny_bundle.h"

namespace winnow {
namespace {

class Robustness : public testing::Test {
 protected:
  void SetUp() override {
    const std::vector<std::string> texts = {"win a prize now", "see you at six", "call me later", "free money today"};
    const Model model = Model::Fresh(WriteTinyTokenizer(texts, dir_.path()), 3);
    ASSERT_TRUE(model.Save(dir_.path()));
    Manifest manifest;
    manifest.max_length = kTinyMaxLength;
    manifest.positive_label = "spam";
    ASSERT_TRUE(SealBundle(dir_.path(), manifest));
    dataset_.labels.names = {"ham", "spam"};
    for (size_t i = 0; i < 24; ++i) {
      dataset_.examples.push_back(
          {.text = texts[i % 4] + " fr33 m0ney", .labels = {i % 3 == 0 ? 1 : 0}, .file = "", .row = i});
    }
  }
  TemporaryDirectory dir_;
  ThreadPool pool_{2};
  Dataset dataset_;
};

TEST_F(Robustness, EachDisguiseIsMeasuredWithAndWithoutFolding) {
  const BundleClassifier plain =
      BundleClassifier::Load(dir_.path(), pool_, Weights::kAuto, std::nullopt, false).value();
  const BundleClassifier folding =
      BundleClassifier::Load(dir_.path(), pool_, Weights::kAuto, std::nullopt, true).value();
  const RobustnessOptions options{.strengths = {0.5, 1}};
  size_t told = 0;
  const auto rows = MeasureRobustness(plain, dataset_, options, [&](size_t done) {
    told = done;
    return true;
  });
  ASSERT_TRUE(rows);
  EXPECT_EQ(told, RobustnessTexts(dataset_.examples.size(), options));
  ASSERT_EQ(rows->size(), 1 + 9 * 2 + 2u);
  EXPECT_EQ(rows->front().disguise, "none");
  EXPECT_EQ(rows->front().changed, 0u);
  // As the classifier itself answers, folding and not.
  EXPECT_EQ(rows->front().off.accuracy, EvaluateClassifier(plain, dataset_, {}).value().accuracy);
  EXPECT_EQ(rows->front().on.accuracy, EvaluateClassifier(folding, dataset_, {}).value().accuracy);
  for (const RobustnessRow& row : *rows) {
    EXPECT_TRUE(row.off.accuracy_interval && row.on.recall_interval);
    if (row.disguise == "zero-width" || row.disguise == "homoglyphs") {
      EXPECT_EQ(row.changed, dataset_.examples.size());
      EXPECT_EQ(row.on.accuracy, rows->front().on.accuracy) << "folding undoes " << row.disguise;
    }
  }
}

TEST_F(Robustness, CanBeStopped) {
  const BundleClassifier plain = BundleClassifier::Load(dir_.path(), pool_).value();
  const auto rows = MeasureRobustness(plain, dataset_, {}, [](size_t done) { return done < 100; });
  ASSERT_FALSE(rows);
  EXPECT_EQ(rows.error().code, ErrorCode::kCancelled);
}

}  // namespace
}  // namespace winnow
