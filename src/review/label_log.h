/// The log of a review: every decision in order, one line each, from which the state is rebuilt. Lines are appended and
/// fsynced before the decision is acknowledged, so that a crash loses only what nobody was told about.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace winnow {

/// One decision about a text.
struct LabelDecision {
  size_t item = 0;
  std::optional<std::string> label = {};  ///< nothing: skipped
  bool blind = false;                     ///< drawn at random and shown without a suggestion
};

/// One line of the log: labels by a reviewer, the withdrawal of a reviewer's last decision, new labels, or a
/// measurement.
struct LogEntry {
  enum class Kind { kLabels, kUndo, kAddLabels, kEstimate };
  Kind kind = Kind::kLabels;
  std::string reviewer = {};
  std::vector<LabelDecision> decisions = {};
  std::vector<std::string> add = {};  ///< names of new labels
  size_t labelled = 0;                ///< number of labels at the time of a measurement
  double f1_macro = 0;                ///< result of a measurement
  int64_t time = 0;                   ///< seconds since 1970

  Json ToJson() const;
  /// Errors: kInvalidData.
  static Result<LogEntry> FromJson(const Json& json);
};

/// Appends a line (AppendLine of base/files.h). Errors: kIo.
Result<void> AppendEntry(const std::filesystem::path& file, const LogEntry& entry);

/// Calls `take` with each entry in order. A last line without an end is one that a crash cut off, and was never
/// acknowledged: it is left out. Errors: kInvalidData, naming the line, for one that is not an entry; kIo.
Result<void> ReadEntries(const std::filesystem::path& file, const std::function<Result<void>(const LogEntry&)>& take);

}  // namespace winnow
