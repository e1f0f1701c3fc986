#include "feedback/read_training_set.h"

#include "base/json.h"
#include "feedback/feedback_log.h"
#include "feedback/verdict_samples.h"

namespace winnow {

Result<TrainingSet> ReadTrainingSet(Store& store, const TrainingSetOptions& options,
                                    const std::function<void(int64_t)>& advance) {
  const std::vector<FeedbackState> states = CurrentFeedback(TRY(ReadAllFeedback(store, advance)));
  const std::map<std::string, std::string> labels = TRY(ReadVerdictLabels(store));
  return MakeTrainingSet(states, ComputeTrust(states, labels), labels, options);
}

std::string JsonLinesOf(std::span<const TrainingRow> rows) {
  std::string lines;
  for (const TrainingRow& row : rows)
    lines += "{\"text\": " + Json(row.text).dump() + ", \"label\": " + Json(row.label).dump() + "}\n";
  return lines;
}

}  // namespace winnow
