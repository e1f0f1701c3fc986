/// The outcome of reading files: rows kept, rows dropped with the reasons, and examples with their positions.
#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace winnow {

enum class DropReason { kUnreadable, kEmptyText, kNoLabel, kUnknownLabel, kFiltered };
inline constexpr size_t kDropReasons = 5;

/// Returns a description of the reason for reports: "unreadable row".
std::string_view DropReasonText(DropReason reason);

struct FileReport {
  std::string file;
  std::string description;  ///< format of the file: "CSV, 2 columns, with a header"
  std::string text_field;
  std::vector<std::string> label_fields;
  /// Names of the positions of multi-hot vectors in the label field, before the label map; empty if it contains labels.
  std::vector<std::string> positions = {};
  size_t rows = 0;  ///< all rows, kept or dropped
  size_t kept = 0;
  std::array<size_t, kDropReasons> dropped{};
  size_t invalid_bytes = 0;  ///< bytes that were not UTF-8 and were replaced by U+FFFD
  size_t first_invalid_line = 0;
  size_t texts_with_nul = 0;  ///< texts that contain NUL characters, which are kept
  bool gzip = false;
  std::vector<std::string> notes = {};  ///< what was assumed about the file or noticed in it, as sentences

  size_t Dropped(DropReason reason) const { return dropped[static_cast<size_t>(reason)]; }
};

struct ReadReport {
  std::vector<FileReport> files;
  std::map<std::string, size_t> label_counts;    ///< number of kept rows, by label
  std::map<std::string, size_t> unknown_labels;  ///< number of rows with labels that are not in known_labels, by label
  size_t unknown_label_texts = 0;                ///< number of rows with unknown labels that were not dropped
  bool unknown_labels_are_errors = false;        ///< true if these rows are kept, and count as errors
  std::vector<std::string> known_labels;         ///< the labels that rows may have, if these were specified
  std::string labels_source;                     ///< what specified known_labels, such as "--labels"
  std::vector<std::string> warnings;
  std::vector<std::string> examples;  ///< "data.csv, line 7: 3 columns instead of 2": the first few dropped rows
  static constexpr size_t kMaxExamples = 10;  ///< maximum number of examples per reason and file

  size_t rows() const;
  size_t kept() const;
  size_t Dropped(DropReason reason) const;

  /// Returns a few lines for people, each with a line end.
  std::string Text() const;
  /// Returns one JSON object for machines.
  Json ToJson() const;
};

}  // namespace winnow
