#include "pipeline/held_out_part.h"

#include <algorithm>

#include "bundle/training_info.h"
#include "data/data_digest.h"
#include "pipeline/data_plan.h"
#include "pipeline/plan_of_model.h"

namespace winnow {

Result<std::set<size_t>> HeldOutRows(const std::filesystem::path& file, const ReadingOptions& reading,
                                     const SplitOptions& split) {
  SplitReport report;
  const Split parts =
      TRY(ReadSplit({.train = {file}, .validation = {}, .test = {}}, ReadOptionsOf(reading), split, report));
  if (parts.test.examples.empty()) {
    return Fail(ErrorCode::kInvalidData, file.string() + ": there are too few texts for a test part",
                "evaluate on another file");
  }
  std::set<size_t> rows;
  for (const Example& example : parts.test.examples) rows.insert(example.row);
  return rows;
}

bool WasTrainedOnOtherTexts(const std::filesystem::path& bundle, const std::filesystem::path& file,
                            const ReadingOptions& reading, const SplitOptions& split, const std::set<size_t>& rows) {
  const Result<TrainingInfo> info = ReadTrainingInfo(bundle);
  Result<RetrainingPlan> retraining = RetrainingPlanOf(bundle);
  if (!info || info->data_sha256.empty() || !retraining || !retraining->exact) return false;
  DataPlan& data = retraining->plan.data;
  data.reading.text_field = reading.text_field;
  data.reading.label_field = reading.label_field;
  data.reading.filter = reading.filter;
  data.reading.format = reading.format;
  const Result<ReadOptions> read = ReadOptionsOf(data);
  if (!read) return false;
  // Without a validation part if it was a file of its own.
  for (const double validation_size : {data.validation_size, 0.0}) {
    SplitOptions sizes = split;
    sizes.validation_size = validation_size;
    sizes.min_class_texts = static_cast<size_t>(data.min_class_texts);
    SplitReport report;
    const Result<Split> parts = ReadSplit({.train = {file}, .validation = {}, .test = {}}, *read, sizes, report);
    if (!parts) return false;
    if (DataSha256(parts->train) != info->data_sha256) continue;
    const auto is_held_out = [&](const Example& example) { return rows.contains(example.row); };
    return std::ranges::any_of(parts->train.examples, is_held_out) ||
           std::ranges::any_of(parts->validation.examples, is_held_out);
  }
  return true;
}

void KeepRows(Dataset& dataset, const std::set<size_t>& rows) {
  std::erase_if(dataset.examples, [&](const Example& example) { return !rows.contains(example.row); });
}

}  // namespace winnow
