/// Token types of pairs, against models in which single texts say the same: their other weights are moved so that the
/// sum of the embeddings stays.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "encoder/forward.h"
#include "encoder/quantized_forward.h"
#include "support/temporary_directory.h"
#include "support/tiny_model.h"

namespace winnow {
namespace {

constexpr size_t kPairs = 30;

size_t BeginOf(size_t pair, size_t length) { return pair % 5 == 4 ? length : 1 + pair * 3 % length; }

/// Pairs, some of them without a second text, and a single text in between.
PackedBatch Pairs(bool typed = true) {
  PackedBatch batch;
  for (size_t t = 0; t < kPairs; ++t) {
    const std::vector<int32_t> ids = TinyText(1 + static_cast<int>(t) * 5 % 28, static_cast<int>(t));
    if (t % 7 == 3 || !typed) {
      batch.Append(ids);
      continue;
    }
    batch.ids.insert(batch.ids.end(), ids.begin(), ids.end());
    batch.EndPair(BeginOf(t, ids.size()));
  }
  return batch;
}

std::vector<float> FloatLogits(const Model& model, const PackedTexts& texts, int threads = 2) {
  ThreadPool pool(threads);
  return ForwardRunner(model, pool).AllLogits(texts);
}

std::vector<float> ByteLogits(const Model& model, const PackedTexts& texts, const QuantizationPlan& plan,
                              int threads = 2) {
  ThreadPool pool(threads);
  const TemporaryDirectory dir;
  EXPECT_TRUE(WriteQuantizedWeights(model, plan, dir.path()));
  const QuantizedModel quantized = QuantizedModel::Load(dir.path(), model.config(), pool).value();
  std::vector<float> logits(texts.texts() * model.config().labels.size());
  QuantizedRunner(quantized, pool).Logits(texts, logits);
  return logits;
}

/// The model whose positions from `begin` on have the second type's embedding in them instead of the first's.
Model Moved(const Model& model, size_t begin) {
  const ModelConfig& config = model.config();
  const auto hidden = static_cast<size_t>(EmbeddingSize(config));
  Model moved = Model::Fresh(config, 3);
  for (size_t p = begin + static_cast<size_t>(FirstPosition(config)); p < static_cast<size_t>(config.max_positions);
       ++p) {
    for (size_t i = 0; i < hidden; ++i) {
      moved.at(model.layout().positions)[p * hidden + i] +=
          model.at(model.layout().segments)[hidden + i] - model.at(model.layout().segments)[i];
    }
  }
  return moved;
}

std::vector<float> OfText(const std::vector<float>& logits, size_t text, size_t labels) {
  const auto begin = logits.begin() + static_cast<std::ptrdiff_t>(text * labels);
  return {begin, begin + static_cast<std::ptrdiff_t>(labels)};
}

void ExpectNear(const std::vector<float>& logits, const std::vector<float>& expected, float bound, size_t pair) {
  for (size_t i = 0; i < logits.size(); ++i) EXPECT_NEAR(logits[i], expected[i], bound) << "pair " << pair;
}

class PairsOf : public ::testing::TestWithParam<Architecture> {
 protected:
  static Model WithTypes(int types) {
    ModelConfig config = TinyConfig(GetParam());
    config.type_vocab_size = types;
    config.absolute_positions = true;  // DeBERTa may have them too
    return Model::Fresh(config, 3);
  }
};

class TypedPairsOf : public PairsOf {};

TEST_P(TypedPairsOf, TheSecondTextHasTheSecondTypesEmbedding) {
  const Model model = WithTypes(2);
  const PackedBatch pairs = Pairs();
  const PackedBatch single = Pairs(/*typed=*/false);
  const size_t labels = model.config().labels.size();
  const std::vector<float> logits = FloatLogits(model, pairs.view());
  const std::vector<float> halves =
      ByteLogits(model, pairs.view(), {.bf16_layers = {true, true, true}, .bf16_words = true});
  const std::vector<float> untyped = FloatLogits(model, single.view());
  double moved = 0;
  for (size_t t = 0; t < kPairs; ++t) {
    const Model same = Moved(model, pairs.view().first_length(t));
    ExpectNear(OfText(logits, t, labels), OfText(FloatLogits(same, single.view()), t, labels), 1e-5f, t);
    // bf16 keeps about three digits, and positions on disk are bytes.
    ExpectNear(OfText(halves, t, labels), OfText(logits, t, labels), 0.03f, t);
    for (size_t i = 0; i < labels; ++i) moved += std::abs(logits[t * labels + i] - untyped[t * labels + i]);
  }
  EXPECT_GT(moved / static_cast<double>(kPairs * labels), 0.06) << "types make no difference, so they weren't tested";
}

TEST_P(TypedPairsOf, AFirstSegmentOfTypeOneEqualsAModelWithExchangedTypes) {
  const Model model = WithTypes(2);
  Model exchanged = WithTypes(2);
  const auto hidden = static_cast<size_t>(EmbeddingSize(model.config()));
  float* segments = exchanged.at(model.layout().segments);
  std::swap_ranges(segments, segments + hidden, segments + hidden);
  PackedBatch second, single;
  for (int t = 0; t < 20; ++t) {
    single.Append(TinyText(1 + t, t));
    second.ids = single.ids;
    second.EndPair(0);
  }
  const std::vector<float> expected = FloatLogits(exchanged, single.view());
  ExpectNear(FloatLogits(model, second.view()), expected, 1e-5f, 0);
  const QuantizationPlan floats{.bf16_layers = {true, true, true}, .bf16_words = true};
  ExpectNear(ByteLogits(model, second.view(), floats), ByteLogits(exchanged, single.view(), floats), 0.02f, 0);
}

TEST_P(PairsOf, TypesThatAModelDoesNotHaveChangeNothing) {
  const Model model = WithTypes(GetParam() == Architecture::kDistilBert ? 0 : 1);
  const PackedBatch pairs = Pairs();
  const PackedBatch single = Pairs(/*typed=*/false);
  EXPECT_EQ(FloatLogits(model, pairs.view()), FloatLogits(model, single.view()));
  EXPECT_EQ(ByteLogits(model, pairs.view(), {}), ByteLogits(model, single.view(), {}));
}

TEST_P(PairsOf, PredictionsDoNotDependOnBatchMatesNorThreads) {
  const Model model = WithTypes(GetParam() == Architecture::kDistilBert ? 0 : 2);
  const PackedBatch pairs = Pairs();
  const size_t labels = model.config().labels.size();
  const std::vector<float> floats = FloatLogits(model, pairs.view(), 1);
  const std::vector<float> bytes = ByteLogits(model, pairs.view(), {}, 1);
  for (const int threads : {2, 3}) {
    ExpectNear(FloatLogits(model, pairs.view(), threads), floats, 1e-5f, 0);
    EXPECT_EQ(ByteLogits(model, pairs.view(), {}, threads), bytes);
  }
  for (size_t t = 0; t < kPairs; ++t) {
    PackedBatch alone;
    alone.AppendText(pairs.view(), t);
    ExpectNear(FloatLogits(model, alone.view()), OfText(floats, t, labels), 1e-5f, t);
    EXPECT_EQ(ByteLogits(model, alone.view(), {}), OfText(bytes, t, labels)) << t;
  }
}

INSTANTIATE_TEST_SUITE_P(Families, TypedPairsOf,
                         ::testing::Values(Architecture::kBert, Architecture::kRoberta, Architecture::kXlmRoberta,
                                           Architecture::kElectra, Architecture::kDebertaV2),
                         [](const auto& info) { return "Number" + std::to_string(info.index); });
INSTANTIATE_TEST_SUITE_P(Families, PairsOf, ::testing::ValuesIn(kEveryArchitecture),
                         [](const auto& info) { return "Number" + std::to_string(info.index); });

TEST(Pairs, SingleTextsHaveNoSecondPart) {
  PackedBatch batch;
  batch.Append(TinyText(3, 0));
  EXPECT_TRUE(batch.view().second_begins.empty());
  batch.ids.insert(batch.ids.end(), {1, 2, 3});
  batch.EndPair(1);
  batch.Append(TinyText(4, 0));
  EXPECT_EQ(batch.view().first_length(0), 5u);
  EXPECT_EQ(batch.view().first_length(1), 1u);
  EXPECT_EQ(batch.view().first_length(2), 6u);
  batch.Clear();
  EXPECT_TRUE(batch.view().second_begins.empty());
}

}  // namespace
}  // namespace winnow
