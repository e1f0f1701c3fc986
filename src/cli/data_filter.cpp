#include <fmt/format.h>

#include "base/interrupt.h"
#include "base/json.h"
#include "base/lines.h"
#include "base/log.h"
#include "base/output_file.h"
#include "base/progress.h"
#include "cli/commands.h"
#include "cli/data_options.h"
#include "cli/output.h"
#include "data/row_writer.h"
#include "data/rows.h"
#include "pipeline/data_plan.h"
#include "text/text_parts.h"

namespace winnow {
namespace {

struct DataFilterOptions : DataCommandOptions {
  std::filesystem::path output;
  uint64_t min_chars = 1;
  std::optional<uint64_t> max_chars;
};

void Describe(DataFilterOptions& options, OptionTable& table) {
  AddReadingOptions(options, table);
  AddLabelOptions(options, table, "The labels, as a JSON file or a list of names, in the order of multi-hot vectors");
  table.Add("min-chars", &options.min_chars, "Minimum length of a text in characters");
  table.Add("max-chars", &options.max_chars, "Maximum length of a text in characters").Default("no maximum");
  table.Group("Output");
  table.Add("output", &options.output, "File for the rows that are kept, with all fields; .tsv, .csv or .jsonl")
      .ValueName("FILE")
      .Required()
      .Short('o');
  table.Describe(
      "Texts are preserved exactly, including tabs, quotes and line breaks. In a TSV file, fields are quoted as in "
      "CSV only if at least one field requires it; the header is then quoted too.");
  table.Example("winnow data filter mail.jsonl --max-chars 320 --output short.tsv",
                "texts of the length of short messages");
  table.Example("winnow data filter all.csv --filter 'lang=en and label!=unsure' --output english.csv",
                "filter rows by their fields");
}

Result<void> Run(const DataFilterOptions& options) {
  HandleInterrupts();
  const std::vector<std::filesystem::path> files = TRY(DataFilesOf(options, /*twice=*/false));
  RowWriter writer = TRY(RowWriter::For(options.output));
  TRY(CheckOutputFile(options.output, files));
  size_t blank = 0;
  size_t too_short = 0;
  size_t too_long = 0;
  ReadReport report;
  TRY(ForEachRow(files, TRY(ReadOptionsOf(options)), report, [&](const Row& row) -> Result<void> {
    TRY(CheckInterrupted());
    const size_t chars = CountCodePoints(row.text);
    if (IsBlank(row.text)) {
      ++blank;
    } else if (chars < options.min_chars) {
      ++too_short;
    } else if (options.max_chars && chars > *options.max_chars) {
      ++too_long;
    } else {
      writer.Add(row.fields);
    }
    return {};
  }));
  for (const std::string& line : Lines(report.Text())) LogInfo("{}", line);
  for (const std::string& name : writer.left_out())
    LogWarning("the field '{}' contains JSON objects and is not written to the output", name);
  if (writer.rows() == 0) {
    return Fail(
        ErrorCode::kInvalidData,
        fmt::format("none of {} rows is kept, so no file is written", FormatCount(static_cast<int64_t>(report.rows()))),
        "check --filter, --min-chars and --max-chars");
  }
  TRY(writer.Write());
  const size_t filtered = report.Dropped(DropReason::kFiltered);
  if (options.json) {
    return Print(Json{{"output", options.output.string()},
                      {"rows", report.rows()},
                      {"kept", writer.rows()},
                      {"filtered", filtered},
                      {"too_short", too_short},
                      {"too_long", too_long},
                      {"empty_text", blank + report.Dropped(DropReason::kEmptyText)},
                      {"no_label", report.Dropped(DropReason::kNoLabel)},
                      {"unreadable", report.Dropped(DropReason::kUnreadable)}}
                     .dump() +
                 "\n");
  }
  return Print(
      fmt::format("{}: {} of {} rows; dropped {} by --filter, {} too short, {} too long, {} empty, {} without "
                  "a label, {} unreadable\n",
                  options.output.string(), writer.rows(), report.rows(), filtered, too_short, too_long,
                  blank + report.Dropped(DropReason::kEmptyText), report.Dropped(DropReason::kNoLabel),
                  report.Dropped(DropReason::kUnreadable)));
}

}  // namespace

Command DataFilterCommand() {
  return MakeCommand<DataFilterOptions>("data filter", "Filters rows by text length and by field values.", Describe,
                                        Run);
}

}  // namespace winnow
