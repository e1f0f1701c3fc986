#include "onnx/linear_graph.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/json.h"
#include "onnx/graph_builder.h"
#include "onnx/linear_features.h"

namespace winnow {
namespace {

constexpr uint64_t kMaxModelBytes = 1'900'000'000;  // protobuf ends at 2^31

/// One output's score as the model has it, brought to what the graph computes: Platt's scale and the temperature are
/// part of the weights.
struct Scale {
  float factor = 1, shift = 0;
};

class LinearGraph {
 public:
  LinearGraph(const LinearModel& model, std::span<const std::string> labels, const Calibration& calibration)
      : model_(model), labels_(labels.begin(), labels.end()), calibration_(calibration), graph_("linear") {
    graph_.UseDomain("ai.onnx.ml", 3);
    graph_.UseDomain("com.microsoft", 1);
    graph_.Property("labels", Json(labels_).dump());
  }

  Result<OnnxModel> Build() {
    TRY(CheckSizes());
    graph_.Input("text", onnx::TensorProto::STRING, {"batch", 1});
    const std::string lines = graph_.Node("Reshape", "lines", {"text", graph_.Ints("int_-1", {-1})});
    const std::string features = AddFeatures(lines);
    if (columns_.empty()) {
      return Fail(
          ErrorCode::kInvalidModel,
          "none of the n-grams of the vocabulary can occur in a text, because the tokenizer never produces them",
          "the vocabulary does not match the model's options: train the model again");
    }
    const auto labels = static_cast<int64_t>(labels_.size());
    if (model_.multi_label()) {
      AddLabelsByThemselves(features);
    } else {
      graph_.Output("label", onnx::TensorProto::STRING, {"batch"});
      AddOneLabel(features);
    }
    graph_.Output("probabilities", onnx::TensorProto::FLOAT, {"batch", labels});
    return graph_.Take();
  }

 private:
  Result<void> CheckSizes() const {
    if (labels_.size() != model_.labels()) {
      return Fail(ErrorCode::kInvalidModel,
                  fmt::format("labels.json has {} labels, but linear.bin has {}", labels_.size(), model_.labels()),
                  "labels.json and linear.bin belong to different models");
    }
    const Vectorizer& vectorizer = model_.vectorizer();
    uint64_t bytes = uint64_t{model_.features()} * std::max<uint64_t>(model_.labels(), 2) * sizeof(float);
    for (size_t f = 0; f < model_.features(); ++f) bytes += 24 + vectorizer.name(f).size() * 2;
    if (bytes <= kMaxModelBytes) return {};
    return Fail(
        ErrorCode::kUnsupported,
        fmt::format("{} features of {} labels are more than an ONNX file can hold", model_.features(), model_.labels()),
        "train a model with fewer features: --max-features");
  }

  /// The rows of all analyzers, side by side. Fills columns_.
  std::string AddFeatures(const std::string& lines) {
    const Vectorizer& vectorizer = model_.vectorizer();
    const Analyzer analyzer = vectorizer.options().analyzer;
    const size_t features = vectorizer.features();
    const size_t words = analyzer == Analyzer::kBoth   ? vectorizer.word_features()
                         : analyzer == Analyzer::kWord ? features
                                                       : 0;
    std::vector<std::string> parts;
    const auto add = [&](const char* name, const OnnxCounts& counts) {
      if (counts.features.empty()) return;
      parts.push_back(AddWeights(name, counts));
      columns_.insert(columns_.end(), counts.features.begin(), counts.features.end());
    };
    if (words > 0) add("word", AddWordCounts(graph_, lines, vectorizer, 0, words));
    if (words < features) {
      const bool within_words = analyzer != Analyzer::kChar;
      add("char", AddCharacterCounts(graph_, lines, vectorizer, words, features, within_words));
    }
    return parts.size() < 2 ? (parts.empty() ? "" : parts[0])
                            : graph_.Node("Concat", "features", parts, {{"axis", int64_t{1}}});
  }

  /// tf-idf of one analyzer, of length 1.
  std::string AddWeights(const std::string& name, const OnnxCounts& counts) {
    const FeatureOptions& options = model_.vectorizer().options();
    std::string row = counts.counts;
    if (options.sublinear) {
      // 1 + log(count), and 0 for 0.
      const std::string one = graph_.Scalar("one", 1);
      const std::string at_least_one = graph_.Node("Max", name + "_at_least_one", {row, one});
      const std::string logarithm = graph_.Node("Log", name + "_logarithm", {at_least_one});
      const std::string at_most_one = graph_.Node("Min", name + "_at_most_one", {row, one});
      row = graph_.Node("Add", name + "_sublinear", {logarithm, at_most_one});
    }
    std::vector<float> idf;
    for (const size_t feature : counts.features) idf.push_back(model_.vectorizer().idf()[feature]);
    if (std::ranges::any_of(idf, [](float weight) { return weight != 1; })) {
      row = graph_.Node("Mul", name + "_tfidf",
                        {row, graph_.Floats(name + "_idf", {static_cast<int64_t>(idf.size())}, idf)});
    }
    if (!options.normalize) return row;
    return graph_.Node("ai.onnx.ml.Normalizer", name + "_features", {row}, {{"norm", std::string("L2")}});
  }

