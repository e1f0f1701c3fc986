#include "onnx/graph_parts.h"

#include <cmath>
#include <numbers>

namespace winnow {

void GraphParts::InputsAndOutput() {
  const GraphBuilder::Dims tokens = {"batch", "sequence"};
  graph_.Input("input_ids", onnx::TensorProto::INT64, tokens);
  graph_.Input("attention_mask", onnx::TensorProto::INT64, tokens);
  if (options_.token_types) graph_.Input("token_type_ids", onnx::TensorProto::INT64, tokens);
  graph_.Output("logits", onnx::TensorProto::FLOAT, {"batch", static_cast<int64_t>(config_.labels.size())});
}

std::string GraphParts::Mask() {
  const std::string by_head =
      graph_.Node("Unsqueeze", "mask/by_head", {"attention_mask", graph_.Ints("mask/axis_1", {1})});
  const std::string by_query = graph_.Node("Unsqueeze", "mask/by_query", {by_head, graph_.Ints("mask/axis_2", {2})});
  const std::string padding =
      graph_.Node("Sub", "mask/padding", {graph_.Scalar("one", 1), ToFloat("mask/kept", by_query)});
  return graph_.Node("Mul", "mask", {padding, graph_.Scalar("mask/masked", kMasked)});
}

std::string GraphParts::Length() {
  if (length_.empty()) {
    length_ = graph_.Node("Shape", "length", {"input_ids"}, {{"start", int64_t{1}}, {"end", int64_t{2}}});
  }
  return length_;
}

std::string GraphParts::Places() {
  if (!places_.empty()) return places_;
  const auto one = [&](const char* name, int64_t value) {
    return graph_.Node("Squeeze", std::string("positions/") + name,
                       {graph_.Ints(std::string("positions/of_") + name, {value})});
  };
  const std::string length = graph_.Node("Squeeze", "positions/length", {Length()});
  const std::string zero = one("zero", 0);
  return places_ = graph_.Node("Range", "positions/places", {zero, length, one("one", 1)});
}

std::string GraphParts::Distances() {
  if (!distances_.empty()) return distances_;
  const std::string places = Places();
  const std::string queries =
      graph_.Node("Unsqueeze", "positions/queries", {places, graph_.Ints("positions/axis_1", {1})});
  const std::string keys = graph_.Node("Unsqueeze", "positions/keys", {places, graph_.Ints("positions/axis_0", {0})});
  return distances_ = graph_.Node("Sub", "positions/distances", {queries, keys});
}

Result<std::string> GraphParts::Words() {
  const std::string name(names_.words);
  const Weight words = TRY(checkpoint_.Encoder(name, {config_.vocab_size, width_}));
  const auto word_rows = [&](const std::string& node, const std::string& table) {
    return graph_.Node("Gather", node, {table, "input_ids"});
  };
  return Rows("embeddings/words", name, words, {}, word_rows);
}

Result<GraphParts::Affine> GraphParts::Find(const std::string& name, int64_t out, int64_t in, bool head, bool biased) {
  const auto find = [&](const std::string& part, const std::vector<int64_t>& shape) {
    return head ? checkpoint_.Head(name + part, shape) : checkpoint_.Encoder(name + part, shape);
  };
  Weight weight = TRY(find(".weight", {out, in}));
  std::vector<float> bias;
  if (biased) bias = TRY(TRY(find(".bias", {out})).ReadAll());
  return Affine{name, std::move(weight), std::move(bias)};
}

Result<std::string> GraphParts::Linear(const std::string& name, const std::string& weights, const std::string& x,
                                       int64_t out, int64_t in, bool biased) {
  return Apply(name, TRY(Find(weights, out, in, /*head=*/false, biased)), x);
}

Result<std::string> GraphParts::Apply(const std::string& name, const Affine& affine, const std::string& x) {
  std::string product;
  if (options_.int8) {
    const std::string bytes = affine.name + ".weight_quantized";
    const std::string scales = affine.name + ".weight_scale";
    if (matrices_.insert(affine.name)
            .second) {  // DeBERTa's query and key weights are used twice, ALBERT's by all layers
      Int8Matrix matrix = TRY(Int8Transposed(bytes, affine.weight));
      graph_.Floats(scales, {Size(matrix.scales)}, matrix.scales);
      graph_.Streamed(std::move(matrix.values));
    }
    const Quantized quantized = Quantize(x);
    const std::string integers =
        graph_.Node("MatMulInteger", name + "/integers", {quantized.bytes, bytes, quantized.zero_point});
    const std::string floats = ToFloat(name + "/floats", integers);
    product = graph_.Node("Mul", name + "/product",
                          {floats, graph_.Node("Mul", name + "/scales", {quantized.scale, scales})});
  } else {
    const std::string matrix = affine.name + ".weight";
    if (matrices_.insert(affine.name).second) graph_.Streamed(FloatTransposed(matrix, affine.weight));
    product = graph_.Node("MatMul", name + "/product", {x, matrix});
  }
  if (affine.bias.empty()) return product;
  return graph_.Node("Add", name, {product, graph_.Floats(affine.name + ".bias", {Size(affine.bias)}, affine.bias)});
}

Result<void> GraphParts::Classifier(const std::string& pooled) {
  Affine classifier =
      TRY(Find(std::string(names_.classifier), static_cast<int64_t>(config_.labels.size()), hidden_, /*head=*/true));
  TRY(DivideRows(classifier.bias, options_.temperatures));
  // In float also where the rest is not: it is small, and the decision hangs on it.
  const std::string weights =
      graph_.Streamed(FloatTransposed("classifier.weight", classifier.weight, options_.temperatures));
  const std::string product = graph_.Node("MatMul", "classifier", {pooled, weights});
  graph_.Node("Add", "logits", {product, graph_.Floats("classifier.bias", {Size(classifier.bias)}, classifier.bias)});
  return {};
}

GraphParts::Quantized GraphParts::Quantize(const std::string& x) {
  const std::string name = x + "/quantized";
  if (quantized_.insert(name).second) graph_.Node("DynamicQuantizeLinear", name, {x}, {}, /*outputs=*/3);
  return {name, name + ":1", name + ":2"};
}

Result<std::string> GraphParts::LayerNorm(const std::string& name, const std::string& weights, const std::string& x,
                                          int64_t size, bool biased, bool head) {
  const auto read = [&](const std::string& part) -> Result<std::string> {
    const std::string whole = weights + part;
    const Weight weight = TRY(head ? checkpoint_.Head(whole, {size}) : checkpoint_.Encoder(whole, {size}));
    return graph_.Floats(whole, {size}, TRY(weight.ReadAll()));
  };
  std::vector<std::string> inputs = {x, TRY(read(".weight"))};
  if (biased) inputs.push_back(TRY(read(".bias")));
  return graph_.Node("LayerNormalization", name, inputs, {{"axis", int64_t{-1}}, {"epsilon", config_.layer_norm_eps}});
}

std::string GraphParts::ToFloat(const std::string& name, const std::string& x) {
  return graph_.Node("Cast", name, {x}, {{"to", int64_t{onnx::TensorProto::FLOAT}}});
}

std::string GraphParts::Activate(HiddenActivation activation, const std::string& name, const std::string& x) {
  const std::string one = graph_.Scalar("one", 1);
  const std::string half = graph_.Scalar("half", 0.5f);
  switch (activation) {
    case HiddenActivation::kRelu:
      return graph_.Node("Relu", name, {x});
    case HiddenActivation::kGelu: {  // x (1 + erf(x / sqrt 2)) / 2
      const std::string root = graph_.Scalar("root_2", std::numbers::sqrt2_v<float>);
      const std::string erf = graph_.Node("Erf", name + "/erf", {graph_.Node("Div", name + "/scaled", {x, root})});
      const std::string product =
          graph_.Node("Mul", name + "/product", {x, graph_.Node("Add", name + "/gate", {erf, one})});
      return graph_.Node("Mul", name, {product, half});
    }
    case HiddenActivation::kGeluTanh: {  // x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2
      const std::string cube = graph_.Node("Pow", name + "/cube", {x, graph_.Scalar("three", 3)});
      const std::string term = graph_.Node("Mul", name + "/term", {cube, graph_.Scalar("gelu_factor", 0.044715f)});
      const std::string sum = graph_.Node("Add", name + "/sum", {x, term});
      const float root = static_cast<float>(std::sqrt(2 / std::numbers::pi));
      const std::string inner = graph_.Node("Mul", name + "/inner", {sum, graph_.Scalar("gelu_root", root)});
      const std::string tanh = graph_.Node("Tanh", name + "/tanh", {inner});
      const std::string gate = graph_.Node("Add", name + "/gate", {tanh, one});
      return graph_.Node("Mul", name, {graph_.Node("Mul", name + "/half", {x, half}), gate});
    }
  }
  return x;
}

}  // namespace winnow
