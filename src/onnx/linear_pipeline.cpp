#include "onnx/linear_pipeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <climits>
#include <map>
#include <optional>
#include <utility>

#include "onnx/linear_nodes.h"
#include "onnx/linear_text.h"

namespace winnow {
namespace {

using onnx::NodeProto;
using onnx::TensorProto;

/// What a tensor of the graph is. There is one that texts become step by step, and what hangs beside it.
enum class Role {
  kMain,
  kLabel,
  kShape,       // the tokens'
  kAtLeastOne,  // of counts: max(n, 1), its logarithm, min(n, 1)
  kLogarithm,
  kAtMostOne,
};

/// How far the texts are.
enum class Stage { kText, kTokens, kTokensAndOne, kCounts, kScores, kNegative, kSoftplus, kLogits, kProbabilities };

class Reader : GraphReader {
 public:
  Reader(const onnx::ModelProto& model, std::string_view where)
      : GraphReader(model.graph(), where), graph_(model.graph()) {}

  Result<LinearPipeline> Read() {
    TRY(ReadInput());
    for (const NodeProto& node : graph_.node()) TRY(ReadNode(node));
    if (graph_.output_size() == 0) return Wrong("it has no output");
    for (const auto& output : graph_.output()) {
      const auto role = roles_.find(output.name());
      if (output.name() != current_ && (role == roles_.end() || role->second != Role::kLabel)) {
        return Unsupported(fmt::format("its output '{}' is neither a label nor probabilities", Shown(output.name())));
      }
    }
    if (stage_ != Stage::kProbabilities && (stage_ != Stage::kScores || result_.scores == PipelineScores::kSigmoid)) {
      return Unsupported("it has no classifier");
    }
    return std::move(result_);
  }

 private:
  Result<void> ReadInput() {
    const onnx::ValueInfoProto* found = nullptr;
    for (const auto& input : graph_.input()) {
      if (IsConstant(input.name())) continue;
      if (input.name() == "input_ids") return Transformer();
      if (found != nullptr) return Unsupported(fmt::format("it has a second input, '{}'", Shown(input.name())));
      found = &input;
    }
    if (found == nullptr) return Wrong("it has no input");
    if (found->type().tensor_type().elem_type() != TensorProto::STRING) {
      return Unsupported(fmt::format("its input '{}' is not text", Shown(found->name())));
    }
    roles_[found->name()] = Role::kMain;
    current_ = found->name();
    return {};
  }

  /// Returns true if the input is what the texts have become so far.
  bool IsMain(const NodeProto& node, int input) const {
    return node.input_size() > input && node.input(input) == current_;
  }
  std::optional<Role> RoleOf(const NodeProto& node, int input) const {
    if (node.input_size() <= input) return std::nullopt;
    const auto role = roles_.find(node.input(input));
    return role == roles_.end() ? std::nullopt : std::optional(role->second);
  }
  void Advance(const NodeProto& node, Stage stage, int output = 0) {
    current_ = node.output(output);
    roles_[current_] = Role::kMain;
    stage_ = stage;
  }

  Result<void> ReadNode(const NodeProto& node) {
    if (node.output_size() == 0) return Broken(node, "has no output");
    const std::string op = OperatorOf(node);
    if (op == "Constant") {
      const auto* value = FindAttribute(node, "value");
      if (value == nullptr || !value->has_t()) return Refuse(node);
      AddConstant(node.output(0), value->t());
      return {};
    }
    if (RoleOf(node, 0) == Role::kLabel) {
      constexpr std::array kKeep = {"Identity", "Cast", "Reshape", "Flatten", "Squeeze", "Unsqueeze"};
      if (std::ranges::find(kKeep, op) == kKeep.end()) return Refuse(node);
      roles_[node.output(0)] = Role::kLabel;
      return {};
    }
    if (op == "Identity" && IsMain(node, 0)) {
      Advance(node, stage_);
      return {};
    }
    switch (stage_) {
      case Stage::kText:
        return ReadText(node, op);
      case Stage::kTokens:
      case Stage::kTokensAndOne:
        return ReadTokens(node, op);
      case Stage::kCounts:
        return ReadCounts(node, op);
      default:
        return ReadScores(node, op);
    }
  }

