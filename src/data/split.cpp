#include "data/split.h"

#include <algorithm>
#include <unordered_set>

#include "base/ascii.h"
#include "base/json.h"
#include "text/duplicate_key.h"

namespace winnow {
namespace {

/// Reads a held-out part with training's labels and kind.
Result<Dataset> ReadHeldOut(const std::vector<std::filesystem::path>& files, const char* part, const Dataset& train,
                            const ReadOptions& options, UnknownLabels unknown, ReadReport& report,
                            std::vector<std::string>& warnings) {
  ReadOptions held_out = options;
  held_out.unknown_labels = unknown;
  held_out.labels = train.labels;
  held_out.labels_source = "labels of the training part";
  // The kind of training holds, except that a file with one label a row needs no cutting of cells to be multi-label.
  if (!train.multi_label) held_out.problem_type = ProblemType::kSingle;
  Result<Dataset> dataset = ReadDataset(files, held_out, report);
  if (!dataset) {
    dataset.error().message = std::string("the ") + part + " part: " + dataset.error().message;
    if (unknown == UnknownLabels::kRefuse && options.unknown_labels == UnknownLabels::kError) {
      dataset.error().hint =
          "validation texts are used to fit the calibration and to select the best epoch of a transformer, and for this "
          "their labels must occur in the training texts: add training texts "
          "with these labels, or leave the rows out with --unknown-labels drop";
    }
    return dataset;
  }
  dataset->multi_label = train.multi_label;
  std::vector<std::string> absent;
  for (const std::string& name : train.labels.names) {
    if (!report.label_counts.contains(name)) absent.push_back(name);
  }
  if (!absent.empty()) {
    warnings.push_back(std::string("the ") + part + " part has no texts with these labels: " + SomeNames(absent));
  }
  return dataset;
}

/// Labels of the given list that no training text has can't be learnt.
void WarnOfUntrained(const Dataset& train, std::vector<std::string>& warnings) {
  std::vector<char> seen(train.labels.size(), 0);
  for (const Example& example : train.examples) {
    for (const int32_t id : example.labels) seen[static_cast<size_t>(id)] = 1;
  }
  std::vector<std::string> absent;
  for (size_t i = 0; i < seen.size(); ++i) {
    if (seen[i] == 0) absent.push_back(train.labels.names[i]);
  }
  if (!absent.empty()) warnings.push_back("there are no training texts with these labels: " + SomeNames(absent));
}

/// A label of fewer texts is hardly learnt, and worse measured.
void WarnOfSmallClasses(const Dataset& train, std::vector<std::string>& warnings) {
  constexpr size_t kFew = 5;
  std::vector<size_t> counts(train.labels.size(), 0);
  for (const Example& example : train.examples) {
    for (const int32_t id : example.labels) ++counts[static_cast<size_t>(id)];
  }
  std::vector<std::string> few;
  for (size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] > 0 && counts[i] < kFew)
      few.push_back(train.labels.names[i] + " (" + std::to_string(counts[i]) + ")");
  }
  if (!few.empty()) {
    warnings.push_back("labels with fewer than " + std::to_string(kFew) + " training texts: " + SomeNames(few));
  }
}

/// Takes labels without a new id out of a part, and their texts. The shares of a soft label that stay have the sum 1
/// again.
void KeepLabels(const LabelSet& kept, const std::vector<int32_t>& new_ids, Dataset& part) {
  std::erase_if(part.examples, [&](const Example& example) {
    return example.labels.front() >= 0 && new_ids[static_cast<size_t>(example.labels.front())] < 0;
  });
  for (Example& example : part.examples) {
    for (int32_t& id : example.labels) id = id < 0 ? id : new_ids[static_cast<size_t>(id)];
    const size_t dropped =
        std::erase_if(example.shares, [&](const auto& share) { return new_ids[static_cast<size_t>(share.first)] < 0; });
    float sum = 0;
    for (auto& [id, share] : example.shares) {
      id = new_ids[static_cast<size_t>(id)];
      sum += share;
    }
    if (dropped == 0) continue;
    for (auto& [id, share] : example.shares) share /= sum;
  }
  part.labels = kept;
}

