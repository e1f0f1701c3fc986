// In the module without tokenizers, in place of classify/load_scorer.cpp.
#include "classify/linear_scorer.h"
#include "linear/linear_model.h"

namespace winnow {

std::string_view WeightsFile(const std::filesystem::path&, Weights) { return kLinearFile; }

Result<ScoredBundle> LoadScorer(const std::filesystem::path& bundle, ThreadPool& pool, Weights weights,
                                const ReadingOverrides& overrides) {
  if (!std::filesystem::exists(bundle / kLinearFile) && std::filesystem::exists(bundle / "config.json")) {
    return Fail(ErrorCode::kUnsupported,
                "the files are those of a transformer, but this module reads linear models alone", "use winnow.wasm");
  }
  return LoadLinearScorer(bundle, pool, weights, overrides);
}

}  // namespace winnow
