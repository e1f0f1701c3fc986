#include "calibrate/partition.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <string>

#include "base/random.h"
#include "data/label_sets.h"
#include "decide/conformal.h"
#include "decide/fit_calibration.h"
#include "decide/neyman_pearson.h"

namespace winnow {
namespace {

using Indices = std::vector<size_t>;
using LabelIds = std::vector<std::vector<int32_t>>;

/// The addition " (a half of the 200 texts, ...)" to a message if the texts are split, otherwise nothing.
std::string PartText(const CalibrationPartition& partition, size_t texts) {
  if (partition.parts() == 1) return "";
  return fmt::format(" (a {} of the {} texts, because each calibration step uses different texts)",
                     partition.parts() == 2 ? "half" : "third", texts);
}

Result<void> CheckEnoughNegatives(const CalibrationOptions& options, const Dataset& dataset, int32_t positive_label,
                                  const CalibrationPartition& partition) {
  const std::vector<std::string>& labels = dataset.labels.names;
  const int64_t needed = TextsNeededForFpr(*options.max_fpr, options.confidence);
  for (size_t k = 0; k < labels.size(); ++k) {
    if (!dataset.multi_label && static_cast<int32_t>(k) != positive_label) continue;
    const auto negatives = static_cast<int64_t>(std::ranges::count_if(partition.thresholds, [&](size_t t) {
      const std::vector<int32_t>& truth = dataset.examples[t].labels;
      return std::ranges::find(truth, static_cast<int32_t>(k)) == truth.end();
    }));
    if (negatives >= needed) continue;
    return Fail(
        ErrorCode::kInvalidData,
        fmt::format(
            "--max-fpr {} with {:.4g} % confidence requires at least {} held-out texts without the label '{}', but "
            "there are only {}{}",
            *options.max_fpr, 100 * options.confidence, needed, labels[k], negatives,
            PartText(partition, dataset.examples.size())),
        "add held-out texts or raise --max-fpr");
  }
  return {};
}

}  // namespace

std::optional<CalibrationMethod> CalibrationOptions::Method() const {
  switch (calibration) {
    case CalibrationChoice::kTemperature:
      return CalibrationMethod::kTemperature;
    case CalibrationChoice::kVector:
      return CalibrationMethod::kVector;
    case CalibrationChoice::kIsotonic:
      return CalibrationMethod::kIsotonic;
    case CalibrationChoice::kNone:
    case CalibrationChoice::kKeep:
      break;
  }
  return std::nullopt;
}

CalibrationPartition PartitionTexts(const CalibrationOptions& options, size_t texts, size_t labels, bool multi_label,
                                    bool pooled) {
  const auto method = options.Method();
  // Thresholds with the best F1 are tuned to the texts of the fit, also if nothing is fitted to them.
  const bool may_tune = multi_label && options.calibration != CalibrationChoice::kKeep;
  CalibrationPartition partition;
  partition.thresholds_apart = options.max_fpr && method && !KeepsOrder(*method, labels, multi_label, pooled);
  partition.abstention_apart = options.max_error && (method || options.max_fpr || may_tune);
  const size_t parts = partition.parts();
  Indices order(texts);
  std::iota(order.begin(), order.end(), size_t{0});
  if (parts > 1) Random(42, "calibration").Shuffle(order);
  const auto part = [&](size_t i) {
    const auto at = [&](size_t j) { return order.begin() + static_cast<std::ptrdiff_t>(j * texts / parts); };
    return Indices(at(i), at(i + 1));
  };
  partition.fit = part(0);
  partition.thresholds = partition.thresholds_apart ? part(1) : partition.fit;
  partition.abstention = partition.abstention_apart ? part(parts - 1) : partition.fit;
  return partition;
}

Result<void> CheckEnoughTexts(const CalibrationOptions& options, const Dataset& dataset, int32_t positive_label,
                              bool pooled) {
  if (options.max_fpr && !dataset.multi_label && positive_label < 0) {
    return Fail(ErrorCode::kInvalidArgument, "--max-fpr requires a model with a positive label",
                "train the model with --positive-label LABEL");
  }
  const size_t texts = dataset.examples.size();
  const CalibrationPartition partition =
      PartitionTexts(options, texts, dataset.labels.size(), dataset.multi_label, pooled);
  if (const auto method = options.Method()) {
    LabelIds fitted;
    for (const size_t t : partition.fit) {
      if (!HasUnknownLabel(dataset.examples[t]) || dataset.multi_label) fitted.push_back(dataset.examples[t].labels);
    }
    for (std::vector<int32_t>& labels : fitted) std::erase(labels, kUnknownLabelId);
    TRY(CheckEnoughFor(*method, fitted, dataset.labels.names, dataset.multi_label));
  }
  if (options.max_fpr) TRY(CheckEnoughNegatives(options, dataset, positive_label, partition));
  if (options.max_error) {
    const int64_t needed = TextsNeededForError(*options.max_error);
    if (static_cast<int64_t>(partition.abstention.size()) < needed) {
      return Fail(ErrorCode::kInvalidData,
                  fmt::format("--max-error {} requires at least {} held-out texts, but there are only {}{}",
                              *options.max_error, needed, partition.abstention.size(), PartText(partition, texts)),
                  "add held-out texts or raise --max-error");
    }
  }
  return {};
}

}  // namespace winnow
