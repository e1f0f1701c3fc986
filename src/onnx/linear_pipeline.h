/// The nodes of a text classifier's ONNX graph, read one after the other into what they do: com.microsoft's Tokenizer,
/// StringNormalizer, TfIdfVectorizer, idf, Normalizer, LinearClassifier, as skl2onnx writes scikit-learn's pipelines,
/// and Winnow's own graphs of words.
#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "linear/symbols.h"

namespace winnow {

/// The outputs of LinearClassifier, or of Gemm for labels that are decided each by itself.
enum class PipelineScores {
  kPlain,       ///< unchanged scores, which are not probabilities
  kLogistic,    ///< each score through 1 / (1 + exp(-x))
  kSoftmax,     ///< softmax of all scores
  kLogSigmoid,  ///< softmax of log(1 / (1 + exp(-x))) of all scores, at a temperature
  kSigmoid,     ///< each output of Gemm through 1 / (1 + exp(-x))
};

struct LinearPipeline {
  bool lowercase = false;
  WordRule words;
  int min_ngram = 1, max_ngram = 1;
  struct Ngram {
    std::vector<std::string_view> words;  ///< words of the n-gram, which refer to the message
    int64_t column = 0;
    float weight = 1;
  };
  std::vector<Ngram> ngrams;
  size_t columns = 0;
  bool sublinear = false;
  std::vector<float> idf;  ///< one value per column, or empty: all 1
  bool normalize = false;  ///< true if rows are scaled to length 1

  PipelineScores scores = PipelineScores::kPlain;
  bool sum_to_one = false;          ///< true if probabilities are divided by their sum
  std::vector<float> weights;       ///< [outputs, columns] row-major
  std::vector<float> biases;        ///< [outputs]
  std::vector<std::string> labels;  ///< names of the labels; empty if the graph does not have them
  float minus_by_temperature = -1;  ///< -1 / temperature, with kLogSigmoid
};

/// Reads the nodes. In the result, sizes agree with each other: there is a weight per column and output. `model` must
/// outlive the result. `where` is the beginning of error messages. Errors: kUnsupported, naming the unsupported node;
/// kInvalidModel for a contradictory graph.
Result<LinearPipeline> ReadLinearPipeline(const onnx::ModelProto& model, std::string_view where);

}  // namespace winnow
