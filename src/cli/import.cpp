#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/json.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/field_options.h"
#include "cli/output.h"
#include "onnx/import_bundle.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

struct ImportCommandOptions : CommonOptions {
  ImportPlan plan;
};

void Describe(ImportCommandOptions& options, OptionTable& table) {
  table.AddPositional("model", &options.plan.model, "An ONNX file").ValueName("MODEL.onnx").Required();
  table.Group("Output");
  table
      .Add("output-dir", &options.plan.output_dir,
           "Directory for the model; an existing model is replaced when the new one is complete")
      .ValueName("DIR")
      .Required()
      .Short('o');
  table.Add("name", &options.plan.name, "Name of the model").Default("the name of the output directory");
  AddModelVersion(options.plan.version.version, table,
                  "1.0.0, or the next minor version of the model of that name that is replaced");
  AddOverwrite(
      options.plan.overwrite, table,
      "Write into --output-dir even if it contains other files than those of a Winnow model, which stay there");
  table.Group("Labels");
  table
      .Add("labels", &options.plan.labels,
           "Label names in the order of the file, separated by commas: to name numbered labels, or to rename labels")
      .ValueName("LABELS")
      .Default("the labels in the file");
  table
      .Add("positive-label", &options.plan.positive_label,
           "The label that the thresholds refer to; for two labels the one named spam, toxic, 1 or similar, else the "
           "second")
      .Default("determined from the label names");
  table.Describe(
      "Supported are pipelines of word counts or TF-IDF followed by logistic regression or a linear SVM: "
      "scikit-learn pipelines that skl2onnx exported, and linear models with word features that winnow export wrote. "
      "The model's predictions equal those of onnxruntime with the same file.");
  table.Example("winnow import lr-tfidf-baseline.onnx --output-dir spam --labels ham,spam",
                "a model to classify, evaluate, compare and serve like any other");
}

Result<void> Run(const ImportCommandOptions& options) {
  ImportPlan plan = options.plan;
  plan.warn = [](const std::string& line) { LogWarning("{}", line); };
  const ImportedBundle imported = TRY(ImportBundle(plan));
  if (!imported.has_probabilities) {
    LogWarning(
        "the scores of the imported model are not probabilities: it predicts the same labels as the ONNX file, but "
        "its confidence is not calibrated; to calibrate it: winnow calibrate {} DATA",
        plan.output_dir.string());
  }
  const std::string bundle = plan.output_dir.string();
  if (options.json) {
    return Print(DumpJsonLine({{"bundle", bundle},
                               {"kind", imported.kind},
                               {"labels", imported.labels},
                               {"positive_label", imported.positive_label},
                               {"features", imported.features},
                               {"probabilities", imported.has_probabilities}}) +
                 "\n");
  }
  return Print(fmt::format("{}: {} features, labels {}{}\n", bundle, imported.features,
                           fmt::join(imported.labels, ", "),
                           imported.positive_label.empty() ? "" : ", positive: " + imported.positive_label));
}

}  // namespace

Command ImportCommand() {
  return MakeCommand<ImportCommandOptions>("import", "Imports a scikit-learn TF-IDF pipeline from an ONNX file.",
                                           Describe, Run);
}

}  // namespace winnow
