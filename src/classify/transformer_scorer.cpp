#include "classify/transformer_scorer.h"

#include <algorithm>

#include "classify/pairs.h"

namespace winnow {

Result<ScoredBundle> LoadTransformerScorer(const std::filesystem::path& bundle, ThreadPool& pool, Weights weights,
                                           const ReadingOverrides& overrides) {
  std::unique_ptr<const BundleModel> model = TRY(BundleModel::Load(bundle, pool, weights));
  ScoredBundle loaded;
  loaded.manifest = model->manifest();
  loaded.labels = model->config().labels;
  loaded.multi_label = model->config().multi_label;
  loaded.manifest.max_length = std::min(loaded.manifest.max_length, MaxTokens(model->config()));
  TRY(ApplyOverrides(bundle, overrides, loaded));
  TextEncoderOptions options = EncoderOptionsOf(loaded.manifest);
  if (loaded.segments() == 1) {
    const bool typed = HasPairTypes(model->tokenizer(), model->config());
    options.segments = typed ? SegmentReading::kTypedPair : SegmentReading::kPair;
  }
  loaded.scorer = std::make_unique<TransformerScorer>(std::move(model), options);
  return loaded;
}

}  // namespace winnow
