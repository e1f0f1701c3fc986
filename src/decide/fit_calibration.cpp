#include "decide/fit_calibration.h"

#include <algorithm>
#include <cmath>

#include "base/names.h"
#include "decide/isotonic.h"
#include "decide/temperature.h"
#include "decide/vector_scaling.h"

namespace winnow {
namespace {

constexpr size_t kNamesShown = 3;  // of labels in a note

std::vector<int64_t> TextsOfLabels(std::span<const std::vector<int32_t>> truth, size_t labels) {
  std::vector<int64_t> counts(labels, 0);
  for (const std::vector<int32_t>& ids : truth) {
    for (const int32_t id : ids) {
      if (id >= 0 && static_cast<size_t>(id) < labels) ++counts[static_cast<size_t>(id)];
    }
  }
  return counts;
}

std::vector<uint8_t> TargetsOf(const LabelledLogits& texts) {
  std::vector<uint8_t> targets(texts.logits.size(), 0);
  for (size_t t = 0; t < texts.truth.size(); ++t) {
    for (const int32_t id : texts.truth[t]) targets[t * texts.labels.size() + static_cast<size_t>(id)] = 1;
  }
  return targets;
}

Result<TemperatureFit> CommonTemperature(const LabelledLogits& texts) {
  const int classes = static_cast<int>(texts.labels.size());
  if (texts.multi_label) return FitTemperatureMultiLabel(texts.logits, classes, texts.truth);
  std::vector<int32_t> truth;
  for (const std::vector<int32_t>& ids : texts.truth) {
    if (ids.size() != 1) {
      return Fail(ErrorCode::kInvalidArgument, "calibration: text " + std::to_string(truth.size()) + " has " +
                                                   std::to_string(ids.size()) +
                                                   " labels, but the model is single-label");
    }
    truth.push_back(ids.front());
  }
  return FitTemperature(texts.logits, classes, truth);
}

/// Each label's own temperature where its texts fix one, else 1. The common temperature would be that of the frequent
/// labels, and one below 1 moves the probabilities of a rare label, which are small, towards 0.
Result<void> AddLabelTemperatures(const LabelledLogits& texts, CalibrationFit& fit) {
  const size_t labels = texts.labels.size();
  const std::vector<int64_t> with = TextsOfLabels(texts.truth, labels);
  const auto all = static_cast<int64_t>(texts.truth.size());
  std::vector<double> own(labels, 1.0);
  std::vector<size_t> unfitted;
  for (size_t k = 0; k < labels; ++k) {
    bool fitted = std::min(with[k], all - with[k]) >= kEnoughOfLabel;
    if (fitted) {
      std::vector<float> logits(texts.truth.size());
      std::vector<std::vector<int32_t>> truth(texts.truth.size());
      for (size_t t = 0; t < truth.size(); ++t) {
        logits[t] = texts.logits[t * labels + k];
        if (std::ranges::find(texts.truth[t], static_cast<int32_t>(k)) != texts.truth[t].end()) truth[t] = {0};
      }
      const TemperatureFit one = TRY(FitTemperatureMultiLabel(logits, 1, truth));
      fitted = one.reliable;
      if (fitted) own[k] = one.temperature;
    }
    if (!fitted) unfitted.push_back(k);
  }
  if (unfitted.size() == labels) return {};  // all labels share the common temperature
  fit.calibration.temperatures = std::move(own);
  if (!unfitted.empty()) {
    fit.notes.push_back("the labels " + FirstQuotedNames(texts.labels, unfitted, kNamesShown) +
                        " have the temperature 1: for each of them, fewer than " + std::to_string(kEnoughOfLabel) +
                        " texts have it, fewer than " + std::to_string(kEnoughOfLabel) +
                        " lack it, or a temperature of its own cannot be fitted");
  }
  return {};
}

/// A label's log-odds against the rest, of each text; all finite.
std::vector<double> LogOdds(const LabelledLogits& texts, size_t label) {
  const size_t labels = texts.labels.size();
  std::vector<double> scores(texts.truth.size());
  for (size_t t = 0; t < scores.size(); ++t) {
    const auto row = texts.logits.subspan(t * labels, labels);
    scores[t] = static_cast<double>(row[label]);
    if (texts.multi_label || labels == 1) continue;
    double largest = -INFINITY, sum = 0;
    for (size_t k = 0; k < labels; ++k) {
      if (k != label) largest = std::max(largest, static_cast<double>(row[k]));
    }
    for (size_t k = 0; k < labels; ++k) {
      if (k != label) sum += std::exp(static_cast<double>(row[k]) - largest);
    }
    scores[t] -= largest + std::log(sum);
  }
  return scores;
}

Calibration IsotonicCurves(const LabelledLogits& texts) {
  const size_t labels = texts.labels.size();
  const std::vector<uint8_t> targets = TargetsOf(texts);
  Calibration calibration{.method = CalibrationMethod::kIsotonic};
  std::vector<uint8_t> outcomes(texts.truth.size());
  for (size_t k = !texts.multi_label && labels == 2 ? 1 : 0; k < labels; ++k) {
    for (size_t t = 0; t < outcomes.size(); ++t) outcomes[t] = targets[t * labels + k];
    calibration.curves.push_back(FitIsotonic(LogOdds(texts, k), outcomes));
  }
  return calibration;
}

}  // namespace

Result<void> CheckEnoughFor(CalibrationMethod method, std::span<const std::vector<int32_t>> truth,
                            std::span<const std::string> labels, bool multi_label) {
  if (method == CalibrationMethod::kTemperature) return {};
  const std::string name(NameOf(method));
  const auto all = static_cast<int64_t>(truth.size());
  const std::string advice = "calibrate with more held-out texts, or with --calibration temperature";
  if (method == CalibrationMethod::kIsotonic && all < kEnoughForIsotonic) {
    return Fail(ErrorCode::kInvalidData,
                "--calibration isotonic: there are " + std::to_string(all) + " texts for fitting, and at least " +
                    std::to_string(kEnoughForIsotonic) + " are required",
                advice);
  }
  std::vector<size_t> rare;
  const std::vector<int64_t> with = TextsOfLabels(truth, labels.size());
  for (size_t k = 0; k < labels.size(); ++k) {
    if ((multi_label ? std::min(with[k], all - with[k]) : with[k]) < kEnoughOfLabel) rare.push_back(k);
  }
  if (rare.empty()) return {};
  return Fail(ErrorCode::kInvalidData,
              "--calibration " + name + " requires at least " + std::to_string(kEnoughOfLabel) + " texts with" +
                  (multi_label ? " and without" : "") + " each label, but there are fewer for " +
                  FirstQuotedNames(labels, rare, kNamesShown),
              advice);
}

Result<CalibrationFit> FitCalibration(CalibrationMethod method, const LabelledLogits& texts) {
  // The temperature comes first whatever the method: it checks the texts, and vector scaling starts from it.
  const TemperatureFit common = TRY(CommonTemperature(texts));
  TRY(CheckEnoughFor(method, texts.truth, texts.labels, texts.multi_label));
  CalibrationFit fit;
  switch (method) {
    case CalibrationMethod::kTemperature:
      fit.calibration.temperature = common.Usable();
      if (!common.note.empty()) fit.notes.push_back(common.note);
      if (texts.multi_label && texts.labels.size() > 1) TRY(AddLabelTemperatures(texts, fit));
      break;
    case CalibrationMethod::kVector:
      fit.calibration =
          FitVectorScaling(texts.logits, TargetsOf(texts), texts.labels.size(), texts.multi_label, common.Usable());
      break;
    case CalibrationMethod::kIsotonic:
      fit.calibration = IsotonicCurves(texts);
      break;
  }
  return fit;
}

}  // namespace winnow
