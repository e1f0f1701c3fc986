/// A quantized encoder, whose large matrices are INT8, for inference. `winnow quantize` creates its file.
///
/// The file model_int8.safetensors is equal for every CPU. Matrices are I8 with a tensor NAME_scale of F32, which
/// contains a scale for each row (output, word or position); layers that lose too much accuracy in INT8 are BF16; the
/// head is BF16, biases and normalization F32. Names are those of model.safetensors. In a bundle for browsers, the
/// matrices of layers and the token embeddings have 4 bits per weight (bundle/int4_rows.h): U8 of half as many columns,
/// with a tensor NAME_block_scale of I8; they are expanded to INT8 when they are read. The head is I8 there, and is
/// expanded to floats.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "base/aligned_buffer.h"
#include "base/result.h"
#include "base/threads.h"
#include "bundle/model_config.h"
#include "bundle/safetensors.h"
#include "encoder/model.h"
#include "encoder/position_bias.h"
#include "encoder/relative_positions.h"
#include "encoder/rotary.h"
#include "kernels/packed_matmul.h"

namespace winnow {

inline constexpr char kInt8Weights[] = "model_int8.safetensors";

/// The parts of a model that keep more bits per weight than the others.
struct QuantizationPlan {
  std::vector<bool> bf16_layers = {};  ///< true for each layer that stays bf16; empty: none
  bool bf16_words = false;             ///< true if the token embeddings stay bf16
  bool int4 = false;                   ///< true if parts have 4 bits per weight; false if they are INT8
  std::vector<bool> int8_layers = {};  ///< if int4: true for each layer that is INT8; empty: none
  bool int8_words = false;             ///< if int4: true if the token embeddings are INT8
};

/// Writes `dir`/model_int8.safetensors, atomically. Errors: kIo, kInvalidModel for products too wide for exact INT8
/// sums.
Result<void> WriteQuantizedWeights(const Model& model, const QuantizationPlan& plan, const std::filesystem::path& dir);

struct QuantizedLayer {
  /// Weights of the products; query, key and value are each padded to whole column blocks.
  PackedWeights qkv, out, up, down;
  // If IsPreNorm, biases, betas and the first layer's attention_gamma are empty.
  FloatBuffer qkv_bias, out_bias, up_bias, down_bias;
  FloatBuffer attention_gamma, attention_beta, output_gamma, output_beta;
};

class QuantizedReader;

/// A quantized model. Immutable once loaded; thread-safe.
class QuantizedModel {
 public:
  /// Reads and packs `dir`/model_int8.safetensors on `pool`. Errors: kNotFound, kIo, kInvalidModel (missing tensors,
  /// other shapes or types, scales that are not positive and finite, NaN, other labels than config.json's), naming the
  /// tensor.
  static Result<QuantizedModel> Load(const std::filesystem::path& dir, ModelConfig config, ThreadPool& pool);

  const ModelConfig& config() const { return config_; }
  size_t num_layers() const { return static_cast<size_t>(config_.num_layers); }
  const QuantizedLayer& layer(size_t l) const { return groups_[GroupOf(l)]; }

  /// Returns hidden_size, rounded up to whole column blocks: the distance of query, key and value in a row.
  size_t qkv_block() const;

  /// Checks that the file that the token embeddings are mapped from is as it was (base/mapped_memory.h); to be called
  /// after computing with them. Errors: kIo.
  Result<void> CheckFile() const;

  /// Computes the sum of word, position and token type embeddings of one text: out [tokens, embedding size]. The first
  /// `first_length` tokens have type 0 and the others type 1, if the model has token types.
  void Embed(std::span<const int32_t> ids, size_t first_length, float* out) const;
  /// The projection of embeddings of another width to the hidden size; where config().embedding_size is positive.
  const PackedWeights& project() const { return project_; }
  const float* project_bias() const { return project_bias_.data(); }
  const float* embedding_gamma() const { return embedding_gamma_.data(); }
  const float* embedding_beta() const { return embedding_beta_.data(); }

  /// Returns the projected relative positions of a layer's head at a column of the hidden size, for texts up to the
  /// maximum length of the model; requires that config().relative_span is positive.
  RelativeHead relative_head(size_t layer, size_t column) const;
  RelativePlaces relative_places() const { return relative_columns_.places(); }

  /// The attention biases by distance, for texts as long as the model takes; where config().bias_buckets is positive.
  const PositionBias& position_bias() const { return position_bias_; }

  /// ModernBERT's positions, and the normalizations after its last layer and in its head.
  const RotaryPositions& rotary() const { return rotary_; }
  const float* final_gamma() const { return final_gamma_.data(); }
  const float* head_gamma() const { return head_gamma_.data(); }

  const PackedWeights& head_dense() const { return head_dense_; }
  const float* head_dense_bias() const { return head_dense_bias_.data(); }
  const PackedWeights& classifier() const { return classifier_; }
  const float* classifier_bias() const { return classifier_bias_.data(); }

  /// Returns the number of layers whose products use bf16.
  int bf16_layers() const;

 private:
  explicit QuantizedModel(ModelConfig config) : config_(std::move(config)) {}
  size_t GroupOf(size_t l) const { return static_cast<size_t>(GroupOfLayer(config_, static_cast<int>(l))); }
  Result<void> LoadLayers(const QuantizedReader& read, const Layout& layout, ThreadPool& pool);
  /// Loads the embeddings; those of words stay in `file` if they are INT8.
  Result<void> LoadEmbeddings(const QuantizedReader& read, const Layout& layout,
                              const std::shared_ptr<const SafetensorsFile>& file);
  Result<void> LoadRelativePositions(const QuantizedReader& read, const Layout& layout, ThreadPool& pool);

  ModelConfig config_;
  std::vector<QuantizedLayer> groups_;           // layers with weights of their own
  std::shared_ptr<const SafetensorsFile> file_;  // the words stay in it
  const int8_t* words_ = nullptr;                // [vocabulary, embedding size]; null where they are floats
  AlignedBuffer<int8_t> expanded_words_;         // of 4 bits in the file
  const float* word_scales_ = nullptr;
  FloatBuffer float_words_;
  // [positions, embedding size], the first segment's embedding added; empty where there is neither.
  FloatBuffer positions_;
  // [embedding size]: what the second segment's embedding is more than the first's; may be empty.
  FloatBuffer second_segment_;
  RelativeColumns relative_columns_;
  size_t relative_stride_ = 0;
  FloatBuffer relative_;  // [layers, 2h, stride] as RelativeHead has it
  PositionBias position_bias_;
  RotaryPositions rotary_;
  FloatBuffer final_gamma_, head_gamma_;
  FloatBuffer embedding_gamma_, embedding_beta_;
  PackedWeights project_, head_dense_, classifier_;
  FloatBuffer project_bias_;
  FloatBuffer head_dense_bias_, classifier_bias_;
};

}  // namespace winnow
