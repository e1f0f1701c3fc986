#include "cli/field_options.h"

#include <utility>

namespace winnow {

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
  return table
      .Add("filter", &filters,
           "Keep only the rows that match this condition: lang=en; chars<320 (length of the text); verified (the "
           "field 'verified' is true); several are joined with 'and'")
      .ValueName("EXPR");
}

Option& AddOverwrite(bool& overwrite, OptionTable& table, std::string help) {
  return table.Add("overwrite", &overwrite, std::move(help));
}

}  // namespace winnow
