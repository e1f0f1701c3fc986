#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "base/interrupt.h"
#include "base/json.h"
#include "base/lines.h"
#include "base/log.h"
#include "base/output_file.h"
#include "base/progress.h"
#include "base/shell.h"
#include "cli/commands.h"
#include "cli/data_options.h"
#include "cli/given_options.h"
#include "cli/output.h"
#include "data/label_names.h"
#include "data/row_writer.h"
#include "data/rows.h"
#include "doctor/doctor.h"
#include "doctor/review.h"
#include "doctor/set_labels.h"
#include "pipeline/data_plan.h"

namespace winnow {
namespace {

struct DataDoctorOptions : DataCommandOptions {
  const OptionTable* table = nullptr;  // that fills the struct
  std::optional<std::filesystem::path> validation, test;
  DoctorOptions doctor;
  std::optional<std::filesystem::path> output;
  std::optional<std::filesystem::path> fix;
};

void Describe(DataDoctorOptions& options, OptionTable& table) {
  options.table = &table;
  AddReadingOptions(options, table);
  AddLabelOptions(options, table);
  table.Add("validation", &options.validation, "Validation texts, to be checked for leaks").ValueName("FILE");
  table.Add("test", &options.test, "Test texts, to be checked for leaks").ValueName("FILE");
  table.Group("Checks");
  table
      .Add("near", &options.doctor.near,
           "Minimum similarity of near-duplicates: the Jaccard similarity of their sets of character 5-grams")
      .Range(0.1, 1);
  table
      .Add("folds", &options.doctor.folds,
           "Number of cross-validation folds in which a linear model looks for label errors")
      .Range(2, 20);
  table
      .Add("suspects", &options.doctor.suspects,
           "List possible label errors, most suspicious first: at least this share of the texts, or all "
           "texts with whose labels the linear model disagrees if these are fewer")
      .Range(0, 1);
  table.Add("seed", &options.doctor.seed, "Random seed of the folds");
  table.Group("Output");
  table
      .Add("output", &options.output,
           "File for the findings, most serious first, for review in a spreadsheet; with --fix, file for the "
           "corrected rows with all fields; .csv, .tsv or .jsonl")
      .ValueName("FILE")
      .Short('o');
  table.Add("fix", &options.fix, "Reviewed findings whose column 'fix' is filled in with a label, drop or keep")
      .ValueName("REVIEW");
  table.Describe(
      "Finds duplicates and near-duplicates within a part, and leaks between parts; texts with "
      "contradictory labels; probable label errors, by confident learning; classes that are too small, or "
      "that have two names; broken characters, unusual scripts and lengths.");
  table.Describe(
      "A fix is one of: an existing label (multi-label: also several, 'a; b', or '(none)'), 'label:NAME' for a new "
      "label, 'drop', or 'keep'. If a finding is about a label instead of a text, its fix applies to all texts with "
      "that label. Rows without a fix are not changed. A cell that a spreadsheet would interpret as a formula is "
      "prefixed with an apostrophe, which --fix removes. Pass the same options of the group Data when you write the "
      "findings and when you apply the fixes.");
  table.Example("winnow data doctor mail.csv --test held-out.csv --output review.csv", "write the findings for review");
  table.Example("winnow data doctor mail.csv --fix review.csv --output corrected.csv", "apply the reviewed fixes");
}

/// The texts of all files in one set, so that a label has the same id in all parts.
struct DoctorInput {
  std::vector<std::filesystem::path> files;
  std::vector<std::pair<std::string, DataPart>> held_out;
  Dataset dataset;
  ReadReport report;

