#include "linear_bundle.h"

#include <fmt/format.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/machine.h"
#include "bundle/directory.h"
#include "bundle/labels.h"
#include "bundle/manifest.h"
#include "bundle/model_version.h"
#include "bundle/training_info.h"
#include "errors.h"
#include "linear/linear_model.h"

namespace winnow::python {
namespace {

namespace nb = nanobind;

using Floats = nb::ndarray<const float, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Matrix = nb::ndarray<const float, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

Analyzer AnalyzerOf(const std::string& name) {
  if (name == "char") return Analyzer::kChar;
  if (name == "char_wb") return Analyzer::kCharWb;
  return name == "both" ? Analyzer::kBoth : Analyzer::kWord;
}

/// The features as the document of _from_sklearn.py states them.
FeatureOptions FeatureOptionsOf(const Json& document) {
  return {.analyzer = AnalyzerOf(document["analyzer"].get<std::string>()),
          .min_ngram = document["ngrams"][0].get<int>(),
          .max_ngram = document["ngrams"][1].get<int>(),
          .min_char_ngram = document["char_ngrams"][0].get<int>(),
          .max_char_ngram = document["char_ngrams"][1].get<int>(),
          .max_features = 0,
          .sublinear = document["sublinear"].get<bool>(),
          .lowercase = document["lowercase"].get<bool>(),
          .shortest_word = document["shortest_word"].get<int>(),
          .normalize = document["normalize"].get<bool>()};
}

LinearKind KindOf(const std::string& kind) {
  if (kind == "svm") return LinearKind::kSvm;
  return kind == "one_vs_rest" ? LinearKind::kLogisticOneVsRest : LinearKind::kLogistic;
}

struct Weighted {
  std::vector<std::string> names;
  std::vector<float> idf;
  LinearWeights weights;
  std::vector<PlattScale> platt;
};

std::string NgramsText(int least, int most) { return fmt::format("{}-{}", least, most); }

TrainingInfo InfoOf(const Json& document, const Manifest& manifest, const std::vector<std::string>& labels,
                    const LinearModel& model) {
  const FeatureOptions& features = model.vectorizer().options();
  TrainingInfo info;
  info.name = manifest.name;
  info.base_model_id = document["estimator"].get<std::string>();
  info.timestamp = TimestampUtc();
  info.classes = labels;
  info.hyperparameters = {{"kind", manifest.kind},
                          {"analyzer", document["analyzer"]},
                          {"ngrams", NgramsText(features.min_ngram, features.max_ngram)},
                          {"max_features", model.features()},
                          {"sublinear", features.sublinear}};
  if (features.analyzer == Analyzer::kBoth) {
    info.hyperparameters["char_ngrams"] = NgramsText(features.min_char_ngram, features.max_char_ngram);
  }
  info.imported_from = {{"producer", document["producer"]}, {"estimator", document["estimator"]}};
  info.num_features = model.features();
  info.winnow_version = WINNOW_VERSION;
  return info;
}

Result<void> WriteBundle(const std::filesystem::path& dir, const Json& document, Weighted parts) {
  const auto labels = document["labels"].get<std::vector<std::string>>();
  TRY(ValidateLabels(labels, "the classes of the estimator"));
  const FeatureParts features{.options = FeatureOptionsOf(document),
                              .names = std::move(parts.names),
                              .word_features = document["word_features"].get<size_t>(),
                              .idf = std::move(parts.idf)};
  const LinearKind kind = KindOf(document["kind"].get<std::string>());
  const LinearModel model =
      TRY(LinearModel::Make(TRY(Vectorizer::FromParts(features)), std::move(parts.weights), kind, labels.size(),
                            document["multi_label"].get<bool>(), std::move(parts.platt)));
  Manifest manifest;
  manifest.name = document["name"].get<std::string>();
  if (manifest.name.empty()) manifest.name = std::filesystem::weakly_canonical(dir).filename().string();
  manifest.version = TRY(VersionOfNew({}, dir, manifest.name));
  manifest.kind = kind == LinearKind::kSvm ? "svm" : "lr";
  manifest.positive_label = document["positive_label"].is_null() ? DefaultPositiveLabel(labels)
                                                                 : document["positive_label"].get<std::string>();
  BundleWriter bundle = TRY(BundleWriter::Begin(dir, document["overwrite"].get<bool>()));
  TRY(model.Save(bundle.path() / kLinearFile));
  TRY(WriteLabelsFile(bundle.path() / kLabelsFile, labels));
  TRY(WriteTrainingInfo(bundle.path(), InfoOf(document, manifest, labels, model)));
  TRY(SealBundle(bundle.path(), manifest));
  return bundle.Commit();
}

void WriteLinearBundle(const std::string& dir, const std::string& document, const std::vector<std::string>& names,
                       const Floats& idf, const Matrix& weights, const Floats& bias, const Matrix& platt) {
  Weighted parts{.names = names,
                 .idf = {idf.data(), idf.data() + idf.size()},
                 .weights = {.features = weights.shape(0),
                             .outputs = weights.shape(1),
                             .weights = {weights.data(), weights.data() + weights.size()},
                             .bias = {bias.data(), bias.data() + bias.size()}},
                 .platt = {}};
  for (size_t i = 0; i < platt.shape(0); ++i) parts.platt.push_back({.a = platt(i, 0), .b = platt(i, 1)});
  Native([&](NativeWork&) -> Result<void> {
    return WriteBundle(dir, TRY(ParseJson(document, "the description of the estimator")), std::move(parts));
  });
}

}  // namespace

void BindLinearBundle(nb::module_& module) {
  module.def("write_linear_bundle", &WriteLinearBundle, nb::arg("directory"), nb::arg("document"), nb::arg("names"),
             nb::arg("idf"), nb::arg("weights"), nb::arg("bias"), nb::arg("platt"),
             "Writes a bundle of a linear model. `document` is JSON; weights are [features, outputs], Platt scales "
             "[outputs, 2] or [0, 2].");
}

}  // namespace winnow::python
