/// calibration.jsonl: the calibration set that a bundle contains, one JSON object per line with the keys "text" and
/// "label" (a name, or a list of names in a multi-label set). This header is the only place that knows the file's name
/// and format.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace winnow {

inline constexpr char kCalibrationTextsFile[] = "calibration.jsonl";

struct CalibrationText {
  std::string text;  ///< text as the model reads it: the template has been applied, and segments are divided
  std::vector<std::string> labels = {};  ///< names of the labels
  size_t line = 0;                       ///< 1-based line number in the file; not written
};

/// Reads the file. Labels are not compared with those of the model. Errors: kNotFound, with advice; kIo; kInvalidData
/// for a line (which the message names) that is not such an object, and for a file without texts.
Result<std::vector<CalibrationText>> ReadCalibrationTexts(const std::filesystem::path& file);

/// Writes the file into a bundle, atomically. Each text of a single-label set has one label. Errors: kIo.
Result<void> WriteCalibrationTexts(const std::filesystem::path& bundle, std::span<const CalibrationText> texts,
                                   bool multi_label);

}  // namespace winnow
