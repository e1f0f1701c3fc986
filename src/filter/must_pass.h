/// The must-pass list: messages with the label that a filter must give them, in a JSONL file beside a model.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "filter/message.h"

namespace winnow {

struct MustPassCase {
  FilterMessage message;  ///< `text` and, if the row has them, `sender` and `subject`
  bool spam = false;
  std::string note;
  size_t line = 0;  ///< line of the file, counted from 1
};

inline constexpr size_t kMaxMustPassBytes = size_t{64} << 20;

/// Reads a file with one JSON object per line: {"text", "label": "spam" or "ham", "sender"?, "subject"?, "note"?}.
/// Blank lines are skipped. Errors: kNotFound, kIo; kInvalidData, with the line, for rows that are not such objects,
/// and for a file without any row.
Result<std::vector<MustPassCase>> ReadMustPass(const std::filesystem::path& path);
/// Returns the line of such a file for a case, without a line end.
std::string MustPassLine(const MustPassCase& expected);
/// Parses the contents of such a file; `file` is its name in errors.
Result<std::vector<MustPassCase>> ParseMustPass(std::string_view contents, const std::string& file);

}  // namespace winnow
