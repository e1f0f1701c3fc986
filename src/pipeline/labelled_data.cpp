#include "pipeline/labelled_data.h"

#include "pipeline/data_plan.h"

namespace winnow {

Result<Dataset> ReadLabelledData(std::span<const std::filesystem::path> files, const ReadingOptions& reading,
                                 ReadReport& report) {
  return ReadDataset(files, ReadOptionsOf(reading), report);
}

Result<Dataset> ReadLabelledData(const BundleClassifier& classifier, std::span<const std::filesystem::path> files,
                                 const ReadingOptions& reading, ReadReport& report) {
  ReadOptions read = ReadOptionsOf(reading);
  read.template_text = classifier.manifest().text_template;
  read.label_map = classifier.manifest().label_map;
  read.labels = LabelSet{classifier.labels()};
  read.labels_source = "labels of the model";
  read.problem_type = classifier.multi_label() ? ProblemType::kMulti : ProblemType::kSingle;
  return ReadDataset(files, read, report);
}

}  // namespace winnow
