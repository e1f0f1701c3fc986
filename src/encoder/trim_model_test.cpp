#include "encoder/trim_model.h"

#include <gmock/gmock.h>

#include <numeric>

#include "encoder/forward.h"
#include "support/tiny_model.h"

namespace winnow {
namespace {

std::vector<float> Logits(const Model& model, std::span<const int32_t> ids) {
  ThreadPool pool(1);
  ForwardRunner runner(model, pool);
  PackedBatch batch;
  batch.Append(ids);
  const auto logits = runner.Logits(batch.view());
  return {logits.begin(), logits.end()};
}

/// All tokens but 0, if that is not needed, and those from 20 to 24.
std::vector<int32_t> Kept(const ModelConfig& config) {
  std::vector<int32_t> kept;
  for (int32_t id = 0; id < config.vocab_size; ++id) {
    if (id < 20 || id > 24) kept.push_back(id);
  }
  return kept;
}

TEST(TrimModel, PredictsAsBeforeForTheTokensThatStay) {
  for (const Architecture architecture : kEveryArchitecture) {
    const Model model = Model::Fresh(TinyConfig(architecture), 3);
    const std::vector<int32_t> kept = Kept(model.config());
    const Model small = TrimModel(model, kept, 12).value();
    EXPECT_EQ(small.config().vocab_size, static_cast<int>(kept.size()));
    std::vector<int32_t> ids = {1, 5, 30, 19, 25, 12, 26, 2}, renumbered;
    for (const int32_t id : ids)
      renumbered.push_back(static_cast<int32_t>(std::ranges::lower_bound(kept, id) - kept.begin()));
    EXPECT_NE(ids, renumbered);
    EXPECT_EQ(Logits(small, renumbered), Logits(model, ids));
    if (model.config().absolute_positions) {
      EXPECT_EQ(MaxTokens(small.config()), 12);
    }
  }
}

TEST(TrimModel, AllTokensAndPositionsAreTheModelItself) {
  const Model model = Model::Fresh(TinyConfig(), 3);
  std::vector<int32_t> all(static_cast<size_t>(model.config().vocab_size));
  std::iota(all.begin(), all.end(), 0);
  EXPECT_EQ(AllWeights(TrimModel(model, all, MaxTokens(model.config())).value()), AllWeights(model));
}

TEST(TrimModel, RefusesTokensThatCannotGoOrAreNotThere) {
  const Model bert = Model::Fresh(TinyConfig(), 3);
  const int padding = bert.config().pad_token_id;
  std::vector<int32_t> kept = Kept(bert.config());
  std::erase(kept, padding);
  EXPECT_THAT(TrimModel(bert, kept, 12).error().message, testing::HasSubstr("the padding token"));
  kept = {padding, bert.config().vocab_size};
  EXPECT_THAT(TrimModel(bert, kept, 12).error().message, testing::HasSubstr("without an embedding"));
  const Model roberta = Model::Fresh(TinyConfig(Architecture::kRoberta), 3);
  kept = {roberta.config().pad_token_id};  // which becomes 0
  if (roberta.config().pad_token_id > 0) {
    EXPECT_THAT(TrimModel(roberta, kept, 12).error().message, testing::HasSubstr("positions depend"));
  }
}

}  // namespace
}  // namespace winnow