  Scale ScaleOf(size_t output, double temperature) const {
    Scale scale;
    if (!model_.platt().empty()) scale = {-model_.platt()[output].a, -model_.platt()[output].b};
    return {static_cast<float>(static_cast<double>(scale.factor) / temperature),
            static_cast<float>(static_cast<double>(scale.shift) / temperature)};
  }
  float Weight(size_t column, size_t output, const Scale& scale) const {
    return scale.factor * model_.weights()[columns_[column] * model_.outputs() + output];
  }
  float Bias(size_t output, const Scale& scale) const { return scale.factor * model_.bias()[output] + scale.shift; }

  void AddOneLabel(const std::string& features) {
    const bool of_two = model_.labels() == 2;
    // As LinearModel::Logits has it: labels that were fitted one by one have a probability each, and the logarithms of
    // these are the logits.
    const bool one_by_one = !of_two && model_.kind() != LinearKind::kLogistic;
    std::vector<float> weights, biases;
    for (size_t label = 0; label < model_.labels(); ++label) {
      const size_t output = of_two ? 0 : label;
      Scale scale = ScaleOf(output, one_by_one ? 1 : calibration_.temperature);
      if (of_two && label == 0) scale = {-scale.factor, -scale.shift};
      for (size_t c = 0; c < columns_.size(); ++c) weights.push_back(Weight(c, output, scale));
      biases.push_back(Bias(output, scale));
    }
    graph_.Node("ai.onnx.ml.LinearClassifier", "label", {features},
                {{"coefficients", std::move(weights)},
                 {"intercepts", std::move(biases)},
                 {"classlabels_strings", labels_},
                 {"multi_class", int64_t{of_two ? 0 : 1}},
                 {"post_transform", std::string(one_by_one ? "NONE"
                                                : of_two   ? "LOGISTIC"
                                                           : "SOFTMAX")}},
                2);
    if (!one_by_one) {
      graph_.Node("Identity", "probabilities", {"label:1"});
      return;
    }
    // log(1 / (1 + exp(-x))) = -Softplus(-x)
    const std::string negative = graph_.Node("Neg", "negative", {"label:1"});
    const std::string softplus = graph_.Node("Softplus", "softplus", {negative});
    const std::string logits = graph_.Node(
        "Mul", "logits",
        {softplus, graph_.Scalar("minus_by_temperature", static_cast<float>(-1 / calibration_.temperature))});
    graph_.Node("Softmax", "probabilities", {logits}, {{"axis", int64_t{1}}});
  }

  double TemperatureOf(size_t label) const {
    return calibration_.temperatures.empty() ? calibration_.temperature : calibration_.temperatures[label];
  }

  void AddLabelsByThemselves(const std::string& features) {
    std::vector<float> weights, biases;
    const size_t outputs = model_.outputs();
    for (size_t c = 0; c < columns_.size(); ++c) {
      for (size_t output = 0; output < outputs; ++output)
        weights.push_back(Weight(c, output, ScaleOf(output, TemperatureOf(output))));
    }
    for (size_t output = 0; output < outputs; ++output)
      biases.push_back(Bias(output, ScaleOf(output, TemperatureOf(output))));
    const auto count = static_cast<int64_t>(outputs);
    const std::string scores =
        graph_.Node("Gemm", "scores",
                    {features, graph_.Floats("weights", {static_cast<int64_t>(columns_.size()), count}, weights),
                     graph_.Floats("biases", {count}, biases)});
    graph_.Node("Sigmoid", "probabilities", {scores});
  }

  const LinearModel& model_;
  std::vector<std::string> labels_;
  const Calibration& calibration_;
  GraphBuilder graph_;
  std::vector<size_t> columns_;  // of each column of the features, which feature of the model it is
};

}  // namespace

Result<OnnxModel> BuildLinearGraph(const LinearModel& model, std::span<const std::string> labels,
                                   const Calibration& calibration) {
  if (calibration.method != CalibrationMethod::kTemperature) {
    return Fail(
        ErrorCode::kUnsupported,
        fmt::format("an ONNX file of a linear model cannot contain '{}' calibration", NameOf(calibration.method)),
        "calibrate with a temperature first: winnow calibrate BUNDLE --calibration temperature");
  }
  return LinearGraph(model, labels, calibration).Build();
}

std::string_view DifferenceOf(const LinearModel& model) {
  const FeatureOptions& features = model.vectorizer().options();
  if (!features.lowercase) return {};
  if (features.analyzer == Analyzer::kWord)
    return "an ONNX runtime may classify Greek texts with capital letters differently from Winnow";
  return "an ONNX runtime may classify texts with U+0130 (capital i with a dot), or with a capital sigma at the end of a "
         "word, differently from Winnow";
}

}  // namespace winnow
