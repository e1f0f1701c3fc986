/// The position of each weight of an encoder with a classification head in one array of floats, and Hugging Face's name
/// for it.
///
/// The array has three regions, because training treats them differently:
///   words      the token embeddings: gradients touch few rows of it
///   matrices   position and segment embeddings and their projection, products' weights [out, in]; query, key and value
///              stand one below the other, so that one product computes all three
///   vectors    biases (also MPNet's of attention) and normalization weights: no weight decay; their gradients are
///              summed per thread
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "bundle/model_config.h"

namespace winnow {

struct WeightInfo {
  /// Name in Hugging Face's files, with the model's prefix: "bert.encoder.layer.0.output.dense.weight".
  std::string name;
  std::vector<int64_t> shape;
  size_t offset = 0;  ///< offset in floats
  size_t count = 0;
  enum class Init { kNormal, kZero, kOne } init = Init::kNormal;
  /// 0 for the embeddings, 1 and above for the layers (the last one of those that share the weight), then the head.
  int depth = 0;
  bool head = false;  ///< true if the weight belongs to the classifier, and is absent from base models
  /// True if the weight may be absent from base models although it is not of the classifier (the pooler).
  bool optional = false;
};

struct LayerLayout {
  size_t qkv, out, up, down;  ///< [3h, h], [h, h], [i, h] ([2i, h] where it is gated), [h, i]
  size_t qkv_bias, out_bias, up_bias, down_bias;
  /// [2h, h]: query and key weights of relative positions; equal to qkv if they are shared.
  size_t relative, relative_bias;
  /// Normalizations; if IsPreNorm, of inputs, without betas, and the first layer has no attention_gamma.
  size_t attention_gamma, attention_beta, output_gamma, output_beta;
};

struct Layout {
  explicit Layout(const ModelConfig& config);

  std::vector<WeightInfo> weights;
  size_t words = 0;      ///< offset of the token embeddings, always 0
  size_t positions = 0;  ///< offset of the position embeddings, if config.absolute_positions
  size_t segments = 0;   ///< offset of the segment embeddings, if config.type_vocab_size > 0
  /// [2 span, h] table of relative positions and its normalization, if config.relative_span > 0.
  size_t relative = 0, relative_gamma = 0, relative_beta = 0;
  size_t attention_bias = 0;  ///< [buckets, heads] table of attention biases, if config.bias_buckets > 0
  size_t embedding_gamma = 0, embedding_beta = 0;
  size_t project = 0, project_bias = 0;  ///< [h, e] projection of the embeddings, if config.embedding_size > 0
  std::vector<LayerLayout> groups;       ///< layers with their own weights
  std::vector<LayerLayout> layers;       ///< all layers; those that share weights are equal
  size_t final_gamma = 0;                ///< [h] normalization after the last layer, if IsPreNorm
  size_t head_gamma = 0;                 ///< [h] normalization in the head, if IsPreNorm
  /// [h, h] dense layer of the head: BERT's pooler, DistilBERT's pre_classifier ...
  size_t head_dense = 0, head_dense_bias = 0;
  size_t classifier = 0, classifier_bias = 0;  ///< [labels, h] classifier

  /// Returns the depth of the head, which equals the number of depths below it.
  int head_depth() const { return static_cast<int>(layers.size()) + 1; }

  /// The positions at which the weights of `depth` and above begin in the matrices' and in the vectors' region; they
  /// extend to the end of the region.
  struct From {
    size_t matrix, vector;
  };
  From WeightsFrom(int depth) const;

  size_t matrices = 0;  ///< begin of the matrices' region, end of the words
  size_t vectors = 0;   ///< begin of the vectors' region
  size_t total = 0;
};

}  // namespace winnow
