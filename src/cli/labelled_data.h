/// Labelled texts as a model that exists already reads them: the options of `winnow evaluate` and `winnow compare`.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "classify/bundle_classifier.h"
#include "cli/command.h"
#include "data/dataset.h"

namespace winnow {

struct LabelledDataOptions : CommonOptions {
  std::string text_field;                // empty: found by name
  std::vector<std::string> label_field;  // empty: found by name; several: 0/1 columns of a multi-label set
  std::vector<std::string> filter;
  Mode mode = Mode::kModerate;
  Weights weights = Weights::kAuto;
};

/// The groups "Data" and "Decision".
void AddLabelledDataOptions(LabelledDataOptions& options, OptionTable& table);

/// The conditions of --filter as one.
std::string FilterOf(const LabelledDataOptions& options);

/// Reads texts by the bundle's template, with the bundle's labels in its order; rows with other labels are left out and
/// counted in `report`. Errors: ReadDataset's.
Result<Dataset> ReadLabelledData(const BundleClassifier& classifier, std::span<const std::filesystem::path> files,
                                 const LabelledDataOptions& options, ReadReport& report);

/// The same for a model without labels of its own: the set has those that the rows have.
Result<Dataset> ReadLabelledData(std::span<const std::filesystem::path> files, const LabelledDataOptions& options,
                                 ReadReport& report);

}  // namespace winnow
