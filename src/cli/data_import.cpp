#include <fstream>

#include "cli/commands.h"
#include "cli/data_import_mail.h"
#include "cli/data_import_table.h"

namespace winnow {
namespace {

struct DataImportOptions : CommonOptions {
  MailImportOptions mail;
  TableImportOptions table;
};

void Describe(DataImportOptions& options, OptionTable& table) {
  table
      .AddPositional("source", &options.mail.sources,
                     "Messages: .eml files, mbox files, Maildir directories, or directories of these. With --query a "
                     "database: a SQLite file, sqlite:///path, or postgres://user@host/database")
      .ValueName("SOURCE")
      .Required();
  AddMailImportOptions(options.mail, table);
  AddTableImportOptions(options.table, table);
}

/// Recognizes URLs, and SQLite files by their first bytes (https://www.sqlite.org/fileformat.html, section 1.3).
bool IsDatabase(const std::string& source) {
  if (source.starts_with("sqlite:") || source.find("://") != std::string::npos) return true;
  std::string begin(15, '\0');
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(source, ignored)) return false;
  std::ifstream(source, std::ios::binary).read(begin.data(), static_cast<std::streamsize>(begin.size()));
  return begin == "SQLite format 3";
}

Result<void> Run(const DataImportOptions& options) {
  const auto wrong = [](const char* message, const char* advice) {
    return Fail(ErrorCode::kInvalidArgument, message, advice);
  };
  constexpr char kAddQuery[] = "add --query 'SELECT ...' for a database, or omit the option";
  const std::string source = options.mail.sources.front().string();
  if (options.table.query.empty()) {
    if (IsDatabase(source))
      return wrong("a database as the source requires --query 'SELECT ...'",
                   "select a column of texts and one of labels");
    if (!options.table.store.empty()) return wrong("--store requires --query", kAddQuery);
    if (!options.table.text_field.empty() || !options.table.label_field.empty())
      return wrong("--text-field and --label-field require --query", kAddQuery);
    if (options.mail.output.empty()) return wrong("--output is required", "specify a file: .jsonl, .csv or .tsv");
    return ImportMail(options.mail, options.json);
  }
  if (options.mail.sources.size() > 1)
    return wrong("--query cannot be combined with several sources", "import one database after the other");
  if (!options.mail.label.empty() || options.mail.label_by_folder)
    return wrong("--query cannot be combined with --label or --label-by-folder",
                 "have the query select the label: SELECT text, 'spam' AS label ...");
  TableImportOptions table = options.table;
  table.source = source;
  table.output = options.mail.output;
  return ImportTable(table, options.json);
}

}  // namespace

Command DataImportCommand() {
  return MakeCommand<DataImportOptions>("data import", "Makes training data of messages and of rows of databases.",
                                        Describe, Run);
}

}  // namespace winnow
