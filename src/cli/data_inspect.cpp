
#include "base/json.h"
#include "cli/commands.h"
#include "cli/data_options.h"
#include "cli/output.h"
#include "data/any_labels.h"
#include "data/inspect.h"
#include "pipeline/data_plan.h"

namespace winnow {
namespace {

using DataInspectOptions = DataCommandOptions;

void Describe(DataInspectOptions& options, OptionTable& table) {
  AddReadingOptions(options, table);
  AddLabelOptions(options, table);
  table.Example("winnow data inspect sms.tsv", "rows, labels, lengths, duplicates, scripts and unreadable rows");
}

Result<void> Run(const DataInspectOptions& options) {
  ReadReport report;
  const Dataset dataset = TRY(ReadDatasetOfAnyLabels(options.data, TRY(ReadOptionsOf(options)), report));
  const DataInspection found = Inspect(dataset);
  if (!options.json) return Print(report.Text() + found.Text());
  Json json = found.ToJson();
  json["rows"] = report.rows();
  json["reading"] = report.ToJson();
  return Print(json.dump(2) + "\n");
}

}  // namespace

Command DataInspectCommand() {
  return MakeCommand<DataInspectOptions>("data inspect", "Summarizes a data set and its irregularities.", Describe,
                                         Run);
}

}  // namespace winnow
