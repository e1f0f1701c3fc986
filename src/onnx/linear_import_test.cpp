#include "onnx/linear_import.h"

#include <gmock/gmock.h>
#include <onnx/onnx_pb.h>

#include <cmath>
#include <functional>

#include "base/random.h"
#include "onnx/linear_graph.h"
#include "onnx/model_check.h"
#include "support/numbers.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::vector<std::string_view> kTexts = {"The seal sang; the SEAL slept.", "A seal sang at dusk",
                                              "dusk, dusk! I am", "Η ΟΔΟΣ: ο δρόμος της οδός",
                                              "über die Straße, ÜBER 12 Brücken"};
const std::vector<std::string_view> kOthers = {"", "the seal sang the seal slept at dusk", "a i e",
                                               "Straße über seal ΟΔΟΣ δρόμος της", "nothing known"};

struct Shape {
  LinearKind kind = LinearKind::kLogistic;
  size_t labels = 2;
  bool multi_label = false;
  bool platt = false;
  double temperature = 1;
  FeatureOptions features = {};
};

std::vector<std::string> NamesOf(size_t labels) {
  std::vector<std::string> names;
  for (size_t i = 0; i < labels; ++i) names.push_back("label " + std::to_string(i));
  return names;
}

LinearModel Example(const Shape& shape) {
  ThreadPool pool(1);
  const FittedFeatures fitted = *Vectorizer::Fit(kTexts, shape.features, pool);
  const size_t features = fitted.vectorizer.features();
  const size_t outputs = shape.labels == 2 && !shape.multi_label ? 1 : shape.labels;
  LinearWeights weights{features, outputs, RandomFloats(features * outputs, 1), RandomFloats(outputs, 2)};
  std::vector<PlattScale> platt(shape.platt ? outputs : 0, {-1.5f, 0.25f});
  return *LinearModel::Make(fitted.vectorizer, std::move(weights), shape.kind, shape.labels, shape.multi_label,
                            std::move(platt));
}

OnnxModel Exported(const Shape& shape) {
  auto graph = BuildLinearGraph(Example(shape), NamesOf(shape.labels), Calibration{.temperature = shape.temperature});
  EXPECT_TRUE(graph) << graph.error().Text();
  EXPECT_TRUE(CheckOnnxModel(*graph));
  return *std::move(graph);
}

Result<ImportedLinear> Parse(const std::string& bytes) {
  return ParseOnnxLinear(std::as_bytes(std::span(bytes)), "model.onnx");
}

std::vector<float> Probabilities(const LinearModel& model, std::string_view text, double temperature) {
  LinearModel::Scratch scratch;
  std::vector<float> logits(model.labels()), probabilities(model.labels());
  model.Logits(text, scratch, logits);
  double sum = 0;
  for (const float logit : logits) sum += std::exp(static_cast<double>(logit) / temperature);
  for (size_t l = 0; l < logits.size(); ++l) {
    const double power = std::exp(static_cast<double>(logits[l]) / temperature);
    probabilities[l] = static_cast<float>(power / (model.multi_label() ? 1 + power : sum));
  }
  return probabilities;
}

TEST(LinearImport, OfAnExportGivesTheSameProbabilities) {
  using enum LinearKind;
  FeatureOptions sublinear{.min_ngram = 2, .max_ngram = 3, .sublinear = true};
  FeatureOptions ascii{
      .max_ngram = 2, .word_characters = WordCharacters::kAscii, .shortest_word = 1, .normalize = false};
  FeatureOptions capitals{.max_ngram = 1, .lowercase = false};
  const Shape shapes[] = {
      {},
      {.temperature = 1.7},
      {.labels = 5, .temperature = .4, .features = sublinear},
      {.kind = kLogisticOneVsRest, .labels = 3, .temperature = 2, .features = ascii},
      {.kind = kSvm, .platt = true, .features = capitals},
      {.kind = kSvm, .labels = 4, .platt = true, .temperature = 1.3},
      {.labels = 2, .multi_label = true, .temperature = .8},
      {.kind = kSvm, .labels = 3, .multi_label = true, .platt = true},
      {.labels = 1, .multi_label = true},
  };
  for (const Shape& shape : shapes) {
    SCOPED_TRACE(::testing::Message() << "labels " << shape.labels << ", multi " << shape.multi_label << ", kind "
                                      << static_cast<int>(shape.kind));
    const LinearModel model = Example(shape);
    const auto imported = Parse(Exported(shape).proto.SerializeAsString());
    ASSERT_TRUE(imported) << imported.error().Text();
    EXPECT_EQ(imported->labels, NamesOf(shape.labels));
    EXPECT_TRUE(imported->has_probabilities);
    EXPECT_EQ(imported->model.vectorizer().ToParts().names, model.vectorizer().ToParts().names);
    FeatureOptions options = model.vectorizer().options();
    options.max_features = static_cast<int64_t>(model.features());
    options.min_ngram = imported->model.vectorizer().options().min_ngram;  // of what was found, which may be less
    options.max_ngram = imported->model.vectorizer().options().max_ngram;
    EXPECT_EQ(imported->model.vectorizer().options(), options);
    for (const auto& texts : {kTexts, kOthers}) {
      for (const std::string_view text : texts) {
        const auto expected = Probabilities(model, text, shape.temperature);
        const auto probabilities = Probabilities(imported->model, text, imported->temperature);
        for (size_t l = 0; l < shape.labels; ++l) EXPECT_NEAR(probabilities[l], expected[l], 2e-6) << text;
      }
    }
  }
}

