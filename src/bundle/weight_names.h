/// Hugging Face's names of the weights of each family of encoders.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bundle/model_config.h"

namespace winnow {

/// The parts of a weight's name in which the families differ; ".weight" or ".bias" follows.
struct WeightNames {
  std::string_view prefix;  ///< prefix of all weights except those of the head: "bert."
  /// Prefix of the weights of a layer, followed by the layer's number and a dot: "encoder.layer.".
  std::string_view layer;
  std::string_view query, key, value, out, attention_norm, up, down, output_norm;  ///< names within a layer
  /// Names of DeBERTa's position projections within a layer, unless they are shared.
  std::string_view position_query, position_key;
  /// Full name of the projection of embeddings whose width is not the hidden size; empty if the family has none.
  std::string_view project;
  std::string_view words = "embeddings.word_embeddings.weight", embedding_norm = "embeddings.LayerNorm";
  std::string_view head_dense, classifier;  ///< full names of the weights of the head
};

const WeightNames& WeightNamesOf(Architecture architecture);

inline constexpr char kPositionEmbeddings[] = "embeddings.position_embeddings.weight";
inline constexpr char kTypeEmbeddings[] = "embeddings.token_type_embeddings.weight";
inline constexpr char kFinalNorm[] = "final_norm";  ///< ModernBERT's normalization after the last layer
inline constexpr char kHeadNorm[] = "head.norm";    ///< ModernBERT's normalization in the head; full name
/// DeBERTa's table of relative positions.
inline constexpr char kRelativeEmbeddings[] = "encoder.rel_embeddings.weight";
/// MPNet's table of attention biases.
inline constexpr char kAttentionBias[] = "encoder.relative_attention_bias.weight";
inline constexpr char kRelativeNorm[] = "encoder.LayerNorm";

/// Returns the names under which existing checkpoints store the weight `name`, prefix included: without the prefix, and
/// with LayerNorm.gamma and .beta for .weight and .bias. The first one is `name` itself.
std::vector<std::string> NamesInFiles(Architecture architecture, const std::string& name);

}  // namespace winnow