  Result<void> ReadText(const NodeProto& node, const std::string& op) {
    if (!IsMain(node, 0)) return Refuse(node);
    if (op == "Reshape") {
      // A column or a list of texts.
      const std::vector<int64_t> shape = TRY(Ints(node, 1));
      const bool keeps = !shape.empty() && shape.size() <= 2 && shape[0] == -1 && (shape.size() == 1 || shape[1] == 1);
      if (!keeps) return Refuse(node, "changes the texts, which is not supported");
      Advance(node, stage_);
      return {};
    }
    if (op == "Flatten" || op == "Squeeze") {
      Advance(node, stage_);
      return {};
    }
    if (op == "StringNormalizer") return ReadNormalizer(node);
    if (op != "com.microsoft.Tokenizer") return Refuse(node);
    const std::string pattern = TextOf(node, "tokenexp", "");
    if (pattern.empty())
      return Refuse(node, "splits texts at separators or into characters; only words by 'tokenexp' are supported");
    if (IntOf(node, "mark", 0) != 0)
      return Refuse(node, "marks the beginning and end of texts, which is not supported");
    const int64_t shortest = IntOf(node, "mincharnum", 1);
    const auto rule = WordsOfPattern(pattern, static_cast<size_t>(std::clamp<int64_t>(shortest, 1, 3)));
    if (!rule) {
      return Refuse(node, fmt::format("has the token pattern {} with at least {} characters, which is not supported",
                                      Shown(pattern), shortest));
    }
    result_.words = *rule;
    pad_ = TextOf(node, "pad_value", "");
    Advance(node, Stage::kTokens);
    return {};
  }

  Result<void> ReadNormalizer(const NodeProto& node) {
    if (const auto* stopwords = FindAttribute(node, "stopwords");
        stopwords != nullptr && stopwords->strings_size() > 0) {
      return Refuse(node, "removes stop words, which is not supported");
    }
    const std::string action = TextOf(node, "case_change_action", "NONE");
    if (action != "LOWER" && action != "NONE")
      return Refuse(node, fmt::format("changes texts by {}, which is not supported", Shown(action)));
    result_.lowercase = result_.lowercase || action == "LOWER";
    Advance(node, stage_);
    return {};
  }

  Result<void> ReadTokens(const NodeProto& node, const std::string& op) {
    if (!IsMain(node, 0)) return Refuse(node);
    if (op == "StringNormalizer") return ReadNormalizer(node);
    if (stage_ == Stage::kTokensAndOne) {
      if (op != "Slice" || TRY(Ints(node, 1)) != std::vector<int64_t>{0} ||
          TRY(Ints(node, 2)) != std::vector<int64_t>{-1}) {
        return Refuse(node);
      }
      Advance(node, Stage::kTokens);
      return {};
    }
    if (op == "Shape") {
      roles_[node.output(0)] = Role::kShape;
      return {};
    }
    if (op == "Reshape" && RoleOf(node, 1) == Role::kShape) {
      in_one_list_ = false;
      Advance(node, stage_);
      return {};
    }
    if (op == "Reshape" && TRY(Ints(node, 1)) == std::vector<int64_t>{-1}) {
      in_one_list_ = true;
      Advance(node, stage_);
      return {};
    }
    if (op == "Flatten" && IntOf(node, "axis", 1) == 1) {
      Advance(node, stage_);
      return {};
    }
    if (op == "Concat" && in_one_list_ && node.input_size() == 2) {
      const TensorProto* one = TRY(ConstantOf(node, 1, TensorProto::STRING));
      if (one->string_data_size() != 1) return Refuse(node);
      Advance(node, Stage::kTokensAndOne);
      return {};
    }
    if (op == "TfIdfVectorizer" && !in_one_list_) return ReadVectorizer(node);
    return Refuse(node);
  }

