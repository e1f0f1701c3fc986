#include "cli/field_options.h"

#include <utility>

namespace winnow {
namespace {

constexpr char kFilterHelp[] =
    "Keep only the rows that satisfy all conditions, joined with 'and': lang=en, lang!=en, chars<320 (length of the "
    "text; also <=, > and >=), verified (the field 'verified' is true), !verified (it is not)";

}  // namespace

Option& AddTextField(std::string& field, OptionTable& table) {
  return table.Add("text-field", &field, "Name of the text field: a column, or a JSON key")
      .ValueName("NAME")
      .Default("the field with a usual name, such as text");
}

Option& AddLabelField(std::vector<std::string>& fields, OptionTable& table) {
  return table
      .Add("label-field", &fields,
           "Name of the label field: a column, or a JSON key; several names stand for the 0/1 columns of "
           "multi-label data")
      .ValueName("NAME")
      .Default("the field with a usual name, such as label");
}

Option& AddFilter(std::vector<std::string>& filters, OptionTable& table) {
  return table.Add("filter", &filters, kFilterHelp).ValueName("EXPR").Undivided();  // quoted values may have commas
}

Option& AddFilter(std::string& filter, OptionTable& table) {
  return table.Add("filter", &filter, kFilterHelp).ValueName("EXPR").Undivided();
}

void AddFormatOptions(FormatOptions& format, OptionTable& table, std::string format_name) {
  constexpr const char* kDetected = "detected for each file";
  table.Add(std::move(format_name), &format.format, "Format of the data files; lines: each line is an unlabelled text")
      .OneOf({"csv", "tsv", "jsonl", "json", "fasttext", "lines"})
      .Default(kDetected);
  table.Add("delimiter", &format.delimiter, "Field delimiter of CSV and TSV files: one character, or the word tab")
      .ValueName("CHAR")
      .Default(kDetected);
  table
      .Add("quoting", &format.quoting,
           "Quotes in tables. csv: quotes enclose fields; none: quotes are characters of the text")
      .OneOf({"csv", "none"})
      .Default(kDetected);
  table.Add("no-header", &format.no_header, "The first row of a table is data; columns are named 1, 2 and so on");
  table.Add("encoding", &format.encoding, "Character encoding of the data files")
      .OneOf({"utf-8", "utf-16le", "utf-16be", "windows-1252", "latin-1"},
             {{"utf8", "utf-8"}, {"cp1252", "windows-1252"}, {"latin1", "latin-1"}, {"iso-8859-1", "latin-1"}})
      .Default(kDetected);
}

void AddUnknownLabels(UnknownLabels& unknown, OptionTable& table) {
  table.AddChoice(
      "unknown-labels", &unknown,
      {{"error", UnknownLabels::kError}, {"refuse", UnknownLabels::kRefuse}, {"drop", UnknownLabels::kDrop}},
      "Texts whose label the model does not have. error: count them as misclassified; refuse: stop "
      "with an error message; drop: leave them out");
}

std::string_view NameOf(UnknownLabels unknown) {
  switch (unknown) {
    case UnknownLabels::kRefuse:
      return "refuse";
    case UnknownLabels::kDrop:
      return "drop";
    case UnknownLabels::kError:
      break;
  }
  return "error";
}

Option& AddOverwrite(bool& overwrite, OptionTable& table, std::string help) {
  return table.Add("overwrite", &overwrite, std::move(help));
}

Option& AddModelVersion(std::optional<std::string>& version, OptionTable& table, std::string otherwise) {
  return table
      .Add("model-version", &version,
           "Semantic version of the model, such as 1.2.0; it is shown by the server and written into the files of the "
           "bundle")
      .ValueName("X.Y.Z")
      .Default(std::move(otherwise));
}

Option& AddKeepData(bool& keep_data, OptionTable& table) {
  return table.Add("keep-data", &keep_data,
                   "Copy the calibration set (calibration.jsonl), which contains texts of your data, to --output");
}

}  // namespace winnow
