#include "cli/gate_options.h"

namespace winnow {

void AddGateOptions(GateBounds& bounds, std::optional<std::filesystem::path>& must_pass,
                    std::optional<std::filesystem::path>& report, OptionTable& table) {
  table.Group("Gate");
  table
      .Add("alpha", &bounds.alpha,
           "p-value of McNemar's exact test below which a lower accuracy is not taken for chance")
      .Range(0, 1);
  table.Add("max-fpr", &bounds.max_fpr, "Largest false-positive rate on the test texts")
      .Range(0, 1)
      .Default("the one that the thresholds of the present model guarantee");
  table
      .Add("max-slice-drop", &bounds.max_slice_drop,
           "Largest drop of the accuracy in a slice of the test texts (length, language, source), unless it may be "
           "chance")
      .Range(0, 1);
  table
      .Add("must-pass", &must_pass,
           "Messages that the new model must decide as the file says: JSON lines with text and label, spam or ham")
      .ValueName("FILE");
  table.Add("report", &report, "Write the report of the gate into DIR: gate.html and gate.json").ValueName("DIR");
}

}  // namespace winnow