/// Takes labels of fewer texts out of all parts, and their texts; each with a warning.
Result<void> DropSmallClasses(size_t least, Dataset& train, Dataset& validation, Dataset& test, SplitReport& report) {
  if (train.multi_label) return {};  // a text without a label is one too
  std::vector<size_t> counts(train.labels.size(), 0);
  for (const Example& example : train.examples) ++counts[static_cast<size_t>(example.labels.front())];
  LabelSet kept;
  std::vector<int32_t> new_ids(counts.size(), -1);
  constexpr size_t kMostWarnings = 20;
  size_t left_out = 0;
  for (size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] >= least) {
      new_ids[i] = static_cast<int32_t>(kept.size());
      kept.names.push_back(train.labels.names[i]);
      continue;
    }
    if (++left_out > kMostWarnings) continue;
    report.warnings.push_back("label '" + train.labels.names[i] + "' is left out: it has " +
                              (counts[i] == 0 ? "no text" : std::to_string(counts[i]) + " text") +
                              (counts[i] > 1 ? "s" : "") + ", and " + std::to_string(least) + " are required");
  }
  if (left_out > kMostWarnings) {
    report.warnings.push_back(std::to_string(left_out - kMostWarnings) + " more labels with fewer than " +
                              std::to_string(least) + " texts are left out");
  }
  if (kept.size() < 2) {
    return Fail(ErrorCode::kInvalidData,
                "labels with at least " + std::to_string(least) + " texts: " + std::to_string(kept.size()) +
                    "; at least two are required",
                "add texts; a classifier needs at least two labels");
  }
  for (Dataset* part : {&train, &validation, &test}) KeepLabels(kept, new_ids, *part);
  return {};
}

/// Errors: kInvalidData if there are thousands of labels, nearly each of one text: the field contains IDs or dates, and
/// a model of them needs much memory and learns nothing.
Result<void> RefuseLabelsOfOneText(const Dataset& train, const ReadReport& report) {
  constexpr size_t kMostLabels = 1000;
  if (train.multi_label || train.labels.size() <= kMostLabels) return {};
  std::vector<size_t> counts(train.labels.size(), 0);
  for (const Example& example : train.examples) ++counts[static_cast<size_t>(example.labels.front())];
  const auto alone = static_cast<size_t>(std::ranges::count(counts, 1u));
  const size_t texts = train.examples.size();
  if (alone <= kMostLabels || alone * 10 < texts * 9) return {};
  const std::vector<std::string>& fields = report.files[0].label_fields;
  return Fail(
      ErrorCode::kInvalidData,
      report.files[0].file + ": " + std::to_string(alone) + " of " + std::to_string(texts) +
          " texts have a label that no other text has" +
          (fields.empty() ? std::string() : "; '" + fields[0] + "' probably contains something else than labels"),
      "specify the field of the labels with --label-field, or leave such labels out with --min-class-texts 2");
}

/// The key of a text without regard to its numbers; empty for a text without a number or with few other characters.
std::string VariantKey(std::string_view text) {
  constexpr size_t kFewest = 12;
  if (std::ranges::none_of(text, [](char c) { return IsAsciiDigit(c); })) return {};
  std::string key;
  size_t others = 0;
  for (const char c : DuplicateKey(text)) {
    if (!IsAsciiDigit(c)) {
      key += c;
      if (c != ' ') ++others;
    } else if (key.empty() || key.back() != '#') {
      key += '#';
    }
  }
  return others < kFewest ? std::string() : key;
}

/// Counts the test texts that equal a training text but for their numbers, as texts of one template do.
size_t CountVariants(const Dataset& train, const Dataset& test) {
  std::unordered_set<std::string> of_training;
  for (const Example& example : train.examples) {
    if (std::string key = VariantKey(example.text); !key.empty()) of_training.insert(std::move(key));
  }
  return static_cast<size_t>(std::ranges::count_if(test.examples, [&](const Example& example) {
    const std::string key = VariantKey(example.text);
    return !key.empty() && of_training.contains(key);
  }));
}

/// Splits the data set; where there are too few texts for all parts, with fewer parts and a warning for each one left
/// out.
Result<Split> SplitAsFarAsPossible(Dataset dataset, SplitOptions sizes, std::vector<std::string>& warnings) {
  Result<Split> split = StratifiedSplit(dataset, sizes);
  if (!split && split.error().code == ErrorCode::kInvalidData && sizes.test_size > 0) {
    warnings.push_back("too few texts for a test part, so there is no test part");
    sizes.test_size = 0;
    split = StratifiedSplit(dataset, sizes);
  }
  if (!split && split.error().code == ErrorCode::kInvalidData && sizes.validation_size > 0) {
    warnings.push_back(
        "too few texts for a validation part: the training texts are used for validation, so the metrics say nothing "
        "about new texts");
    sizes.validation_size = 0;
    split = StratifiedSplit(std::move(dataset), sizes);
    if (split) {
      split->validation = split->train;
      split->validation_is_training = true;
    }
  }
  return split;
}

}  // namespace

