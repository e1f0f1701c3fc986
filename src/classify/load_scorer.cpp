// Which of the two kinds of model a bundle has.
#include <system_error>

#include "bundle/convert.h"
#include "classify/linear_scorer.h"
#include "classify/scorer.h"
#include "classify/transformer_scorer.h"
#include "encoder/quantized_model.h"
#include "linear/linear_model.h"

namespace winnow {

std::string_view WeightsFile(const std::filesystem::path& bundle, Weights weights) {
  std::error_code ignored;
  if (std::filesystem::exists(bundle / kLinearFile, ignored)) return kLinearFile;
  const bool int8 = weights != Weights::kFloat && std::filesystem::exists(bundle / kInt8Weights, ignored);
  return int8 ? std::string_view(kInt8Weights) : kWeightsFile;
}

Result<ScoredBundle> LoadScorer(const std::filesystem::path& bundle, ThreadPool& pool, Weights weights,
                                const ReadingOverrides& overrides) {
  std::error_code ignored;
  return std::filesystem::exists(bundle / kLinearFile, ignored)
             ? LoadLinearScorer(bundle, pool, weights, overrides)
             : LoadTransformerScorer(bundle, pool, weights, overrides);
}

}  // namespace winnow
