#include "cli/teacher_comparison.h"

#include <algorithm>
#include <utility>

#include "base/interrupt.h"
#include "base/lines.h"
#include "base/log.h"
#include "base/machine.h"
#include "classify/bundle_classifier.h"
#include "pipeline/distillation.h"
#include "report/measure_model.h"

namespace winnow {

Result<Json> CompareWithTeacher(const TrainingPlan& plan, const Dataset& texts, ThreadPool& pool) {
  Comparison comparison{.timestamp = TimestampUtc(),
                        .data = "held-out texts",
                        .data_sha256 = "",
                        .filter = "",
                        .mode = "moderate",
                        .threads = pool.size(),
                        .models = {}};
  for (const auto& [name, bundle] :
       {std::pair("teacher", *plan.distillation.teacher), std::pair("student", plan.output.dir)}) {
    const BundleClassifier classifier = TRY(BundleClassifier::Load(bundle, pool, Weights::kFloat));
    // The teacher may have the labels in another order.
    Dataset dataset = texts;
    const std::vector<size_t> ids = TRY(LabelIdsIn(classifier, bundle, texts.labels));
    dataset.labels.names = classifier.labels();
    for (Example& example : dataset.examples) {
      for (int32_t& id : example.labels) {
        if (id != kUnknownLabelId) id = static_cast<int32_t>(ids[static_cast<size_t>(id)]);
      }
      std::ranges::sort(example.labels);
    }
    ComparedModel& model = comparison.models.emplace_back();
    model.name = name;
    model.bundle = bundle.string();
    TRY(MeasureModel(
        bundle, classifier, dataset, Mode::kModerate, [](double) { return !Interrupted(); }, model));
  }
  Rank(comparison);
  for (const std::string& line : Lines(ComparisonText(comparison))) LogInfo("{}", line);
  return ComparisonJson(comparison);
}

}  // namespace winnow
