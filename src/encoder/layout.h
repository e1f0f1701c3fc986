/// The position of each weight of an encoder with a classification head in one array of floats, and Hugging Face's name
/// for it.
///
/// The array has three regions, because training treats them differently:
///   words      the token embeddings: gradients touch few rows of it
///   matrices   position and segment embeddings, their projection, products' weights [out, in]; query, key and value stand one below
///              the other, so that one product computes all three
///   vectors    biases (also MPNet's of attention) and normalisation weights: no weight decay; their gradients are summed per thread
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "bundle/model_config.h"

namespace winnow {

struct WeightInfo {
  std::string name;  ///< Hugging Face's, with the model's prefix: "bert.encoder.layer.0.output.dense.weight"
  std::vector<int64_t> shape;
  size_t offset = 0;  ///< offset in floats
  size_t count = 0;
  enum class Init { kNormal, kZero, kOne } init = Init::kNormal;
  int depth = 0;      ///< 0 the embeddings, then the layers from 1 on (the last of those that share it), then the head
  bool head = false;  ///< belongs to the classifier, and is absent from base models
  bool optional = false;  ///< may nevertheless be absent from base models (the pooler)
};

struct LayerLayout {
  size_t qkv, out, up, down;  ///< [3h, h], [h, h], [i, h] ([2i, h] where it is gated), [h, i]
  size_t qkv_bias, out_bias, up_bias, down_bias;
  size_t relative, relative_bias;  ///< [2h, h]: query and key of relative positions; qkv's where they are shared
  size_t attention_gamma, attention_beta, output_gamma, output_beta;  ///< of inputs where IsPreNorm: without betas, and
                                                                      ///< the first layer without attention_gamma
};

struct Layout {
  explicit Layout(const ModelConfig& config);

  std::vector<WeightInfo> weights;
  size_t words = 0;                                            ///< always at the start
  size_t positions = 0;                                        ///< meaningful where config.absolute_positions
  size_t segments = 0;                                         ///< meaningful where config.type_vocab_size > 0
  size_t relative = 0, relative_gamma = 0, relative_beta = 0;  ///< [2 span, h]; where config.relative_span > 0
  size_t attention_bias = 0;                                   ///< [buckets, heads]; where config.bias_buckets > 0
  size_t embedding_gamma = 0, embedding_beta = 0;
  size_t project = 0, project_bias = 0;        ///< [h, embedding size]; where config.embedding_size > 0
  std::vector<LayerLayout> groups;             ///< layers with weights of their own
  std::vector<LayerLayout> layers;             ///< all layers; those that share weights are equal
  size_t final_gamma = 0, head_gamma = 0;      ///< [h], where IsPreNorm: after the last layer, and in the head
  size_t head_dense = 0, head_dense_bias = 0;  ///< BERT's pooler, DistilBERT's pre_classifier ...: [h, h]
  size_t classifier = 0, classifier_bias = 0;  ///< [labels, h]

  /// Returns the depth of the head, which equals the number of depths below it.
  int head_depth() const { return static_cast<int>(layers.size()) + 1; }

  /// Where, in the matrices' and in the vectors' region, the weights of `depth` and above begin: they reach to the
  /// region's end.
  struct From {
    size_t matrix, vector;
  };
  From WeightsFrom(int depth) const;

  size_t matrices = 0;  ///< begin of the region; words end here
  size_t vectors = 0;   ///< begin of the region
  size_t total = 0;
};

}  // namespace winnow