  std::vector<DataPart> Parts() const {
    std::vector<DataPart> parts;
    for (const Example& example : dataset.examples) {
      DataPart part = DataPart::kTrain;
      for (const auto& [file, of] : held_out) part = example.file == file ? of : part;
      parts.push_back(part);
    }
    return parts;
  }
};

Result<DoctorInput> Read(const DataDoctorOptions& options) {
  DoctorInput input{
      .files = TRY(DataFilesOf(options, options.fix.has_value())), .held_out = {}, .dataset = {}, .report = {}};
  const auto add = [&](const std::optional<std::filesystem::path>& file, DataPart part) -> Result<void> {
    if (!file) return {};
    if (std::ranges::find(input.files, *file) != input.files.end()) {
      return Fail(ErrorCode::kInvalidArgument, file->string() + ": a file cannot be used for two parts",
                  "specify a different file for each part");
    }
    input.files.push_back(*file);
    input.held_out.emplace_back(file->string(), part);
    return {};
  };
  if (!options.fix) {
    TRY(add(options.validation, DataPart::kValidation));
    TRY(add(options.test, DataPart::kTest));
  }
  if (options.output) {
    std::vector<std::filesystem::path> inputs = input.files;
    if (options.fix) inputs.push_back(*options.fix);
    TRY(CheckOutputFile(*options.output, inputs));
  }
  input.dataset = TRY(ReadDataset(input.files, TRY(ReadOptionsOf(options)), input.report));
  for (const std::string& line : Lines(input.report.Text())) LogInfo("{}", line);
  return input;
}

/// Returns the command that applies the fixes: the data and how they are read are the same.
std::string FixCommand(const DataDoctorOptions& options) {
  std::vector<std::string> line = {"winnow", "data", "doctor"};
  for (const std::filesystem::path& file : options.data) line.push_back(file.string());
  for (const OptionSummary& option : options.table->Summaries()) {
    constexpr std::string_view kOfLabels[] = {"template", "problem-type", "labels", "label-map"};
    const bool reads = std::ranges::find(kReadingOptionNames, option.name) != std::ranges::end(kReadingOptionNames) ||
                       std::ranges::find(kOfLabels, option.name) != std::ranges::end(kOfLabels);
    if (!reads || option.values.empty()) continue;
    for (const std::string& value : option.values) {
      bool on = true;
      if (option.flag && ParseOptionValue(value, on) && !on) continue;
      line.push_back("--" + option.name);
      if (!option.flag) line.push_back(value);
    }
  }
  line.insert(line.end(),
              {"--fix", options.output->string(), "--output", "corrected" + options.output->extension().string()});
  return ShellLine(line);
}

Result<void> PrintJson(const Json& json) { return Print(json.dump(2) + "\n"); }

Result<void> CheckData(const DataDoctorOptions& options) {
  if (options.output) TRY(RowWriter::For(*options.output));
  const DoctorInput input = TRY(Read(options));
  ThreadPool pool(options.threads);
  std::unique_ptr<ProgressBar> bar;
  const DoctorProgress progress = [&](std::string_view work, size_t steps) {
    if (bar) bar->Finish();
    bar = std::make_unique<ProgressBar>(std::string(work), static_cast<int64_t>(steps));
    return [&](size_t done) { bar->Advance(static_cast<int64_t>(done)); };
  };
  const DataQualityReport found = TRY(CheckDataQuality(input.dataset, input.Parts(), options.doctor, pool, progress));
  if (bar) bar->Finish();
  if (options.output) TRY(WriteReview(*options.output, input.dataset, found.findings));
  if (options.json) {
    Json json = DataQualityJson(found, input.dataset);
    if (options.output) json["output"] = options.output->string();
    json["reading"] = input.report.ToJson();
    return PrintJson(json);
  }
  std::string text = DataQualityText(found, input.dataset);
  if (options.output) {
    text += fmt::format(
        "\nnext: open {}, fill in its column 'fix' (a label, drop or keep), save it in its format, and run\n  {}\n",
        options.output->string(), FixCommand(options));
  } else if (!found.findings.empty()) {
    text += "\nnext: add --output review.csv to write all findings into a table for review\n";
  }
  return Print(text);
}

/// Returns how the rows of a file have their labels, by the names that the data set has for them.
LabelForm FormOf(const FileReport& file, const ReadOptions& read) {
  LabelForm form = {.fields = file.label_fields,
                    .positions = file.label_fields.size() > 1 ? file.label_fields : file.positions,
                    .divided = read.problem_type == ProblemType::kMulti};
  for (std::string& name : form.positions) {
    const std::string key = LabelKey(name);
    const auto mapped = std::ranges::find(read.label_map, key, [](const auto& entry) { return LabelKey(entry.first); });
    if (mapped != read.label_map.end()) name = mapped->second;
  }
  return form;
}

/// Writes the rows of DATA with the changes that the review asks for.
Result<void> ApplyFixes(const DataDoctorOptions& options) {
  if (!options.output) {
    return Fail(ErrorCode::kInvalidArgument, "--fix requires --output, because data files are never changed in place",
                "specify a file for the corrected rows");
  }
  RowWriter writer = TRY(RowWriter::For(*options.output));
  const DoctorInput input = TRY(Read(options));
  const Dataset& dataset = input.dataset;
  const Fixes fixes = TRY(ReadReview(*options.fix, dataset));
  for (const Example& example : dataset.examples) {
    if (example.shares.empty()) continue;
    return Fail(ErrorCode::kInvalidArgument, PlaceText(example) + ": soft labels cannot be corrected",
                "convert them to hard labels first");
  }
  const ReadOptions read = TRY(ReadOptionsOf(options));
  std::map<std::string, LabelForm> forms;
  for (const FileReport& file : input.report.files) forms[file.file] = FormOf(file, read);
  std::map<RowPlace, size_t> places;
  for (size_t t = 0; t < dataset.examples.size(); ++t) {
    if (fixes.of_text[t].kind == Fix::Kind::kDrop) continue;
    places.emplace(RowPlace{dataset.examples[t].file, dataset.examples[t].row}, t);
  }
  Result<void> mended;
  TRY(ForRowsOf(input.files, read, places, [&](size_t t, std::span<const Field> fields) {
    std::vector<Field> row(fields.begin(), fields.end());
    if (mended && fixes.of_text[t].kind == Fix::Kind::kRelabel) {
      mended = SetLabels(row, forms[dataset.examples[t].file], fixes.of_text[t].labels);
      if (!mended) mended.error().message = PlaceText(dataset.examples[t]) + ": " + mended.error().message;
    }
    writer.Add(row);
  }));
  TRY(mended);
  for (const std::string& name : writer.left_out())
    LogWarning("the field '{}' contains JSON objects and is not written to the output", name);
  for (const std::string& label : fixes.new_labels) LogWarning("'{}' is a new label", label);
  if (fixes.elsewhere > 0) {
    LogWarning("{} fixes refer to files that are not in DATA and were not applied: add these files to DATA",
               fixes.elsewhere);
  }
  TRY(writer.Write());
  if (options.json) {
    return PrintJson({{"output", options.output->string()},
                      {"rows", writer.rows()},
                      {"relabelled", fixes.relabelled},
                      {"dropped", fixes.dropped},
                      {"answered", fixes.answered},
                      {"unanswered", fixes.unanswered},
                      {"kept", fixes.kept},
                      {"elsewhere", fixes.elsewhere},
                      {"new_labels", fixes.new_labels}});
  }
  return Print(fmt::format(
      "{}: {} rows; {} relabelled, {} dropped; {} findings with a fix ({} of them 'keep'), {} without a fix\n",
      options.output->string(), writer.rows(), fixes.relabelled, fixes.dropped, fixes.answered, fixes.kept,
      fixes.unanswered));
}

Result<void> Run(const DataDoctorOptions& options) {
  HandleInterrupts();
  OptionEffects(options.table)
      .Check(!options.fix, {"validation", "test", "near", "folds", "suspects", "seed"}, "with --fix")
      .Log();
  return options.fix ? ApplyFixes(options) : CheckData(options);
}

}  // namespace

Command DataDoctorCommand() {
  return MakeCommand<DataDoctorOptions>("data doctor", "Finds defects in a data set and corrects them.", Describe, Run);
}

}  // namespace winnow
