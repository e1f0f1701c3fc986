#include "quantize/quantize.h"

#include <gmock/gmock.h>

#include "classify/bundle_classifier.h"
#include "support/temporary_directory.h"
#include "support/tiny_bundle.h"

namespace winnow {
namespace {

/// A bundle of random weights whose own answers are the truth of its held-out texts: any change of an answer counts.
class OwnTruth {
 public:
  /// `spoilt`: a layer whose products of bytes are useless, since one weight in each row is 300 times as large as the
  /// rest, and meets nearly nothing. `blocks`: true for rows of whole blocks of weights of 4 bits.
  explicit OwnTruth(int spoilt = -1, bool blocks = false) {
    std::vector<std::string> texts;
    for (int i = 0; i < 150; ++i) {
      texts.push_back("win a prize " + std::to_string(i) + (i % 3 == 0 ? " call now" : " see you at six") +
                      std::string(static_cast<size_t>(i % 7), 'x'));
    }
    ModelConfig config = WriteTinyTokenizer(texts, bundle());
    config.initializer_range = 0.25f;
    if (blocks) {
      config.hidden_size = 32;
      config.intermediate_size = 64;
      config.initializer_range = 0.5f;
      EXPECT_TRUE(WriteModelConfig(bundle(), config));
    }
    Model model = Model::Fresh(config, 3);
    if (spoilt >= 0) {
      const LayerLayout& layer = model.layout().layers[static_cast<size_t>(spoilt)];
      for (size_t row = 0; row < 24; ++row) model.at(layer.down)[row * 40 + 7] = row % 2 == 0 ? 80.0f : -80.0f;
      // A bias so low that GELU gives zero there.
      model.at(layer.up_bias)[7] = -50.0f;
    }
    EXPECT_TRUE(model.Save(bundle()));
    const auto classifier = BundleClassifier::Load(bundle(), pool);
    const std::vector<InputTextView> views(texts.begin(), texts.end());
    const auto answers = classifier->Classify(views).value();
    held_out.labels.names = config.labels;
    for (size_t i = 0; i < texts.size(); ++i) {
      held_out.examples.push_back({.text = texts[i], .labels = {answers[i].decision.label}, .file = {}, .row = i});
    }
  }

  Result<QuantizeReport> Quantize(double max_drop, bool int4 = false) {
    return QuantizeWeights(
        bundle(), out.path(), held_out,
        {.max_drop = max_drop, .int4 = int4, .note = [this](const std::string& text) { notes.push_back(text); }}, pool);
  }

  const std::filesystem::path& bundle() const { return dir.path(); }

