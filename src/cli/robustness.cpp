#include "cli/robustness.h"

#include "base/interrupt.h"
#include "base/json.h"
#include "base/progress.h"
#include "bundle/manifest.h"
#include "cli/output.h"

namespace winnow {

Result<void> RunRobustness(const std::filesystem::path& bundle, const BundleClassifier& classifier,
                           const Dataset& dataset, const RobustnessOptions& options, bool json) {
  const bool folds = TRY(ReadManifest(bundle)).fold_disguises;
  ProgressBar bar("robustness", static_cast<int64_t>(RobustnessTexts(dataset.examples.size(), options)));
  const std::vector<RobustnessRow> rows = TRY(MeasureRobustness(classifier, dataset, options, [&](size_t done) {
    bar.Set(static_cast<int64_t>(done));
    return !Interrupted();
  }));
  bar.Finish();
  return Print(json ? DumpJsonLine(RobustnessJson(rows, folds)) + "\n" : RobustnessText(rows, folds));
}

}  // namespace winnow
