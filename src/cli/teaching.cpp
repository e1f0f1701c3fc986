#include "cli/teaching.h"

#include <algorithm>

#include "base/interrupt.h"
#include "base/log.h"
#include "base/machine.h"
#include "base/progress.h"
#include "classify/bundle_classifier.h"
#include "cli/data_options.h"
#include "cli/measure_model.h"
#include "train/distil.h"

namespace winnow {
namespace {

/// For each label of the data its place among the teacher's.
Result<std::vector<size_t>> PlacesOf(const LabelSet& labels, const BundleClassifier& teacher,
                                     const std::filesystem::path& bundle) {
  std::vector<size_t> places;
  for (const std::string& name : labels.names) {
    const auto found = std::ranges::find(teacher.labels(), name);
    if (found == teacher.labels().end()) break;
    places.push_back(static_cast<size_t>(found - teacher.labels().begin()));
  }
  if (places.size() == labels.size() && teacher.labels().size() == labels.size()) return places;
  const auto listed = [](const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
    return text;
  };
  return Fail(ErrorCode::kInvalidArgument,
              "--teacher " + bundle.string() + " knows other labels than the data: " + listed(teacher.labels()),
              "the data have: " + listed(labels.names));
}

}  // namespace

Result<void> AddTeacherOf(const TrainCommandOptions& options, const Split& split, const TextEncoder& encoder,
                          ThreadPool& pool, TextSet& train) {
  const BundleClassifier teacher = TRY(BundleClassifier::Load(*options.teacher, pool, Weights::kFloat));
  if (teacher.multi_label() != train.multi_label) {
    return Fail(ErrorCode::kInvalidArgument, "--teacher " + options.teacher->string() + " decides for " +
                                                 (train.multi_label ? "one label a text, the data have several"
                                                                    : "several labels a text, the data have one"));
  }
  const std::vector<size_t> places = TRY(PlacesOf(split.train.labels, teacher, *options.teacher));
  std::vector<std::string> unlabelled;
  if (!options.unlabelled.empty()) {
    ReadOptions read = TRY(ReadOptionsOf(options));
    read.label_field.clear();
    for (const std::filesystem::path& file : options.unlabelled) {
      const std::vector<std::string> texts = TRY(ReadTexts(file, read));
      std::ranges::copy_if(texts, std::back_inserter(unlabelled), [](const std::string& text) {
        return text.find_first_not_of(" \t\r\n") != std::string::npos;
      });
    }
    // None may be a held-out text: the student would have seen it.
    Dataset extra;
    for (std::string& text : unlabelled) extra.examples.push_back({std::move(text), {}, "", 0});
    const size_t leaks = RemoveLeaks(extra, split.validation) + RemoveLeaks(extra, split.test);
    unlabelled.clear();
    for (Example& example : extra.examples) unlabelled.push_back(std::move(example.text));
    LogInfo("{} unlabelled texts{}", FormatCount(static_cast<int64_t>(unlabelled.size())),
            leaks == 0 ? "" : "; " + std::to_string(leaks) + " more are held-out texts, and left out");
    if (split.train.examples.size() + unlabelled.size() > (size_t{1} << 31)) {
      return Fail(ErrorCode::kUnsupported, "more than 2^31 texts");
    }
  }
  std::vector<InputTextView> texts = InputTexts(split.train);
  for (const std::string& text : unlabelled) {
    texts.push_back(InputTextView::OfJoined(text));
    encoder.EncodeForTraining(texts.back(), train.texts);
    train.rows.push_back(0);
    if (train.multi_label) {
      train.targets.resize(train.targets.size() + train.num_labels, 0.0f);
    } else {
      train.labels.push_back(-1);
    }
  }
  ProgressBar bar("teacher", static_cast<int64_t>(texts.size()));
  const std::vector<float> answers = TRY(teacher.Probabilities(texts, [&](size_t done) {
    bar.Set(static_cast<int64_t>(done));
    return !Interrupted();
  }));
  bar.Finish();
  std::vector<float> probabilities(answers.size());
  for (size_t i = 0; i < answers.size(); ++i) {
    const size_t row = i / places.size() * places.size();
    probabilities[i] = answers[row + places[i % places.size()]];
  }
  AddTeacher(probabilities, unlabelled.size(),
             {.temperature = options.distil_temperature, .weight = options.distil_weight}, train);
  return {};
}

Result<Json> CompareWithTeacher(const TrainCommandOptions& options, const Dataset& texts, ThreadPool& pool) {
  Comparison comparison{.timestamp = TimestampUtc(),
                        .data = "held-out texts",
                        .data_sha256 = "",
                        .filter = "",
                        .mode = "moderate",
                        .threads = pool.size(),
                        .models = {}};
  for (const auto& [name, bundle] :
       {std::pair("teacher", *options.teacher), std::pair("student", options.output_dir)}) {
    const BundleClassifier classifier = TRY(BundleClassifier::Load(bundle, pool, Weights::kFloat));
    // The teacher may have the labels in another order.
    Dataset dataset = texts;
    const std::vector<size_t> places = TRY(PlacesOf(texts.labels, classifier, bundle));
    dataset.labels.names = classifier.labels();
    for (Example& example : dataset.examples) {
      for (int32_t& id : example.labels) id = static_cast<int32_t>(places[static_cast<size_t>(id)]);
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