TEST(LinearImport, OfScoresAloneIsASupportVectorMachine) {
  onnx::ModelProto proto = Exported({.labels = 3}).proto;
  for (auto& node : *proto.mutable_graph()->mutable_node()) {
    for (auto& attribute : *node.mutable_attribute()) {
      if (attribute.name() == "post_transform") attribute.set_s("NONE");
    }
  }
  const auto imported = Parse(proto.SerializeAsString());
  ASSERT_TRUE(imported) << imported.error().Text();
  EXPECT_FALSE(imported->has_probabilities);
  EXPECT_EQ(imported->model.kind(), LinearKind::kSvm);
}

TEST(LinearExport, OfCharactersPassesOnnxsChecks) {
  for (const Analyzer analyzer : {Analyzer::kChar, Analyzer::kCharWb, Analyzer::kBoth}) {
    const OnnxModel model = Exported({.features = {.analyzer = analyzer, .max_ngram = 3, .sublinear = true}});
    const auto imported = Parse(model.proto.SerializeAsString());
    ASSERT_FALSE(imported);
    EXPECT_THAT(imported.error().message, HasSubstr("node '"));
  }
}

TEST(LinearExport, RefusesLabelsOfAnotherModel) {
  const auto graph = BuildLinearGraph(Example({}), NamesOf(3), Calibration{});
  ASSERT_FALSE(graph);
  EXPECT_THAT(graph.error().message, HasSubstr("labels.json has 3 labels, but linear.bin has 2"));
}

/// The message of what a changed export is refused with.
std::string Refusal(const std::function<void(onnx::GraphProto&)>& change) {
  onnx::ModelProto proto = Exported({}).proto;
  change(*proto.mutable_graph());
  const auto imported = Parse(proto.SerializeAsString());
  return imported ? "was imported" : imported.error().message;
}

onnx::NodeProto& NodeOf(onnx::GraphProto& graph, const std::string& op) {
  for (auto& node : *graph.mutable_node()) {
    if (node.op_type() == op) return node;
  }
  throw std::runtime_error("no " + op);
}

onnx::AttributeProto& AttributeOf(onnx::GraphProto& graph, const std::string& op, const std::string& name) {
  for (auto& attribute : *NodeOf(graph, op).mutable_attribute()) {
    if (attribute.name() == name) return attribute;
  }
  throw std::runtime_error("no " + name);
}

TEST(LinearImport, NamesTheNodeThatItDoesNotUnderstand) {
  EXPECT_THAT(Refusal([](auto& graph) { NodeOf(graph, "Mul").set_op_type("Pow"); }),
              HasSubstr("(Pow) is not supported"));
  EXPECT_THAT(Refusal([](auto& graph) { AttributeOf(graph, "Tokenizer", "tokenexp").set_s("[a-f]+"); }),
              HasSubstr("'tokens' (com.microsoft.Tokenizer) has the token pattern [a-f]+"));
  EXPECT_THAT(Refusal([](auto& graph) { AttributeOf(graph, "TfIdfVectorizer", "mode").set_s("IDF"); }),
              HasSubstr("has the mode 'IDF'"));
  EXPECT_THAT(Refusal([](auto& graph) { AttributeOf(graph, "TfIdfVectorizer", "max_skip_count").set_i(2); }),
              HasSubstr("skip words"));
  EXPECT_THAT(Refusal([](auto& graph) { AttributeOf(graph, "LinearClassifier", "post_transform").set_s("PROBIT"); }),
              HasSubstr("PROBIT"));
  EXPECT_THAT(Refusal([](auto& graph) { AttributeOf(graph, "Normalizer", "norm").set_s("MAX"); }), HasSubstr("by MAX"));
  EXPECT_THAT(Refusal([](auto& graph) { AttributeOf(graph, "StringNormalizer", "case_change_action").set_s("UPPER"); }),
              HasSubstr("by UPPER"));
  EXPECT_THAT(Refusal([](auto& graph) { AttributeOf(graph, "LinearClassifier", "intercepts").set_floats(1, .5f); }),
              HasSubstr("not opposite numbers"));
  EXPECT_THAT(Refusal([](auto& graph) { graph.add_input()->set_name("more"); }), HasSubstr("a second input, 'more'"));
  EXPECT_THAT(Refusal([](auto& graph) { graph.add_input()->set_name("input_ids"); }), HasSubstr("is a transformer"));
  EXPECT_THAT(Refusal([](auto& graph) { graph.add_output()->set_name("word_counts"); }), HasSubstr("'word_counts'"));
}

