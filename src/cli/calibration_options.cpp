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

}  // namespace winnow