  Result<void> ReadVectorizer(const NodeProto& node) {
    const auto* pool = FindAttribute(node, "pool_strings");
    const auto* starts = FindAttribute(node, "ngram_counts");
    const auto* columns = FindAttribute(node, "ngram_indexes");
    const auto* weights = FindAttribute(node, "weights");
    const std::string mode = TextOf(node, "mode", "");
    if (pool == nullptr || starts == nullptr || columns == nullptr) return Refuse(node, "has no n-grams of words");
    if (mode != "TF" && mode != "TFIDF") {
      return Refuse(node,
                    fmt::format("has the mode '{}', which ignores word counts and is not supported", Shown(mode)));
    }
    if (IntOf(node, "max_skip_count", 0) != 0)
      return Refuse(node, "has n-grams that skip words, which is not supported");
    const int64_t least = IntOf(node, "min_gram_length", 1), most = IntOf(node, "max_gram_length", 1);
    if (least < 1 || most < least || most > kMostNgram || starts->ints_size() < most) {
      return Broken(node, fmt::format("has n-grams of {} to {} words, but 'ngram_counts' has {} entries", least, most,
                                      starts->ints_size()));
    }
    const bool weighted = mode == "TFIDF" && weights != nullptr && weights->floats_size() > 0;
    if (weighted && weights->floats_size() != columns->ints_size()) {
      return Broken(node, fmt::format("has {} n-gram weights, but 'ngram_indexes' has {} entries",
                                      weights->floats_size(), columns->ints_size()));
    }
    result_.min_ngram = static_cast<int>(least);
    result_.max_ngram = static_cast<int>(most);
    int64_t last_column = -1;
    int at = 0;
    for (int n = 1; n <= starts->ints_size(); ++n) {
      const int64_t begin = starts->ints(n - 1), end = n < starts->ints_size() ? starts->ints(n) : pool->strings_size();
      if (begin < 0 || end < begin || end > pool->strings_size() || (end - begin) % n != 0 || (n == 1 && begin != 0)) {
        return Broken(node, fmt::format("has n-grams of {} words at {} to {} of {} strings", n, begin, end,
                                        pool->strings_size()));
      }
      for (int64_t i = begin; i < end; i += n, ++at) {
        if (at == columns->ints_size()) return Broken(node, "has more n-grams than columns");
        LinearPipeline::Ngram ngram;
        for (int64_t w = i; w < i + n; ++w) ngram.words.emplace_back(pool->strings(static_cast<int>(w)));
        // Then it would be found where a text is shorter than its neighbours.
        if (std::ranges::find(ngram.words, pad_) != ngram.words.end())
          return Refuse(node, "has n-grams that contain the padding string, which is not supported");
        ngram.column = columns->ints(at);
        if (weighted) ngram.weight = weights->floats(at);
        if (ngram.column < 0 || ngram.column > INT32_MAX)
          return Broken(node, fmt::format("has an n-gram with the invalid column {}", ngram.column));
        last_column = std::max(last_column, ngram.column);
        if (n >= least && n <= most) result_.ngrams.push_back(std::move(ngram));
      }
    }
    if (at != columns->ints_size() || at == 0)
      return Broken(node, fmt::format("has {} n-grams, but 'ngram_indexes' has {} entries", at, columns->ints_size()));
    result_.columns = static_cast<size_t>(last_column) + 1;
    Advance(node, Stage::kCounts);
    return {};
  }

