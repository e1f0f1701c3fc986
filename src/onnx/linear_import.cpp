#include "onnx/linear_import.h"

#include <fmt/format.h>
#include <onnx/onnx_pb.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <map>
#include <optional>

#include "base/files.h"
#include "base/json.h"
#include "base/mapped_memory.h"
#include "bundle/labels.h"
#include "linear/linear_file.h"
#include "onnx/linear_pipeline.h"
#include "onnx/linear_text.h"
#include "text/utf8.h"

namespace winnow {
namespace {

constexpr size_t kMaxImportBytes = size_t{256} << 20;

/// The first bytes of fastText's .bin and .ftz files: FASTTEXT_FILEFORMAT_MAGIC_INT32 of its fasttext.cc.
constexpr std::string_view kFastTextMagic = "\xBA\x16\x4F\x2F";
constexpr char kPickle[] = "; it looks like a Python object, as joblib or pickle writes it";
constexpr char kFromSklearn[] =
    "in Python, winnow.from_sklearn(joblib.load('FILE'), 'DIR') imports a scikit-learn pipeline; or convert it to ONNX: ";
constexpr char kToOnnx[] =
    "from skl2onnx import to_onnx; from skl2onnx.common.data_types import StringTensorType; "
    "open('model.onnx', 'wb').write(to_onnx(pipeline, initial_types=[('text', StringTensorType([None, 1]))])"
    ".SerializeToString())";

/// A feature's name, and where its weights are.
struct Feature {
  std::string name;
  size_t column = 0;
  float idf = 1;
};

class Import {
 public:
  Import(const LinearPipeline& pipeline, std::string_view where) : pipeline_(pipeline), where_(where) {}

  /// Returns the features that a text can have, sorted.
  Result<std::vector<Feature>> Features() const {
    std::map<std::string, Feature> features;
    std::map<size_t, std::string> of_columns;
    for (const LinearPipeline::Ngram& ngram : pipeline_.ngrams) {
      const auto is_possible = [&](std::string_view word) {
        return IsPossibleWord(word, pipeline_.words, pipeline_.lowercase);
      };
      if (!std::ranges::all_of(ngram.words, is_possible)) continue;
      Feature feature{fmt::format("{}", fmt::join(ngram.words, " ")), static_cast<size_t>(ngram.column), ngram.weight};
      if (!pipeline_.idf.empty()) feature.idf *= pipeline_.idf[feature.column];
      if (const auto [same, is_new] = of_columns.try_emplace(feature.column, feature.name); !is_new) {
        // Winnow's own files have such twins.
        if (WithoutFinalSigma(same->second) == feature.name) continue;
        return Fail(ErrorCode::kUnsupported,
                    fmt::format("{}: '{}' and '{}' are the same feature", where_, same->second, feature.name),
                    "only pipelines in which each n-gram is a feature of its own can be imported");
      }
      const std::string name = feature.name;
      if (!features.try_emplace(name, std::move(feature)).second) return Wrong(fmt::format("'{}' occurs twice", name));
    }
    if (features.empty())
      return Wrong(
          "none of the n-grams of the vocabulary can occur in a text, because the tokenizer never produces them");
    std::vector<Feature> sorted;
    sorted.reserve(features.size());
    for (auto& [name, feature] : features) sorted.push_back(std::move(feature));
    return sorted;
  }

  Result<Vectorizer> MakeVectorizer(const std::vector<Feature>& features) const {
    FeatureParts parts;
    parts.options.min_ngram = pipeline_.min_ngram;
    parts.options.max_ngram = pipeline_.max_ngram;
    parts.options.max_features = static_cast<int64_t>(features.size());
    parts.options.sublinear = pipeline_.sublinear;
    parts.options.lowercase = pipeline_.lowercase;
    parts.options.word_characters = pipeline_.words.characters;
    parts.options.shortest_word = static_cast<int>(pipeline_.words.shortest);
    parts.options.normalize = pipeline_.normalize;
    for (const Feature& feature : features) {
      parts.names.push_back(feature.name);
      parts.idf.push_back(feature.idf);
    }
    Result<Vectorizer> vectorizer = Vectorizer::FromParts(parts);
    if (!vectorizer) return Wrong(vectorizer.error().message);
    return vectorizer;
  }

  /// What the scores mean. Errors: kUnsupported for probabilities that no linear model of Winnow's has.
  Result<LinearKind> Kind() const {
    const auto refuse = [&](const char* what) {
      return Fail(ErrorCode::kUnsupported, fmt::format("{}: {}", where_, what),
                  "train the model with Winnow: winnow train DATA --kind lr");
    };
    const size_t outputs = pipeline_.biases.size();
    switch (pipeline_.scores) {
      case PipelineScores::kPlain:
        return LinearKind::kSvm;
      case PipelineScores::kLogistic:
        if (outputs == 1 || (outputs == 2 && AreOpposite())) return LinearKind::kLogistic;
        if (outputs == 2) return refuse("the scores of its two labels are not opposite numbers");
        if (!pipeline_.sum_to_one) return refuse("the probabilities of its labels do not sum to 1");
        return LinearKind::kLogisticOneVsRest;
      case PipelineScores::kSoftmax:
        if (outputs == 1) return refuse("it applies a softmax to a single score");
        return LinearKind::kLogistic;
      case PipelineScores::kLogSigmoid:
        if (outputs < 3) return refuse("it computes two independent scores for two labels");
        return LinearKind::kLogisticOneVsRest;
      case PipelineScores::kSigmoid:
        return LinearKind::kLogistic;
    }
    return refuse("its type of score is not supported");
  }

