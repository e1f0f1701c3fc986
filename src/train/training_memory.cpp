#include "train/training_memory.h"

#include "encoder/backward.h"
#include "encoder/head_pass.h"
#include "train/epoch_plan.h"
#include "train/optimizer.h"

namespace winnow {

size_t TrainingBytes(const ModelConfig& config, const TrainerOptions& options, const TextSet& train, int threads,
                     size_t validation_texts) {
  const Layout layout(config);
  const BatchBound batch = LargestBatch(options, train);
  const auto hidden = static_cast<size_t>(config.hidden_size);
  size_t floats = 3 * Optimizer::Floats(layout, options.frozen_depths);  // moments, and the best weights
  floats += Gradients::Floats(layout, threads, options.frozen_depths);   // without those of the token embeddings
  // Token embeddings have gradients only in the rows of the tokens of a batch.
  if (options.frozen_depths == 0) floats += batch.tokens * static_cast<size_t>(EmbeddingSize(config));
  if (CachesFeatures(options, config)) {
    floats += (train.size() + validation_texts + batch.texts) * hidden + HeadPass::Floats(config, batch.texts);
  } else {
    floats += TrainingPass::Floats(
        config, batch.tokens, batch.texts,
        {.frozen_depths = options.frozen_depths, .gradient_checkpointing = options.gradient_checkpointing});
    if (config.relative_span > 0) floats += RelativePositions::Floats(config, LongestOf(train.texts.view()), threads);
  }
  return floats * sizeof(float);
}

}  // namespace winnow
