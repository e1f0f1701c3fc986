#include "cli/calibration_options.h"

#include <string>
#include <utility>
#include <vector>

namespace winnow {

void AddCalibrationOptions(CalibrationOptions& options, OptionTable& table, bool of_a_bundle) {
  std::vector<std::pair<std::string, CalibrationChoice>> choices = {{"temperature", CalibrationChoice::kTemperature},
                                                                    {"vector", CalibrationChoice::kVector},
                                                                    {"isotonic", CalibrationChoice::kIsotonic},
                                                                    {"none", CalibrationChoice::kNone}};
  if (of_a_bundle) choices.emplace_back("keep", CalibrationChoice::kKeep);
  table.AddChoice(
      "calibration", &options.calibration, std::move(choices),
      "How probabilities are calibrated. temperature: one number (multi-label: one per label); vector: "
      "scale and bias per label (requires 10 texts per label); isotonic: a curve per label (requires 1000 texts); "
      "none: no calibration" +
          std::string(of_a_bundle ? "; keep: the present calibration of the model" : ""));
  table
      .Add(
          "max-fpr", &options.max_fpr,
          "Choose the decision thresholds so that the false-positive rate is at most X in the moderate "
          "mode, 2X in the strict mode (which flags more texts) and X/2 in the lenient mode, or the smallest bound that "
          "the number of negatives allows; multi-label: for each label")
      .MoreThan(0)
      .Range(0, 0.499)
      .Default(of_a_bundle ? "no guarantee; the thresholds stay as they are"
                           : "no guarantee; the thresholds are 0.3, 0.5 and 0.7");
  table.Add("confidence", &options.confidence, "Confidence level of the guarantees, such as the one of --max-fpr")
      .MoreThan(0)
      .Range(0, 0.999999);
  if (!of_a_bundle) return;
  table
      .Add("max-error", &options.max_error,
           "Abstain from uncertain predictions, for review by a person, so that at most this share of all texts gets "
           "a wrong prediction that is not marked as an abstention")
      .MoreThan(0)
      .Range(0, 0.999)
      .Default("no abstention");
}

}  // namespace winnow
