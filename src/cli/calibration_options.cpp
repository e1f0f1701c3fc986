#include "cli/calibration_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <string>
#include <utility>

#include "base/random.h"
#include "cli/data_options.h"
#include "decide/conformal.h"
#include "decide/fit_calibration.h"
#include "decide/neyman_pearson.h"

namespace winnow {
namespace {

using Indices = std::vector<size_t>;
using LabelIds = std::vector<std::vector<int32_t>>;

struct Roles {
  bool thresholds_apart, abstain_apart;
  size_t count() const { return 1 + (thresholds_apart ? 1 : 0) + (abstain_apart ? 1 : 0); }
};

Roles RolesOf(const CalibrationOptions& options, size_t labels, bool multi_label, bool pooled) {
  const auto method = options.Method();
  return {.thresholds_apart = options.max_fpr && method && !KeepsOrder(*method, labels, multi_label, pooled),
          .abstain_apart = options.max_error && (method || options.max_fpr)};
}

CalibrationParts Deal(const Roles& roles, size_t texts) {
  CalibrationParts parts;
  parts.thresholds_apart = roles.thresholds_apart;
  parts.abstain_apart = roles.abstain_apart;
  Indices order(texts);
  std::iota(order.begin(), order.end(), size_t{0});
  if (roles.count() > 1) Random(42, "calibration").Shuffle(order);
  const auto part = [&](size_t i) {
    const auto at = [&](size_t j) { return order.begin() + static_cast<std::ptrdiff_t>(j * texts / roles.count()); };
    return Indices(at(i), at(i + 1));
  };
  parts.fit = part(0);
  parts.thresholds = roles.thresholds_apart ? part(1) : parts.fit;
  parts.abstain = roles.abstain_apart ? part(roles.count() - 1) : parts.fit;
  return parts;
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

void AddCalibrationOptions(CalibrationOptions& options, OptionTable& table, bool of_a_bundle) {
  std::vector<std::pair<std::string, CalibrationChoice>> choices = {{"temperature", CalibrationChoice::kTemperature},
                                                                    {"vector", CalibrationChoice::kVector},
                                                                    {"isotonic", CalibrationChoice::kIsotonic},
                                                                    {"none", CalibrationChoice::kNone}};
  if (of_a_bundle) choices.emplace_back("keep", CalibrationChoice::kKeep);
  table.AddChoice(
      "calibration", &options.calibration, std::move(choices),
      "What makes probabilities honest: a temperature (multi-label: one a label), a scale and a bias for each "
      "label (from 10 texts of each), or a curve for each (from 1000 texts)");
  table
      .Add("max-fpr", &options.max_fpr,
           "Choose thresholds whose false-positive rate stays under this in the moderate mode, under twice this in the "
           "strict and half of it in the lenient one; multi-label: for each label")
      .MoreThan(0)
      .Range(0, 0.499)
      .Default("thresholds stay");
  table.Add("confidence", &options.confidence, "How sure --max-fpr is to hold").MoreThan(0).Range(0, 0.999999);
  if (!of_a_bundle) return;
  table
      .Add("max-error", &options.max_error,
           "Mark decisions as unsure, for review, so that at most this share of all texts is decided wrongly without "
           "that mark")
      .MoreThan(0)
      .Range(0, 0.999)
      .Default("none are marked");
}

CalibrationParts DealTexts(const CalibrationOptions& options, size_t texts, size_t labels, bool multi_label,
                           bool pooled) {
  return Deal(RolesOf(options, labels, multi_label, pooled), texts);
}

Result<void> CheckEnoughTexts(const CalibrationOptions& options, const Dataset& dataset, int32_t positive_label,
                              bool pooled) {
  const std::vector<std::string>& labels = dataset.labels.names;
  if (options.max_fpr && !dataset.multi_label && positive_label < 0) {
    return Fail(ErrorCode::kInvalidArgument,
                "--max-fpr: the model has no positive label, so no text is a false positive",
                "train it with --positive-label LABEL");
  }
  const LabelIds truth = LabelSets(dataset);
  const Roles roles = RolesOf(options, labels.size(), dataset.multi_label, pooled);
  const CalibrationParts parts = Deal(roles, truth.size());
  const auto at = [&](const Indices& part) {
    LabelIds ids;
    for (const size_t t : part) ids.push_back(truth[t]);
    return ids;
  };
  if (options.Method()) TRY(CheckEnoughFor(*options.Method(), at(parts.fit), labels, dataset.multi_label));
  const std::string dealt = roles.count() == 1
                                ? ""
                                : fmt::format(" (a {} of the {} texts: no choice may see those of another)",
                                              roles.count() == 2 ? "half" : "third", truth.size());
  if (options.max_fpr) {
    const int64_t needed = TextsNeededForFpr(*options.max_fpr, options.confidence);
    for (size_t k = 0; k < labels.size(); ++k) {
      if (!dataset.multi_label && static_cast<int32_t>(k) != positive_label) continue;
      const auto legitimate = static_cast<int64_t>(std::ranges::count_if(parts.thresholds, [&](size_t t) {
        return std::ranges::find(truth[t], static_cast<int32_t>(k)) == truth[t].end();
      }));
      if (legitimate >= needed) continue;
      return Fail(
          ErrorCode::kInvalidData,
          fmt::format("--max-fpr {} with {:.4g} % confidence needs at least {} held-out texts without '{}', and "
                      "there are {}{}",
                      *options.max_fpr, 100 * options.confidence, needed, labels[k], legitimate, dealt),
          "give more held-out texts, or allow a higher --max-fpr");
    }
  }
  if (options.max_error) {
    const int64_t needed = TextsNeededForError(*options.max_error);
    if (static_cast<int64_t>(parts.abstain.size()) < needed) {
      return Fail(ErrorCode::kInvalidData,
                  fmt::format("--max-error {} needs at least {} held-out texts, and there are {}{}", *options.max_error,
                              needed, parts.abstain.size(), dealt),
                  "give more held-out texts, or allow a higher --max-error");
    }
  }
  return {};
}

}  // namespace winnow
