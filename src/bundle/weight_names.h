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
  std::string_view head_dense, classifier;  ///< full names of the weights of the head
};

const WeightNames& WeightNamesOf(Architecture architecture);

inline constexpr char kWordEmbeddings[] = "embeddings.word_embeddings.weight";
inline constexpr char kPositionEmbeddings[] = "embeddings.position_embeddings.weight";
inline constexpr char kTypeEmbeddings[] = "embeddings.token_type_embeddings.weight";
inline constexpr char kEmbeddingNorm[] = "embeddings.LayerNorm";
/// DeBERTa's table of relative positions.
inline constexpr char kRelativeEmbeddings[] = "encoder.rel_embeddings.weight";
inline constexpr char kRelativeNorm[] = "encoder.LayerNorm";

/// Returns the names under which existing checkpoints store the weight `name`, prefix included: without the prefix, and
/// with LayerNorm.gamma and .beta for .weight and .bias. The first one is `name` itself.
std::vector<std::string> NamesInFiles(Architecture architecture, const std::string& name);

}  // namespace winnow
