#include "pipeline/distillation.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <span>
#include <string>

#include "base/lines.h"
#include "base/progress.h"
#include "data/deduplicate.h"
#include "pipeline/data_plan.h"
#include "text/text_parts.h"
#include "train/distil.h"

namespace winnow {
namespace {

/// The unlabelled texts of the plan but for those that are held-out texts: the student would have seen them.
Result<std::vector<std::string>> ReadUnlabelled(const TrainingPlan& plan, const Split& split,
                                                TrainingObserver& observer) {
  std::vector<std::string> unlabelled;
  if (plan.distillation.unlabelled.empty()) return unlabelled;
  ReadOptions read = TRY(ReadOptionsOf(plan.data));
  read.label_field.clear();
  Dataset extra;
  for (const std::filesystem::path& file : plan.distillation.unlabelled) {
    ReadReport report;
    std::vector<std::string> texts = TRY(ReadTexts(file, read, &report));
    for (const std::string& line : Lines(report.Text())) observer.Note(line);
    for (std::string& text : texts) {
      if (!TrimAscii(text).empty()) extra.examples.push_back({std::move(text), {}, "", 0});
    }
  }
  const size_t leaks = RemoveLeaks(extra, split.validation) + RemoveLeaks(extra, split.test);
  for (Example& example : extra.examples) unlabelled.push_back(std::move(example.text));
  observer.Note(
      fmt::format("{} unlabelled texts{}", FormatCount(static_cast<int64_t>(unlabelled.size())),
                  leaks == 0 ? "" : "; " + std::to_string(leaks) + " more are held-out texts and were skipped"));
  if (split.train.examples.size() + unlabelled.size() > (size_t{1} << 31)) {
    return Fail(ErrorCode::kUnsupported, "more than 2^31 texts are not supported");
  }
  return unlabelled;
}

/// Appends texts that have no label of their own.
void AppendUnlabelled(std::span<const InputTextView> texts, const TextEncoder& encoder, TextSet& train) {
  for (const InputTextView text : texts) {
    encoder.EncodeForTraining(text, train.texts);
    train.rows.push_back(0);
    if (train.multi_label) {
      train.targets.resize(train.targets.size() + train.num_labels, 0.0f);
    } else {
      train.labels.push_back(-1);
    }
  }
}

}  // namespace

Result<std::vector<size_t>> LabelIdsIn(const BundleClassifier& classifier, const std::filesystem::path& bundle,
                                       const LabelSet& labels) {
  std::vector<size_t> ids;
  for (const std::string& name : labels.names) {
    const auto found = std::ranges::find(classifier.labels(), name);
    if (found == classifier.labels().end()) break;
    ids.push_back(static_cast<size_t>(found - classifier.labels().begin()));
  }
  if (ids.size() == labels.size() && classifier.labels().size() == labels.size()) return ids;
  return Fail(ErrorCode::kInvalidArgument,
              fmt::format("the labels of --teacher {} differ from those of the data; the teacher has: {}",
                          bundle.string(), fmt::join(classifier.labels(), ", ")),
              fmt::format("the labels of the data are: {}", fmt::join(labels.names, ", ")));
}

Result<void> AddTeacherPredictions(const TrainingPlan& plan, const Split& split, const TextEncoder& encoder,
                                   ThreadPool& pool, TrainingObserver& observer, TextSet& train) {
  const std::filesystem::path& bundle = *plan.distillation.teacher;
  const BundleClassifier teacher = TRY(BundleClassifier::Load(bundle, pool, Weights::kFloat));
  if (teacher.multi_label() != train.multi_label) {
    return Fail(ErrorCode::kInvalidArgument, "--teacher " + bundle.string() + " " +
                                                 (train.multi_label ? "is single-label, but the data are multi-label"
                                                                    : "is multi-label, but the data are single-label"));
  }
  const std::vector<size_t> ids = TRY(LabelIdsIn(teacher, bundle, split.train.labels));
  const std::vector<std::string> unlabelled = TRY(ReadUnlabelled(plan, split, observer));
  if (!train.soft.empty()) {
    observer.Warn("with --teacher, the most probable label of each text is used in place of its soft labels");
  }
  std::vector<InputTextView> texts = InputTexts(split.train);
  for (const std::string& text : unlabelled) texts.push_back(InputTextView::OfJoined(text));
  AppendUnlabelled(std::span(texts).subspan(split.train.examples.size()), encoder, train);
  const auto total = static_cast<int64_t>(texts.size());
  const std::vector<float> predicted = TRY(teacher.Probabilities(texts, [&](size_t done) {
    observer.OnProgress("teacher", static_cast<int64_t>(done), total);
    return !observer.Cancelled();
  }));
  std::vector<float> probabilities(predicted.size());
  for (size_t i = 0; i < predicted.size(); ++i) {
    const size_t row = i / ids.size() * ids.size();
    probabilities[i] = predicted[row + ids[i % ids.size()]];
  }
  AddTeacher(probabilities, unlabelled.size(),
             {.temperature = plan.distillation.temperature, .weight = plan.distillation.weight}, train);
  return {};
}

}  // namespace winnow