Result<Split> ReadSplit(const SplitFiles& files, const ReadOptions& options, const SplitOptions& split_options,
                        SplitReport& report) {
  report = {};
  ReadOptions of_training = options;
  of_training.unknown_labels = UnknownLabels::kDrop;  // the labels that options give select the training texts
  Dataset train = TRY(ReadDataset(files.train, of_training, report.train));
  const bool selects = options.labels || !options.labels_file.empty() || options.unknown_labels == UnknownLabels::kDrop;
  const UnknownLabels of_validation = selects ? UnknownLabels::kDrop : UnknownLabels::kRefuse;
  Dataset validation;
  Dataset test;
  if (!files.test.empty()) {
    test = TRY(ReadHeldOut(files.test, "test", train, options, options.unknown_labels, report.test, report.warnings));
    report.train_leaks += RemoveLeaks(train, test);
  }
  if (!files.validation.empty()) {
    validation = TRY(
        ReadHeldOut(files.validation, "validation", train, options, of_validation, report.validation, report.warnings));
    if (!test.examples.empty()) report.validation_leaks = RemoveLeaks(validation, test);
    report.train_leaks += RemoveLeaks(train, validation);
    if (validation.examples.empty()) {
      return Fail(ErrorCode::kInvalidData,
                  report.validation.files[0].file + ": all its texts are also in the test file",
                  "use different texts for validation and testing");
    }
  }
  report.duplicates = Deduplicate(train);
  if (train.examples.empty()) {
    return Fail(ErrorCode::kInvalidData,
                report.train.files[0].file + ": no training text is left: " + std::to_string(report.train_leaks) +
                    " texts are also in the held-out files, and " + std::to_string(report.duplicates.conflicting) +
                    " are duplicates with conflicting labels",
                "use different texts for training and testing");
  }
  SplitOptions sizes = split_options;
  if (!files.test.empty()) sizes.test_size = 0;
  if (!files.validation.empty()) sizes.validation_size = 0;
  if (sizes.min_class_texts > 0) TRY(DropSmallClasses(sizes.min_class_texts, train, validation, test, report));
  TRY(RefuseLabelsOfOneText(train, report.train));
  Split split = TRY(SplitAsFarAsPossible(std::move(train), sizes, report.warnings));
  if (!files.test.empty()) split.test = std::move(test);
  if (!files.validation.empty()) split.validation = std::move(validation);
  if (!split.training_only.empty()) {
    report.warnings.push_back(
        "these labels have too few texts for a split, so all their texts are used for training: " +
        SomeNames(split.training_only));
  }
  if (report.duplicates.conflicting_groups > 0) {
    const size_t texts = report.duplicates.conflicting_groups;
    report.warnings.push_back(
        std::to_string(texts) +
        (texts == 1 ? " text occurs with different labels; " : " texts occur with different labels; ") +
        std::to_string(report.duplicates.conflicting) +
        " rows were dropped, those of the majority are kept (winnow data doctor lists them)");
  }
  WarnOfUntrained(split.train, report.warnings);
  WarnOfSmallClasses(split.train, report.warnings);
  report.train_size = split.train.examples.size();
  report.validation_size = split.validation.examples.size();
  report.test_size = split.test.examples.size();
  report.test_variants = CountVariants(split.train, split.test);
  return split;
}

std::string SplitReport::Text() const {
  std::string text = train.Text();
  if (!validation.files.empty()) text += "validation: " + validation.Text();
  if (!test.files.empty()) text += "test: " + test.Text();
  text += duplicates.Text();
  if (train_leaks > 0) {
    text += "warning: " + std::to_string(train_leaks) +
            " training texts are also in a held-out file; dropped from training\n";
  }
  if (validation_leaks > 0) {
    text += "warning: " + std::to_string(validation_leaks) +
            " validation texts are also in the test file; dropped from validation\n";
  }
  text += "parts: " + std::to_string(train_size) + " train, " + std::to_string(validation_size) + " validation, " +
          std::to_string(test_size) + " test\n";
  if (test_variants * 10 >= test_size && test_variants > 0) {
    text += std::to_string(test_variants) + " of " + std::to_string(test_size) +
            " test texts equal a training text except for their numbers, so the metrics say little about other texts; "
            "'winnow data doctor' lists near-duplicates\n";
  }
  for (const std::string& warning : warnings) text += "warning: " + warning + "\n";
  return text;
}

Json SplitReport::ToJson() const {
  Json json;
  json["train"] = train.ToJson();
  if (!validation.files.empty()) json["validation"] = validation.ToJson();
  if (!test.files.empty()) json["test"] = test.ToJson();
  json["duplicates"] = duplicates.ToJson();
  json["train_leaks"] = train_leaks;
  json["validation_leaks"] = validation_leaks;
  json["train_size"] = train_size;
  json["validation_size"] = validation_size;
  json["test_size"] = test_size;
  json["warnings"] = warnings;
  return json;
}

}  // namespace winnow
