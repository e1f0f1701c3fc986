#include "onnx/linear_nodes.h"

#include <fmt/format.h>

#include <algorithm>
#include <climits>
#include <cstring>
#include <iterator>
#include <utility>

namespace winnow {
namespace {

using onnx::NodeProto;
using onnx::TensorProto;

constexpr char kHint[] =
    "CountVectorizer or TfidfVectorizer (words) followed by LogisticRegression or LinearSVC can be imported, as "
    "skl2onnx writes them; other classifiers, such as SGDClassifier or naive Bayes, cannot: train them again with "
    "Winnow (winnow train DATA --kind lr)";
constexpr size_t kMostInts = 8;

/// What scikit-learn's classes become in ONNX as skl2onnx writes it, where that is not the operator of an importable
/// one.
constexpr std::pair<std::string_view, std::string_view> kClasses[] = {
    {"MatMul", "SGDClassifier, naive Bayes, RidgeClassifier or Perceptron"},
    {"ai.onnx.ml.LinearClassifier",
     "CalibratedClassifierCV, OneVsRestClassifier or another combination of classifiers"},
    {"ai.onnx.ml.TreeEnsembleClassifier", "a random forest, decision tree or gradient boosting"},
    {"ai.onnx.ml.TreeEnsembleRegressor", "gradient boosting"},
    {"ai.onnx.ml.SVMClassifier", "SVC with a kernel"},
    {"ai.onnx.ml.Scaler", "a scaler between the features and the classifier"},
    {"Add", "TfidfVectorizer with sublinear_tf=True"},
    {"Reshape", "FeatureUnion or ColumnTransformer"},
    {"Concat", "FeatureUnion or ColumnTransformer"}};

/// "; it looks like SGDClassifier, ..., which cannot be imported", or nothing.
std::string LooksLike(const NodeProto& node) {
  const std::string op = OperatorOf(node);
  const auto found = std::ranges::find(kClasses, op, &std::pair<std::string_view, std::string_view>::first);
  return found == std::end(kClasses)
             ? ""
             : fmt::format("; it looks like scikit-learn's {}, which cannot be imported", found->second);
}

std::string NodeName(const NodeProto& node) {
  const std::string name = !node.name().empty() ? node.name() : node.output_size() > 0 ? node.output(0) : "";
  return name == node.op_type() ? fmt::format("node {}", Shown(name))
                                : fmt::format("node '{}' ({})", Shown(name), Shown(OperatorOf(node)));
}

/// Converts the values of a tensor that has them as bytes. They must be as many as its shape says.
template <class T>
Result<void> TakeRaw(const GraphReader& reader, const NodeProto& node, const TensorProto& tensor,
                     std::vector<T>& values) {
  const std::string& raw = tensor.raw_data();
  if (values.empty() && raw.size() % sizeof(T) == 0 && !raw.empty()) {
    values.resize(raw.size() / sizeof(T));
    std::memcpy(values.data(), raw.data(), raw.size());
  }
  uint64_t count = 1;
  for (const int64_t dim : tensor.dims()) {
    if (dim < 0 || dim > INT_MAX || count > INT_MAX) return reader.Broken(node, "has a constant of impossible size");
    count *= static_cast<uint64_t>(dim);
  }
  if (count == values.size()) return {};
  return reader.Broken(node, fmt::format("has the tensor '{}' with {} values, but its shape requires {}",
                                         Shown(tensor.name()), values.size(), count));
}

}  // namespace

const onnx::AttributeProto* FindAttribute(const NodeProto& node, std::string_view name) {
  for (const onnx::AttributeProto& attribute : node.attribute()) {
    if (attribute.name() == name) return &attribute;
  }
  return nullptr;
}
int64_t IntOf(const NodeProto& node, std::string_view name, int64_t otherwise) {
  const auto* attribute = FindAttribute(node, name);
  return attribute == nullptr ? otherwise : attribute->i();
}
std::string TextOf(const NodeProto& node, std::string_view name, const char* otherwise) {
  const auto* attribute = FindAttribute(node, name);
  return attribute == nullptr ? otherwise : attribute->s();
}

std::string OperatorOf(const NodeProto& node) {
  const bool own = node.domain().empty() || node.domain() == "ai.onnx";
  return own ? node.op_type() : node.domain() + "." + node.op_type();
}
std::string Shown(std::string_view text) {
  constexpr size_t kMost = 60;
  std::string shown;
  for (const char c : text.substr(0, kMost)) shown += c >= ' ' && c <= '~' ? c : '?';
  return text.size() > kMost ? shown + "..." : shown;
}

GraphReader::GraphReader(const onnx::GraphProto& graph, std::string_view where) : where_(where) {
  for (const TensorProto& tensor : graph.initializer()) constants_[tensor.name()] = &tensor;
}

std::unexpected<Error> GraphReader::Wrong(const std::string& what) const {
  return Fail(ErrorCode::kInvalidModel, fmt::format("{}: {}", where_, what),
              "the file is damaged or not an ONNX model");
}

std::unexpected<Error> GraphReader::Unsupported(const std::string& what) const {
  return Fail(ErrorCode::kUnsupported, fmt::format("{}: {}", where_, what), kHint);
}

std::unexpected<Error> GraphReader::Transformer() const {
  return Fail(ErrorCode::kUnsupported, fmt::format("{}: this is a transformer, whose input is token IDs", where_),
              "specify the directory that it was exported from, which has config.json and model.safetensors, to the "
              "other commands, which read it without an import: winnow classify DIR TEXT");
}

std::unexpected<Error> GraphReader::Refuse(const NodeProto& node, const std::string& why) const {
  return Unsupported(fmt::format("{} {}{}", NodeName(node), why, why == kNotSupported ? LooksLike(node) : ""));
}

std::unexpected<Error> GraphReader::Broken(const NodeProto& node, const std::string& why) const {
  return Wrong(fmt::format("{} {}", NodeName(node), why));
}
Result<const TensorProto*> GraphReader::ConstantOf(const NodeProto& node, int input, int32_t type) const {
  const auto found = node.input_size() > input ? constants_.find(node.input(input)) : constants_.end();
  if (found == constants_.end()) return Refuse(node);
  const TensorProto& tensor = *found->second;
  if (tensor.data_type() != type || tensor.data_location() == TensorProto::EXTERNAL) {
    return Refuse(node,
                  fmt::format("has '{}' of an unsupported type, or stored in another file", Shown(tensor.name())));
  }
  return &tensor;
}

Result<std::vector<float>> GraphReader::Floats(const NodeProto& node, int input, std::vector<int64_t>* dims) const {
  const TensorProto* tensor = TRY(ConstantOf(node, input, TensorProto::FLOAT));
  std::vector<float> values(tensor->float_data().begin(), tensor->float_data().end());
  TRY(TakeRaw(*this, node, *tensor, values));
  if (dims != nullptr) dims->assign(tensor->dims().begin(), tensor->dims().end());
  return values;
}

Result<std::vector<int64_t>> GraphReader::Ints(const NodeProto& node, int input) const {
  const TensorProto* tensor = TRY(ConstantOf(node, input, TensorProto::INT64));
  if (tensor->raw_data().size() > kMostInts * sizeof(int64_t) ||
      static_cast<size_t>(tensor->int64_data_size()) > kMostInts) {
    return Refuse(node);
  }
  std::vector<int64_t> values(tensor->int64_data().begin(), tensor->int64_data().end());
  TRY(TakeRaw(*this, node, *tensor, values));
  return values;
}

bool GraphReader::IsOne(const NodeProto& node, int input) const {
  const auto tensor = ConstantOf(node, input, TensorProto::FLOAT);
  if (!tensor || (*tensor)->float_data_size() > 1 || (*tensor)->raw_data().size() > sizeof(float)) return false;
  const auto values = Floats(node, input);
  return values && values->size() == 1 && values->front() == 1;
}

}  // namespace winnow