TEST(LinearImport, NamesOtherModelsAndWhatToDoWithThem) {
  const auto fast_text = Parse("\xBA\x16\x4F\x2F\x0C");
  ASSERT_FALSE(fast_text);
  EXPECT_THAT(fast_text.error().message, HasSubstr("this is a fastText model"));
  EXPECT_THAT(fast_text.error().hint, HasSubstr("winnow train"));
  const auto pickle = Parse("\x80\x04\x95");
  ASSERT_FALSE(pickle);
  EXPECT_THAT(pickle.error().hint, HasSubstr("winnow.from_sklearn"));
}

TEST(LinearImport, RefusesSizesThatDisagree) {
  EXPECT_THAT(Refusal([](auto& graph) { AttributeOf(graph, "TfIdfVectorizer", "ngram_counts").set_ints(1, 1 << 30); }),
              HasSubstr("has n-grams of"));
  EXPECT_THAT(Refusal([](auto& graph) { AttributeOf(graph, "TfIdfVectorizer", "ngram_counts").set_ints(0, -1); }),
              HasSubstr("has n-grams of"));
  EXPECT_THAT(
      Refusal([](auto& graph) { AttributeOf(graph, "TfIdfVectorizer", "ngram_indexes").set_ints(0, INT32_MAX); }),
      HasSubstr("columns"));
  EXPECT_THAT(
      Refusal([](auto& graph) { AttributeOf(graph, "TfIdfVectorizer", "ngram_indexes").set_ints(0, INT64_MIN); }),
      HasSubstr("column"));
  EXPECT_THAT(Refusal([](auto& graph) { AttributeOf(graph, "TfIdfVectorizer", "max_gram_length").set_i(INT64_MAX); }),
              HasSubstr("has n-grams of"));
  EXPECT_THAT(Refusal([](auto& graph) { AttributeOf(graph, "LinearClassifier", "coefficients").add_floats(1); }),
              HasSubstr("weights and 2 intercepts"));
  EXPECT_THAT(Refusal([](auto& graph) { AttributeOf(graph, "LinearClassifier", "coefficients").set_floats(0, NAN); }),
              HasSubstr("opposite"));
  EXPECT_THAT(Refusal([](auto& graph) {
                for (auto& tensor : *graph.mutable_initializer()) {
                  if (tensor.data_type() == onnx::TensorProto::FLOAT) tensor.set_dims(0, int64_t{1} << 62);
                }
              }),
              HasSubstr("impossible size"));
  EXPECT_THAT(Refusal([](auto& graph) { graph.clear_node(); }), HasSubstr("'label' is neither"));
}

/// As small as a pipeline can be, so that every byte can be tried.
std::string Small() {
  ThreadPool pool(1);
  const std::vector<std::string_view> texts = {"ab cd"};
  const FittedFeatures fitted =
      *Vectorizer::Fit(texts, {.max_ngram = 2, .word_characters = WordCharacters::kAscii}, pool);
  const LinearModel model =
      *LinearModel::Make(fitted.vectorizer, {3, 1, {1, 2, 3}, {.5f}}, LinearKind::kLogistic, 2, false);
  return BuildLinearGraph(model, NamesOf(2), Calibration{})->proto.SerializeAsString();
}

void Use(const Result<ImportedLinear>& imported) {
  if (!imported) return;
  const auto probabilities = Probabilities(imported->model, "ab cd ab", imported->temperature);
  ASSERT_EQ(probabilities.size(), imported->labels.size());
}

TEST(LinearImport, SurvivesTruncationsAndFlippedBytes) {
  const std::string bytes = Small();
  ASSERT_TRUE(Parse(bytes)) << Parse(bytes).error().Text();
  for (size_t n = 0; n < bytes.size(); ++n) Use(Parse(bytes.substr(0, n)));
  for (size_t i = 0; i < bytes.size(); ++i) {
    for (const int flip : {0x01, 0x04, 0x80, 0xFF}) {
      std::string flipped = bytes;
      flipped[i] = static_cast<char>(flipped[i] ^ flip);
      Use(Parse(flipped));
    }
  }
  Random random(3);
  for (int round = 0; round < 2000; ++round) {
    std::string flipped = bytes;
    for (uint32_t n = 1 + random.Below(8); n > 0; --n) {
      flipped[random.Below(static_cast<uint32_t>(flipped.size()))] = static_cast<char>(random.Below(256));
    }
    Use(Parse(flipped));
  }
  EXPECT_EQ(Parse("no model").error().code, ErrorCode::kInvalidModel);
  EXPECT_EQ(Parse("").error().code, ErrorCode::kInvalidModel);
  EXPECT_EQ(ReadOnnxLinear("/nonexistent/model.onnx").error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace winnow
