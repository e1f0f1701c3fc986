/// `winnow data import` of messages: .eml and mbox files, Maildir directories.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/options.h"
#include "base/result.h"

namespace winnow {

struct MailImportOptions {
  std::vector<std::filesystem::path> sources;
  std::filesystem::path output;
  std::string label;             ///< label of all messages; empty: none
  bool label_by_folder = false;  ///< the name of the folder is the label
};

/// Writes a row per message, with the fields subject, body, from, sender, to, text and, if there is one, label. Prints
/// the number of rows, as JSON if `json` is true. Errors: kInvalidArgument for two kinds of labels or an unknown
/// extension of the output; kInvalidData if there is no message, or one without a folder; those of reading and writing.
Result<void> ImportMail(const MailImportOptions& options, bool json);

/// Adds --output, --label and --label-by-folder, with a description and examples.
void AddMailImportOptions(MailImportOptions& options, OptionTable& table);

}  // namespace winnow
