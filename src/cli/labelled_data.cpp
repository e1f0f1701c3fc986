#include "cli/labelled_data.h"

#include "cli/field_options.h"
#include "pipeline/data_plan.h"

namespace winnow {

void AddLabelledDataOptions(LabelledDataOptions& options, OptionTable& table) {
  table.Group("Data");
  AddTextField(options.reading.text_field, table);
  AddLabelField(options.reading.label_field, table);
  AddFilter(options.reading.filter, table);
  AddFormatOptions(options.reading.format, table);
  AddUnknownLabels(options.reading.unknown_labels, table);
  table.Group("Decision");
  AddModeOption(options.mode, table);
  AddWeightsOption(options.weights, table);
}

std::string FilterOf(const LabelledDataOptions& options) { return ReadOptionsOf(options.reading).filter; }

}  // namespace winnow
