/// Hugging Face's names of the weights of each family of encoders.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bundle/model_config.h"

namespace winnow {

/// The parts of a weight's name in which the families differ; ".weight" and ".bias" come behind.
struct WeightNames {
  std::string_view prefix;  ///< prefix of all weights except those of the head: "bert."
  std::string_view layer;   ///< "encoder.layer.", and the layer's number and a dot come behind
  std::string_view query, key, value, out, attention_norm, up, down, output_norm;  ///< names within a layer
  std::string_view position_query, position_key;                                   ///< DeBERTa's own, where not shared
  std::string_view project;  ///< the projection of embeddings of another width than the hidden size, with the prefix
  std::string_view words = "embeddings.word_embeddings.weight", embedding_norm = "embeddings.LayerNorm";
  std::string_view head_dense, classifier;  ///< whole names
};

const WeightNames& WeightNamesOf(Architecture architecture);

inline constexpr char kPositionEmbeddings[] = "embeddings.position_embeddings.weight";
inline constexpr char kTypeEmbeddings[] = "embeddings.token_type_embeddings.weight";
inline constexpr char kFinalNorm[] = "final_norm";                              ///< ModernBERT's, after the last layer
inline constexpr char kHeadNorm[] = "head.norm";                                ///< ModernBERT's, without the prefix
inline constexpr char kRelativeEmbeddings[] = "encoder.rel_embeddings.weight";  ///< DeBERTa's
inline constexpr char kAttentionBias[] = "encoder.relative_attention_bias.weight";  ///< MPNet's
inline constexpr char kRelativeNorm[] = "encoder.LayerNorm";

/// The names under which checkpoints in the wild keep the weight `name`, prefix included: without the prefix, and with
/// LayerNorm.gamma and .beta for .weight and .bias. The first is `name` itself.
std::vector<std::string> NamesInFiles(Architecture architecture, const std::string& name);

}  // namespace winnow
