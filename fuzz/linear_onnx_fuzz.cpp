// Any bytes as an ONNX file of a linear pipeline: read or refused; what is read answers any text. And as the
// description of a graph whose operators, attributes and constants are those of such pipelines.
#include <onnx/onnx_pb.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "input_bytes.h"
#include "onnx/linear_import.h"

namespace {

void Read(std::string_view bytes) {
  const auto imported = winnow::ParseOnnxLinear(winnow::BytesOf(bytes), "fuzz");
  if (!imported) return;
  winnow::LinearModel::Scratch scratch;
  std::vector<float> logits(imported->model.labels());
  if (logits.size() != imported->labels.size()) std::abort();
  // The file is its own text, so that its words occur there.
  imported->model.Logits(bytes.substr(0, 4096), scratch, logits);
}

constexpr const char* kValues[] = {"text", "a", "b", "c", "d", "e", "label", "probabilities"};
constexpr const char* kOperators[] = {"TfIdfVectorizer",
                                      "TfIdfVectorizer",
                                      "StringNormalizer",
                                      "LinearClassifier",
                                      "LinearClassifier",
                                      "Tokenizer",
                                      "Normalizer",
                                      "ZipMap",
                                      "Cast",
                                      "Flatten",
                                      "Reshape",
                                      "Identity",
                                      "Mul",
                                      "Add",
                                      "MatMul",
                                      "Gemm",
                                      "Concat",
                                      "Softmax",
                                      "Sigmoid",
                                      "Constant",
                                      "Squeeze",
                                      "Slice",
                                      "Log",
                                      "Scaler",
                                      "ArrayFeatureExtractor"};
constexpr const char* kAttributes[] = {"ngram_counts",
                                       "ngram_indexes",
                                       "pool_strings",
                                       "weights",
                                       "mode",
                                       "max_gram_length",
                                       "min_gram_length",
                                       "max_skip_count",
                                       "case_change_action",
                                       "stopwords",
                                       "tokenexp",
                                       "separators",
                                       "mark",
                                       "pad_value",
                                       "mincharnum",
                                       "coefficients",
                                       "intercepts",
                                       "multi_class",
                                       "post_transform",
                                       "classlabels_strings",
                                       "classlabels_ints",
                                       "norm",
                                       "axis",
                                       "to",
                                       "alpha",
                                       "beta",
                                       "transA",
                                       "transB"};
constexpr const char* kTexts[] = {"TF", "TFIDF", "IDF", "LOWER", "NONE", "UPPER", "LOGISTIC", "SOFTMAX",
                                  "L1", "L2",    "MAX", "spam",  "ham",  "a",     "a b",      "[a-zA-Z0-9_]+"};

void AddAttribute(winnow::InputBytes& input, onnx::NodeProto& node) {
  onnx::AttributeProto& attribute = *node.add_attribute();
  attribute.set_name(input.OneOf(kAttributes));
  const auto text = [&] { return input.Flag() ? std::string(input.OneOf(kTexts)) : std::string(input.Text(12)); };
  switch (input.Below(6)) {
    case 0:
      attribute.set_type(onnx::AttributeProto::INT);
      attribute.set_i(input.Flag() ? static_cast<int64_t>(input.Number(8)) : input.Byte());
      break;
    case 1:
      attribute.set_type(onnx::AttributeProto::STRING);
      attribute.set_s(text());
      break;
    case 2:
      attribute.set_type(onnx::AttributeProto::INTS);
      for (size_t count = input.Below(6); count > 0; --count)
        attribute.add_ints(input.Below(8) == 7 ? static_cast<int64_t>(input.Number(8))
                                               : static_cast<int64_t>(input.Below(4)));
      break;
    case 3:
      attribute.set_type(onnx::AttributeProto::FLOATS);
      for (size_t count = input.Below(9); count > 0; --count)
        attribute.add_floats(input.Below(16) == 15 ? NAN : static_cast<float>(input.Byte()) / 16);
      break;
    case 4:
      attribute.set_type(onnx::AttributeProto::FLOAT);
      attribute.set_f(static_cast<float>(input.Byte()) / 16);
      break;
    default:
      attribute.set_type(onnx::AttributeProto::STRINGS);
      for (size_t count = input.Below(6); count > 0; --count) attribute.add_strings(text());
  }
}

std::string Built(winnow::InputBytes& input) {
  onnx::ModelProto model;
  model.set_ir_version(8);
  model.add_opset_import()->set_version(input.Flag() ? 15 : input.Byte());
  onnx::OperatorSetIdProto& ml = *model.add_opset_import();
  ml.set_domain("ai.onnx.ml");
  ml.set_version(1 + static_cast<int64_t>(input.Below(4)));
  onnx::GraphProto& graph = *model.mutable_graph();
  onnx::ValueInfoProto& text = *graph.add_input();
  text.set_name("text");
  text.mutable_type()->mutable_tensor_type()->set_elem_type(onnx::TensorProto::STRING);
  for (const char* const name : {"label", "probabilities"}) graph.add_output()->set_name(name);
  for (size_t nodes = input.Below(9); nodes > 0; --nodes) {
    onnx::NodeProto& node = *graph.add_node();
    node.set_op_type(input.OneOf(kOperators));
    if (input.Flag()) node.set_domain("ai.onnx.ml");
    for (size_t count = 1 + input.Below(2); count > 0; --count) node.add_input(input.OneOf(kValues));
    for (size_t count = 1 + input.Below(2); count > 0; --count) node.add_output(input.OneOf(kValues));
    for (size_t count = input.Below(9); count > 0; --count) AddAttribute(input, node);
  }
  for (size_t tensors = input.Below(4); tensors > 0; --tensors) {
    onnx::TensorProto& tensor = *graph.add_initializer();
    tensor.set_name(input.OneOf(kValues));
    tensor.set_data_type(input.Flag() ? onnx::TensorProto::FLOAT : static_cast<int>(input.Below(17)));
    for (size_t axes = input.Below(3); axes > 0; --axes) tensor.add_dims(static_cast<int64_t>(input.Below(5)));
    for (size_t count = input.Below(9); count > 0; --count)
      tensor.add_float_data(static_cast<float>(input.Byte()) / 16);
    if (input.Below(4) == 3) tensor.set_raw_data(std::string(input.Text(64)));
  }
  return model.SerializeAsString();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Read({reinterpret_cast<const char*>(data), size});
  winnow::InputBytes input(data, size);
  Read(Built(input));
  return 0;
}
