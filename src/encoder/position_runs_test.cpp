#include "encoder/position_runs.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "encoder/forward.h"
#include "encoder/quantized_forward.h"
#include "support/temporary_directory.h"
#include "support/tiny_model.h"

namespace winnow {
namespace {

std::vector<size_t> PositionsOf(const ModelConfig& config, const std::vector<int32_t>& ids) {
  std::vector<size_t> positions;
  ForEachPositionRun(config, ids, [&](size_t begin, size_t count, size_t position) {
    EXPECT_EQ(begin, positions.size());
    for (size_t i = 0; i < count; ++i) positions.push_back(position + i);
  });
  return positions;
}

TEST(PositionRuns, CountTheTokensThatAreNotPadding) {
  ModelConfig config = TinyConfig(Architecture::kRoberta);
  config.pad_token_id = 1;
  // transformers: create_position_ids_from_input_ids(ids, padding_idx=1)
  EXPECT_EQ(PositionsOf(config, {2, 5, 1, 1, 7, 3}), (std::vector<size_t>{2, 3, 1, 1, 4, 5}));
  EXPECT_EQ(PositionsOf(config, {1, 2, 1}), (std::vector<size_t>{1, 2, 1}));
  EXPECT_EQ(PositionsOf(config, {9}), (std::vector<size_t>{2}));
  EXPECT_EQ(PositionsOf(config, {}), (std::vector<size_t>{}));
  config.pad_token_id = 0;
  EXPECT_EQ(PositionsOf(config, {2, 5, 1, 0, 7}), (std::vector<size_t>{1, 2, 3, 0, 4}));
}

TEST(PositionRuns, OtherFamiliesCountEveryToken) {
  const ModelConfig config = TinyConfig(Architecture::kBert);
  EXPECT_EQ(PositionsOf(config, {2, 0, 0, 7}), (std::vector<size_t>{0, 1, 2, 3}));
}

/// The logits of one text by float weights, and by a quantized file whose weights are bf16.
std::vector<float> Logits(const Model& model, const std::vector<int32_t>& ids, bool quantized) {
  ThreadPool pool(2);
  PackedBatch batch;
  batch.Append(ids);
  if (!quantized) return ForwardRunner(model, pool).AllLogits(batch.view());
  const TemporaryDirectory dir;
  EXPECT_TRUE(WriteQuantizedWeights(model, {.bf16_layers = {true, true, true}, .bf16_words = true}, dir.path()));
  const QuantizedModel loaded = QuantizedModel::Load(dir.path(), model.config(), pool).value();
  std::vector<float> logits(model.config().labels.size());
  QuantizedRunner(loaded, pool).Logits(batch.view(), logits);
  return logits;
}

// A KLUE RoBERTa has [UNK] = 1 in its vocabulary and pad_token_id 1: every unknown word of a text is "padding".
TEST(PositionRuns, AnUnknownWordWithThePaddingsIdHasItsPosition) {
  ModelConfig config = TinyConfig(Architecture::kRoberta);
  config.pad_token_id = 7;
  const Model model = Model::Fresh(config, 3);
  // The same model whose positions are counted through, with the rows of the table moved to where it looks for them.
  config.pad_token_id = 0;
  Model counting = Model::Fresh(config, 3);
  const auto hidden = static_cast<size_t>(config.hidden_size);
  const std::vector<size_t> rows = {8, 9, 7, 10, 7, 11};
  for (size_t i = 0; i < rows.size(); ++i) {
    std::memcpy(counting.at(counting.layout().positions) + (1 + i) * hidden,
                model.at(model.layout().positions) + rows[i] * hidden, hidden * sizeof(float));
  }
  const std::vector<int32_t> ids = {1, 20, 7, 30, 7, 2};
  for (const bool quantized : {false, true}) {
    const std::vector<float> logits = Logits(model, ids, quantized);
    const std::vector<float> expected = Logits(counting, ids, quantized);
    for (size_t i = 0; i < logits.size(); ++i) EXPECT_NEAR(logits[i], expected[i], 1e-5f) << quantized;
  }
  EXPECT_NE(Logits(model, ids, false), Logits(Model::Fresh(config, 3), ids, false));
}

}  // namespace
}  // namespace winnow