  Result<void> ReadCounts(const NodeProto& node, const std::string& op) {
    const bool untouched = result_.idf.empty() && !result_.normalize && !result_.sublinear;
    const auto beside = [&](Role role) -> Result<void> {
      roles_[node.output(0)] = role;
      return {};
    };
    // 1 + log(n), and 0 for 0.
    if (op == "Max" && untouched && IsMain(node, 0) && IsOne(node, 1)) return beside(Role::kAtLeastOne);
    if (op == "Min" && untouched && IsMain(node, 0) && IsOne(node, 1)) return beside(Role::kAtMostOne);
    if (op == "Log" && RoleOf(node, 0) == Role::kAtLeastOne) return beside(Role::kLogarithm);
    if (op == "Add" && untouched && RoleOf(node, 0) == Role::kLogarithm && RoleOf(node, 1) == Role::kAtMostOne) {
      result_.sublinear = true;
      Advance(node, stage_);
      return {};
    }
    if (op == "Mul" && result_.idf.empty() && !result_.normalize && (IsMain(node, 0) || IsMain(node, 1))) {
      std::vector<int64_t> dims;
      result_.idf = TRY(Floats(node, IsMain(node, 0) ? 1 : 0, &dims));
      const bool is_row = dims.size() == 1 || (dims.size() == 2 && dims[0] == 1);
      if (!is_row || result_.idf.size() != result_.columns) {
        return Broken(node, fmt::format("has {} weights for {} columns", result_.idf.size(), result_.columns));
      }
      Advance(node, stage_);
      return {};
    }
    if (!IsMain(node, 0)) return Refuse(node);
    if (op == "ai.onnx.ml.Normalizer" && !result_.normalize) {
      const std::string norm = TextOf(node, "norm", "MAX");
      if (norm != "L2") return Refuse(node, fmt::format("normalizes rows by {}; only L2 is supported", Shown(norm)));
      result_.normalize = true;
      Advance(node, stage_);
      return {};
    }
    if (op == "Cast" && IntOf(node, "to", 0) == TensorProto::FLOAT) {
      Advance(node, stage_);
      return {};
    }
    if (op == "ai.onnx.ml.LinearClassifier") return ReadClassifier(node);
    if (op == "Gemm") return ReadGemm(node);
    return Refuse(node);
  }

  Result<void> ReadClassifier(const NodeProto& node) {
    const auto* weights = FindAttribute(node, "coefficients");
    const auto* biases = FindAttribute(node, "intercepts");
    if (weights == nullptr || biases == nullptr || node.output_size() != 2) return Refuse(node);
    result_.weights.assign(weights->floats().begin(), weights->floats().end());
    result_.biases.assign(biases->floats().begin(), biases->floats().end());
    if (const auto* names = FindAttribute(node, "classlabels_strings"); names != nullptr && names->strings_size() > 0) {
      result_.labels.assign(names->strings().begin(), names->strings().end());
    } else if (const auto* numbers = FindAttribute(node, "classlabels_ints"); numbers != nullptr) {
      for (const int64_t number : numbers->ints()) result_.labels.push_back(std::to_string(number));
    }
    TRY(CheckWeights(node));
    const size_t outputs = result_.biases.size();
    if (result_.labels.size() < 2 ||
        (result_.labels.size() != outputs && !(result_.labels.size() == 2 && outputs == 1))) {
      return Broken(node, fmt::format("has {} labels and {} scores", result_.labels.size(), outputs));
    }
    const std::string transform = TextOf(node, "post_transform", "NONE");
    roles_[node.output(0)] = Role::kLabel;
    if (transform == "NONE") {
      Advance(node, Stage::kScores, 1);
      return {};
    }
    if (transform != "LOGISTIC" && transform != "SOFTMAX")
      return Refuse(node, fmt::format("has the post_transform {}, which is not supported", Shown(transform)));
    result_.scores = transform == "LOGISTIC" ? PipelineScores::kLogistic : PipelineScores::kSoftmax;
    Advance(node, Stage::kProbabilities, 1);
    return {};
  }

