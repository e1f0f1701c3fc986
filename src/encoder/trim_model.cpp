#include "encoder/trim_model.h"

#include <algorithm>
#include <string>

namespace winnow {

Result<Model> TrimModel(const Model& model, std::span<const int32_t> kept, int max_length) {
  ModelConfig config = model.config();
  if (kept.empty() || kept.front() < 0 || kept.back() >= config.vocab_size)
    return Fail(ErrorCode::kInvalidArgument, "the vocabulary has tokens without an embedding in the model");
  const auto padding = std::ranges::lower_bound(kept, config.pad_token_id);
  if (padding == kept.end() || *padding != config.pad_token_id) {
    return Fail(ErrorCode::kInvalidArgument, "the padding token, " + std::to_string(config.pad_token_id) +
                                                 ", is not among the tokens that are kept");
  }
  const auto new_padding = static_cast<int>(padding - kept.begin());
  if (PositionPadding(config) >= 0 && new_padding != config.pad_token_id) {
    return Fail(ErrorCode::kUnsupported,
                "the vocabulary of this model cannot be trimmed: its positions depend on the id of the padding token, "
                "which would change");
  }
  config.pad_token_id = new_padding;
  config.vocab_size = static_cast<int>(kept.size());
  if (config.absolute_positions) config.max_positions -= std::max(0, MaxTokens(config) - max_length);
  Model trimmed = Model::Fresh(std::move(config), /*seed=*/0);
  const Layout& from = model.layout();
  const auto width = static_cast<size_t>(EmbeddingSize(trimmed.config()));
  for (size_t i = 0; i < kept.size(); ++i)
    std::copy_n(model.words() + static_cast<size_t>(kept[i]) * width, width, trimmed.writable_words() + i * width);
  // In both layouts, weights stand in one order; the table of positions has fewer rows.
  for (size_t i = 0; i < from.weights.size(); ++i) {
    const WeightInfo& weight = trimmed.layout().weights[i];
    if (weight.offset >= trimmed.layout().matrices)
      std::copy_n(model.at(from.weights[i].offset), weight.count, trimmed.at(weight.offset));
  }
  return trimmed;
}

}  // namespace winnow
