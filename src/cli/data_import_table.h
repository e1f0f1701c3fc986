/// `winnow data import` of databases: the rows of a query, as training data and as feedback.
#pragma once

#include <filesystem>
#include <string>

#include "base/options.h"
#include "base/result.h"

namespace winnow {

struct TableImportOptions {
  std::string source;
  std::string query;
  std::string text_field, label_field;
  std::string true_label = "spam", false_label = "ham";
  std::filesystem::path output;  ///< empty: none
  std::string store;             ///< URL of a store; empty: none
  std::string feedback_type = "admin";
};

/// Writes the rows to the output and adds them to the store. Prints their number, as JSON if `json` is true. Errors:
/// kInvalidArgument without an output and a store; kInvalidData if no row has a text and a label; those of reading and
/// writing.
Result<void> ImportTable(const TableImportOptions& options, bool json);

/// Adds all options but --output, with a description and examples.
void AddTableImportOptions(TableImportOptions& options, OptionTable& table);

}  // namespace winnow