  TemporaryDirectory dir, out;
  ThreadPool pool{2};
  Dataset held_out;
  std::vector<std::string> notes;
};

TEST(Quantize, AcceptsInt8WeightsThatKeepThePredictions) {
  OwnTruth truth;
  const auto report = truth.Quantize(.05);
  ASSERT_TRUE(report) << report.error().Text();
  EXPECT_EQ(report->before.accuracy, 1.0);
  EXPECT_GE(report->after.accuracy, .95);
  EXPECT_EQ(report->agreement, report->after.accuracy);
  EXPECT_THAT(report->plan.bf16_layers, testing::Each(false));
  EXPECT_GT(report->quantized_bytes, 0);
  EXPECT_LT(report->quantized_bytes, report->float_bytes);
  EXPECT_TRUE(std::filesystem::exists(truth.out.path() / kInt8Weights));
}

TEST(Quantize, LayerThatSuffersStaysBf16) {
  OwnTruth truth(/*spoilt=*/1);
  const auto report = truth.Quantize(.03);
  ASSERT_TRUE(report) << report.error().Text();
  EXPECT_THAT(report->plan.bf16_layers, testing::ElementsAre(false, true, false));
  EXPECT_FALSE(report->plan.bf16_words);
  EXPECT_LE(report->accuracy_drop(), .03);
  ASSERT_EQ(truth.notes.size(), 2u);
  EXPECT_THAT(truth.notes[0], testing::HasSubstr("accuracy drops too much with all layers in INT8"));
  EXPECT_THAT(truth.notes[1], testing::HasSubstr("with layer 2 in bf16"));
  // What was written is what was measured.
  const auto loaded = QuantizedModel::Load(truth.out.path(), ReadModelConfig(truth.bundle()).value(), truth.pool);
  EXPECT_EQ(loaded->bf16_layers(), 1);
}

TEST(Quantize, LayerThatSuffersFromFourBitsBecomesInt8) {
  OwnTruth truth(-1, /*blocks=*/true);
  const auto strict = truth.Quantize(.04, true);
  ASSERT_TRUE(strict) << strict.error().Text();
  const auto lax = truth.Quantize(1, true);
  ASSERT_TRUE(lax) << lax.error().Text();
  EXPECT_TRUE(lax->plan.int4);
  EXPECT_THAT(lax->plan.int8_layers, testing::Each(false));
  EXPECT_FALSE(lax->plan.int8_words);
  EXPECT_LT(lax->after.accuracy, .96);
  EXPECT_GE(strict->after.accuracy, .96);
  EXPECT_GT(std::ranges::count(strict->plan.int8_layers, true) + strict->plan.int8_words, 0);
  EXPECT_THAT(strict->plan.bf16_layers, testing::Each(false));
  EXPECT_GT(strict->quantized_bytes, lax->quantized_bytes);
  EXPECT_THAT(truth.notes[0], testing::HasSubstr("accuracy drops too much with all layers in 4 bits per weight"));
}

TEST(Quantize, ADropOfExactlyTheLimitIsAccepted) {
  for (const double texts : {200.0, 400.0, 1000.0, 4000.0}) {
    for (double right = 0.7 * texts; right <= texts; ++right) {
      QuantizeReport report;
      report.before.accuracy = report.before.f1_macro = right / texts;
      report.after.accuracy = report.after.f1_macro = (right - 0.005 * texts) / texts;
      ASSERT_TRUE(report.Holds(.005)) << right << " of " << texts;
      report.after.accuracy = (right - 0.005 * texts - 1) / texts;
      ASSERT_FALSE(report.Holds(.005)) << right << " of " << texts;
    }
  }
}

TEST(Quantize, DropMayBeMeasuredFromOtherMetrics) {
  OwnTruth truth;
  Metrics before;
  before.accuracy = before.f1_macro = 1.5;
  const auto report =
      QuantizeWeights(truth.bundle(), truth.out.path(), truth.held_out, {.max_drop = .4, .before = before}, truth.pool);
  ASSERT_FALSE(report);
  EXPECT_THAT(report.error().message, testing::HasSubstr("accuracy 1.5000 -> "));
  EXPECT_EQ(MeasureFloatWeights(truth.bundle(), truth.held_out, truth.pool)->accuracy, 1.0);
}

TEST(Quantize, RefusesWithTheNumbersWhenNothingHelps) {
  OwnTruth truth;
  for (Example& example : truth.held_out.examples) example.labels = {0};  // so that float weights have an accuracy
  truth.held_out.examples.resize(20);
  const auto report = truth.Quantize(-0.9);  // no drop is small enough
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ErrorCode::kInvalidData);
  EXPECT_THAT(report.error().message, testing::HasSubstr("on 20 texts"));
  EXPECT_THAT(report.error().hint, testing::HasSubstr("--max-drop"));
  EXPECT_FALSE(std::filesystem::exists(truth.out.path() / kInt8Weights));
}

TEST(Quantize, NeedsTexts) {
  OwnTruth truth;
  truth.held_out.examples.clear();
  EXPECT_THAT(truth.Quantize(1).error().message, testing::HasSubstr("no held-out texts"));
}

}  // namespace
}  // namespace winnow