  LinearWeights Weights(const std::vector<Feature>& features) const {
    const size_t rows = pipeline_.biases.size();
    LinearWeights weights{features.size(), OutputsOf(rows < 2 ? 2 : rows, multi_label()), {}, {}};
    if (multi_label()) weights.outputs = rows;
    // Of two scores, how much more the second is than the first; of opposite ones, as they are with LOGISTIC and for
    // SVMs, the second.
    const bool difference =
        weights.outputs == 1 && rows == 2 && (pipeline_.scores == PipelineScores::kSoftmax || !AreOpposite());
    const auto value = [&](size_t output, auto&& of_row) {
      if (rows == weights.outputs) return of_row(output);
      return difference ? of_row(1) - of_row(0) : of_row(1);
    };
    for (const Feature& feature : features) {
      for (size_t o = 0; o < weights.outputs; ++o) {
        weights.weights.push_back(
            value(o, [&](size_t row) { return pipeline_.weights[row * pipeline_.columns + feature.column]; }));
      }
    }
    for (size_t o = 0; o < weights.outputs; ++o)
      weights.bias.push_back(value(o, [&](size_t row) { return pipeline_.biases[row]; }));
    return weights;
  }

  bool multi_label() const { return pipeline_.scores == PipelineScores::kSigmoid; }
  std::unexpected<Error> Wrong(const std::string& what) const {
    return Fail(ErrorCode::kInvalidModel, fmt::format("{}: {}", where_, what), "the file is damaged: export it again");
  }

 private:
  bool AreOpposite() const {
    const size_t n = pipeline_.columns;
    if (pipeline_.biases.size() != 2 || pipeline_.biases[0] != -pipeline_.biases[1]) return false;
    for (size_t c = 0; c < n; ++c) {
      if (pipeline_.weights[c] != -pipeline_.weights[n + c]) return false;
    }
    return true;
  }

  const LinearPipeline& pipeline_;
  std::string where_;
};

/// The names in the file's own words, where the graph has none.
std::vector<std::string> LabelsOf(const onnx::ModelProto& proto, size_t count) {
  std::vector<std::string> labels;
  for (const auto& property : proto.metadata_props()) {
    if (property.key() != "labels" || property.value().size() > (1u << 24)) continue;
    const auto json = ParseJson(property.value(), "labels", ErrorCode::kInvalidModel);
    if (!json || !json->is_array() || json->size() != count) continue;
    for (const Json& name : *json) labels.push_back(name.is_string() ? name.get<std::string>() : "");
    return labels;
  }
  for (size_t i = 0; i < count; ++i) labels.push_back(std::to_string(i));
  return labels;
}

}  // namespace

Result<ImportedLinear> ParseOnnxLinear(std::span<const std::byte> bytes, std::string_view where) {
  if (bytes.size() >= kFastTextMagic.size() && std::memcmp(bytes.data(), kFastTextMagic.data(), 4) == 0) {
    return Fail(ErrorCode::kUnsupported,
                fmt::format("{}: this is a fastText model, whose hashed n-grams cannot be imported", where),
                "train on its labelled texts, which are read as they are: winnow train TRAIN.txt --kind lr");
  }
  if (bytes.size() > kMaxImportBytes) {
    return Fail(ErrorCode::kUnsupported,
                fmt::format("{}: an ONNX file of {} MB is too large", where, bytes.size() >> 20),
                fmt::format("the limit is {} MB", kMaxImportBytes >> 20));
  }
  onnx::ModelProto proto;
  if (bytes.empty() || !proto.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) || !proto.has_graph()) {
    const bool pickled = !bytes.empty() && (bytes[0] == std::byte{0x80} || bytes[0] == std::byte{0x78});
    return Fail(ErrorCode::kInvalidModel,
                fmt::format("{}: is not a complete ONNX model{}", where, pickled ? kPickle : ""),
                pickled ? std::string(kFromSklearn) + kToOnnx
                        : std::string("convert the scikit-learn pipeline to ONNX in Python: ") + kToOnnx);
  }
  const LinearPipeline pipeline = TRY(ReadLinearPipeline(proto, where));
  const Import import(pipeline, where);
  const LinearKind kind = TRY(import.Kind());
  const std::vector<Feature> features = TRY(import.Features());
  LinearWeights weights = import.Weights(features);
  std::vector<std::string> labels = pipeline.labels;
  if (labels.empty()) labels = LabelsOf(proto, pipeline.biases.size());
  if (!std::ranges::all_of(labels, IsUtf8)) return import.Wrong("a label is not UTF-8");
  TRY(ValidateLabels(labels, where));
  auto model = LinearModel::Make(TRY(import.MakeVectorizer(features)), std::move(weights), kind, labels.size(),
                                 import.multi_label());
  if (!model) return import.Wrong(model.error().message);
  ImportedLinear result{*std::move(model), std::move(labels), 1, pipeline.scores != PipelineScores::kPlain, "", {}};
  if (pipeline.scores == PipelineScores::kLogSigmoid) {
    result.temperature = -1 / static_cast<double>(pipeline.minus_by_temperature);
  }
  const auto text = [](const std::string& value) { return IsUtf8(value) ? value : std::string(); };
  result.producer = text(proto.producer_name());
  if (!proto.producer_version().empty()) result.producer += " " + text(proto.producer_version());
  for (const auto& property : proto.metadata_props()) {
    result.properties.emplace_back(text(property.key()), text(property.value()));
  }
  return result;
}

Result<ImportedLinear> ReadOnnxLinear(const std::filesystem::path& file) {
  const MappedFile mapped = TRY(MappedFile::Open(file));
  Result<ImportedLinear> imported = ParseOnnxLinear(mapped.bytes(), file.string());
  TRY(CheckMapped(mapped.bytes().data()));
  return imported;
}

}  // namespace winnow
