/// What the ONNX graphs of all encoders are made of: products in float or INT8, normalizations, activation functions,
/// embeddings and masks.
///
/// Written so that onnxruntime's optimizer recognises what it has fast kernels for: skip-connection and
/// LayerNormalization, bias and GELU, scaled and transposed products, and in the quantized graph DynamicQuantizeLinear,
/// MatMulInteger, Cast and Mul.
#pragma once

#include <limits>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "bundle/model_config.h"
#include "bundle/weight_names.h"
#include "onnx/encoder_graph.h"
#include "onnx/graph_builder.h"
#include "onnx/weight_file.h"
#include "onnx/weight_tensors.h"

namespace winnow {

/// Added to the attention scores of padding, which vanish beside it: the softmax gives padding exactly 0.
inline constexpr float kMasked = std::numeric_limits<float>::lowest();

/// A graph that is being built; encoders derive from it. Values are called by the names of the nodes they come from.
class GraphParts {
 protected:
  GraphParts(const WeightFile& checkpoint, const ModelConfig& config, const EncoderGraphOptions& options)
      : checkpoint_(checkpoint),
        config_(config),
        options_(options),
        names_(WeightNamesOf(config.architecture)),
        hidden_(config.hidden_size),
        width_(EmbeddingSize(config)),
        graph_(std::string(ModelTypeOf(config.architecture))) {}
  ~GraphParts() = default;

  /// Declares the inputs, and the output "logits".
  void InputsAndOutput();

  /// [batch, 1, 1, sequence]: 0 for tokens, kMasked for padding.
  std::string Mask();
  /// [1]: tokens of a row of the batch.
  std::string Length();
  /// [sequence] 0, 1, 2 ...
  std::string Places();
  /// [sequence, sequence]: a query's position minus a key's.
  std::string Distances();

  /// The embeddings of the tokens [batch, sequence, width].
  Result<std::string> Words();
  /// Rows of a table, as `select` takes them: in the quantized graph it is of bytes with a scale for each row, and only
  /// the rows that were taken become floats.
  template <typename Select>
  Result<std::string> Rows(const std::string& name, const std::string& weight_name, const Weight& weight,
                           std::vector<float> addend, const Select& select) {
    if (!options_.int8) return select(name, graph_.Streamed(FloatRows(weight_name, weight, std::move(addend))));
    Int8Matrix matrix = TRY(Int8Rows(weight_name + "_quantized", weight, std::move(addend)));
    const std::string scales =
        graph_.Floats(weight_name + "_scale", {static_cast<int64_t>(weight.rows()), 1}, matrix.scales);
    const std::string bytes = select(name + "/bytes", graph_.Streamed(std::move(matrix.values)));
    return graph_.Node("Mul", name, {ToFloat(name + "/floats", bytes), select(name + "/scales", scales)});
  }

  /// A product's weights; without a bias it is empty.
  struct Affine {
    std::string name;
    Weight weight;
    std::vector<float> bias;
  };
  Result<Affine> Find(const std::string& name, int64_t out, int64_t in, bool head, bool biased = true);
  Result<std::string> Linear(const std::string& name, const std::string& weights, const std::string& x, int64_t out,
                             int64_t in, bool biased = true);
  /// x W^T + bias
  Result<std::string> Apply(const std::string& name, const Affine& affine, const std::string& x);
  /// The logits, from what the head's activation function or normalization gives.
  Result<void> Classifier(const std::string& pooled);

  Result<std::string> LayerNorm(const std::string& name, const std::string& weights, const std::string& x, int64_t size,
                                bool biased = true, bool head = false);
  std::string Activate(HiddenActivation activation, const std::string& name, const std::string& x);
  std::string ToFloat(const std::string& name, const std::string& x);

  const WeightFile& checkpoint_;
  const ModelConfig& config_;
  const EncoderGraphOptions& options_;
  const WeightNames& names_;
  const int64_t hidden_;
  const int64_t width_;  // of the embeddings
  GraphBuilder graph_;

 private:
  struct Quantized {
    std::string bytes, scale, zero_point;
  };
  /// Query, key and value share the quantization of their input.
  Quantized Quantize(const std::string& x);
  static int64_t Size(const std::vector<float>& values) { return static_cast<int64_t>(values.size()); }

  std::set<std::string> quantized_;  // inputs
  std::set<std::string> matrices_;   // whose initializers are there
  std::string length_, places_, distances_;
};

}  // namespace winnow
