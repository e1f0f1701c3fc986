#include "cli/field_options.h"

#include <utility>

namespace winnow {

Option& AddTextField(std::string& field, OptionTable& table) {
  return table.Add("text-field", &field, "Column or key of the text").ValueName("NAME").Default("found by name");
}

Option& AddLabelField(std::vector<std::string>& fields, OptionTable& table) {
  return table
      .Add("label-field", &fields, "Column or key of the label; several name the 0/1 columns of a multi-label set")
      .ValueName("NAME")
      .Default("found by name");
}

Option& AddFilter(std::vector<std::string>& filters, OptionTable& table) {
  return table.Add("filter", &filters, "Keep the rows of which this is true: execution_success, lang=en, chars<320")
      .ValueName("EXPR");
}

Option& AddOverwrite(bool& overwrite, OptionTable& table, std::string help) {
  return table.Add("overwrite", &overwrite, std::move(help));
}

}  // namespace winnow
