#include "cli/field_options.h"

#include <utility>

namespace winnow {

Option& AddTextField(std::string& field, OptionTable& table) {
  return table.Add("text-field", &field, "Name of the text field: a column, or a JSON key")
      .ValueName("NAME")
      .Default("found by name");
}

Option& AddLabelField(std::vector<std::string>& fields, OptionTable& table) {
  return table
      .Add("label-field", &fields,
           "Name of the label field: a column, or a JSON key; several names stand for the 0/1 columns of "
           "multi-label data")
      .ValueName("NAME")
      .Default("found by name");
}

Option& AddFilter(std::vector<std::string>& filters, OptionTable& table) {
  return table
      .Add("filter", &filters, "Keep only the rows that match this condition: execution_success, lang=en, chars<320")
      .ValueName("EXPR");
}

Option& AddOverwrite(bool& overwrite, OptionTable& table, std::string help) {
  return table.Add("overwrite", &overwrite, std::move(help));
}

}  // namespace winnow