  Result<void> ReadGemm(const NodeProto& node) {
    const auto factor = [&](const char* name) {
      return FindAttribute(node, name) == nullptr ? 1 : FindAttribute(node, name)->f();
    };
    if (IntOf(node, "transA", 0) != 0 || IntOf(node, "transB", 0) != 0 || factor("alpha") != 1 || factor("beta") != 1) {
      return Refuse(node);
    }
    std::vector<int64_t> dims;
    const std::vector<float> values = TRY(Floats(node, 1, &dims));
    result_.biases = TRY(Floats(node, 2));
    const size_t outputs = result_.biases.size();
    if (dims.size() != 2 || static_cast<uint64_t>(dims[0]) != result_.columns ||
        static_cast<uint64_t>(dims[1]) != outputs) {
      return Broken(
          node, fmt::format("has {} weights for {} columns and {} outputs", values.size(), result_.columns, outputs));
    }
    result_.weights.resize(values.size());
    for (size_t o = 0; o < outputs; ++o) {
      for (size_t c = 0; c < result_.columns; ++c) result_.weights[o * result_.columns + c] = values[c * outputs + o];
    }
    TRY(CheckWeights(node));
    result_.scores = PipelineScores::kSigmoid;
    Advance(node, Stage::kScores);
    return {};
  }

  Result<void> CheckWeights(const NodeProto& node) const {
    const uint64_t outputs = result_.biases.size();
    if (outputs > 0 && result_.weights.size() / outputs == result_.columns && result_.weights.size() % outputs == 0)
      return {};
    return Broken(node, fmt::format("has {} weights and {} intercepts for {} columns", result_.weights.size(), outputs,
                                    result_.columns));
  }

  Result<void> ReadScores(const NodeProto& node, const std::string& op) {
    if (!IsMain(node, 0)) return Refuse(node);
    const auto advance = [&](Stage stage) -> Result<void> {
      Advance(node, stage);
      return {};
    };
    const bool sigmoid = result_.scores == PipelineScores::kSigmoid;
    if (stage_ == Stage::kScores && sigmoid && op == "Sigmoid") return advance(Stage::kProbabilities);
    if (stage_ == Stage::kScores && !sigmoid && op == "Neg") return advance(Stage::kNegative);
    if (stage_ == Stage::kNegative && op == "Softplus") return advance(Stage::kSoftplus);
    if (stage_ == Stage::kSoftplus && op == "Mul") {
      const std::vector<float> factor = TRY(Floats(node, 1));
      if (factor.size() != 1 || !(factor[0] < 0)) return Refuse(node);
      result_.minus_by_temperature = factor[0];
      return advance(Stage::kLogits);
    }
    if (stage_ == Stage::kLogits && op == "Softmax" &&
        (IntOf(node, "axis", -1) == 1 || IntOf(node, "axis", -1) == -1)) {
      result_.scores = PipelineScores::kLogSigmoid;
      return advance(Stage::kProbabilities);
    }
    if (stage_ == Stage::kProbabilities && op == "ai.onnx.ml.Normalizer" && TextOf(node, "norm", "MAX") == "L1") {
      result_.sum_to_one = true;
      return advance(stage_);
    }
    if (stage_ == Stage::kProbabilities || stage_ == Stage::kScores) {
      if (op == "ai.onnx.ml.ZipMap") return advance(stage_);
      const int64_t to = IntOf(node, "to", 0);
      if (op == "Cast" && (to == TensorProto::FLOAT || to == TensorProto::DOUBLE)) return advance(stage_);
    }
    return Refuse(node);
  }

  const onnx::GraphProto& graph_;
  std::map<std::string, Role> roles_;
  std::string current_;  // the tensor that the texts have become
  Stage stage_ = Stage::kText;
  bool in_one_list_ = false;  // all texts' tokens
  std::string pad_;
  LinearPipeline result_;
};

}  // namespace

Result<LinearPipeline> ReadLinearPipeline(const onnx::ModelProto& model, std::string_view where) {
  return Reader(model, where).Read();
}

}  // namespace winnow
