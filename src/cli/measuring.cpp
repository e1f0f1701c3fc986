#include "cli/measuring.h"

#include "base/interrupt.h"
#include "base/log.h"
#include "base/temporary_directory.h"
#include "bundle/directory.h"
#include "cli/base_model.h"
#include "cli/training_profile.h"

namespace winnow {
namespace {

/// Information lines are left out as long as it lives; warnings stay.
class QuieterLog {
 public:
  QuieterLog() : quieter_(Logs(LogLevel::kInfo) && !Logs(LogLevel::kDebug)) {
    if (quieter_) SetUpLogging({LogLevel::kWarning, CurrentLogFormat()});
  }
  QuieterLog(const QuieterLog&) = delete;
  QuieterLog& operator=(const QuieterLog&) = delete;
  ~QuieterLog() {
    if (quieter_) SetUpLogging({LogLevel::kInfo, CurrentLogFormat()});
  }

 private:
  const bool quieter_;
};

}  // namespace

Result<TrainCommandOptions> PrepareToMeasure(TrainCommandOptions recipe) {
  for (const auto& [given, name] : {std::pair(recipe.resume, "resume"), std::pair(recipe.quantize, "quantize"),
                                    std::pair(recipe.skip_training, "skip-training")}) {
    if (!given) continue;
    return Fail(ErrorCode::kInvalidArgument, std::string("--") + name + ": here no model stays", "leave it out");
  }
  if (!recipe.output_dir.empty()) LogInfo("--output-dir has no part: here no model stays");
  recipe.report_to = "none";
  recipe.throwaway = true;
  if (recipe.kind != "transformer") return recipe;
  if (recipe.base_model != "scratch") recipe.base_model = TRY(PullWithProgress(recipe.base_model)).string();
  // Measured once: models of different numbers would not be comparable.
  if (recipe.precision == "auto") recipe.precision = NameOf(FastestPrecision());
  return recipe;
}

Result<TrainedBundle> TrainToMeasure(const TrainCommandOptions& recipe, const Split& split, const std::string& what,
                                     ThreadPool& pool) {
  TRY(CheckInterrupted());
  const ScopedTemporaryDirectory work = TRY(ScopedTemporaryDirectory::Make("training"));
  TrainCommandOptions options = recipe;
  options.output_dir = work.path() / "model";
  BundleWriter bundle = TRY(BundleWriter::Begin(options.output_dir, /*overwrite=*/false));
  const QuieterLog quieter;
  Result<TrainedBundle> trained = TrainBundle(options, split, std::move(bundle), pool);
  if (!trained) {
    Error error = trained.error();
    error.message = what + ": " + error.message;
    // Advice on checkpoints, of which there are none.
    if (error.code == ErrorCode::kCancelled) error.hint = "nothing is kept of it";
    return std::unexpected(std::move(error));
  }
  return trained;
}

}  // namespace winnow
