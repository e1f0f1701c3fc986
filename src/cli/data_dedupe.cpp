
#include "base/json.h"
#include "base/lines.h"
#include "base/log.h"
#include "base/output_file.h"
#include "cli/commands.h"
#include "cli/data_options.h"
#include "cli/output.h"
#include "data/deduplicate.h"
#include "data/row_writer.h"
#include "data/rows.h"
#include "pipeline/data_plan.h"

namespace winnow {
namespace {

struct DataDedupeOptions : DataCommandOptions {
  std::filesystem::path output;
};

void Describe(DataDedupeOptions& options, OptionTable& table) {
  AddReadingOptions(options, table);
  AddLabelOptions(options, table);
  table.Group("Output");
  table.Add("output", &options.output, "File for the rows that are kept, with all fields; .tsv, .csv or .jsonl")
      .ValueName("FILE")
      .Required()
      .Short('o');
  table.Describe(
      "Texts are duplicates if they differ only in case, white space, character width and invisible characters. The "
      "first row of each text is kept. If the rows of a text have different labels, the most frequent label is kept; "
      "if there is a tie, the text is dropped. 'winnow train' removes duplicates automatically.");
  table.Example("winnow data dedupe a.tsv b.tsv --output all.tsv", "merge two files, with each text once");
}

Result<void> Run(const DataDedupeOptions& options) {
  RowWriter writer = TRY(RowWriter::For(options.output));
  const std::vector<std::filesystem::path> files = TRY(DataFilesOf(options));
  TRY(CheckReadTwice(files));
  TRY(CheckOutputFile(options.output, files));
  const ReadOptions read = TRY(ReadOptionsOf(options));
  ReadReport report;
  Dataset dataset = TRY(ReadDataset(files, read, report));
  for (const std::string& line : Lines(report.Text())) LogInfo("{}", line);
  const DedupeReport duplicates = Deduplicate(dataset);
  std::map<RowPlace, size_t> places;
  for (const Example& example : dataset.examples) places.emplace(RowPlace{example.file, example.row}, 0);
  TRY(ForRowsOf(files, read, places, [&](size_t, std::span<const Field> fields) { writer.Add(fields); }));
  for (const std::string& name : writer.left_out())
    LogWarning("the field '{}' contains JSON objects and is not written to the output", name);
  TRY(writer.Write());
  if (!options.json) return Print(duplicates.Text());
  Json json = duplicates.ToJson();
  json["output"] = options.output.string();
  return Print(json.dump(2) + "\n");
}

}  // namespace

Command DataDedupeCommand() {
  return MakeCommand<DataDedupeOptions>("data dedupe", "Removes duplicate texts and texts with contradictory labels.",
                                        Describe, Run);
}

}  // namespace winnow
