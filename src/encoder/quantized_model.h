/// An encoder whose big matrices are of bytes, ready to answer: what `winnow quantize` makes and what is served.
///
/// On disk it is model_int8.safetensors, the same for every CPU. Matrices are I8 with a tensor NAME_scale of F32, a
/// scale for each row (output, word or position); layers that bytes would harm are BF16; the head is BF16, biases and
/// normalisation F32. Names are those of model.safetensors.
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
#include "encoder/relative_positions.h"
#include "kernels/packed_matmul.h"

namespace winnow {

inline constexpr char kInt8Weights[] = "model_int8.safetensors";

/// Which parts keep more than a byte a weight.
struct QuantizationPlan {
  std::vector<bool> bf16_layers;  ///< by layer; empty: none
  bool bf16_words = false;        ///< the token embeddings
};

/// Writes `dir`/model_int8.safetensors, atomically. Errors: kIo, kInvalidModel for products wider than bytes can sum.
Result<void> WriteQuantizedWeights(const Model& model, const QuantizationPlan& plan, const std::filesystem::path& dir);

struct QuantizedLayer {
  PackedWeights qkv, out, up, down;  ///< query, key and value each padded to whole column blocks
  FloatBuffer qkv_bias, out_bias, up_bias, down_bias;
  FloatBuffer attention_gamma, attention_beta, output_gamma, output_beta;
};

class QuantizedReader;

/// Immutable once loaded; thread-safe.
class QuantizedModel {
 public:
  /// Reads and packs `dir`/model_int8.safetensors on `pool`. Errors: kNotFound, kIo, kInvalidModel (missing tensors,
  /// other shapes or types, scales that are not positive and finite, NaN, other labels than config.json's), naming the
  /// tensor.
  static Result<QuantizedModel> Load(const std::filesystem::path& dir, ModelConfig config, ThreadPool& pool);

  const ModelConfig& config() const { return config_; }
  const std::vector<QuantizedLayer>& layers() const { return layers_; }

  /// hidden_size, rounded up to whole column blocks: the distance of query, key and value in a row.
  size_t qkv_block() const;

  /// Rows of words, positions and token types, summed: out [tokens, hidden] of one text, of whose tokens the first
  /// `first_length` have type 0 and the others type 1, where the model has that.
  void Embed(std::span<const int32_t> ids, size_t first_length, float* out) const;
  const float* embedding_gamma() const { return embedding_gamma_.data(); }
  const float* embedding_beta() const { return embedding_beta_.data(); }

  /// Projected relative positions of a layer's head at a column of the hidden size, for texts as long as the model
  /// takes; where config().relative_span is positive.
  RelativeHead relative_head(size_t layer, size_t column) const;
  RelativePlaces relative_places() const { return relative_columns_.places(); }

  const PackedWeights& head_dense() const { return head_dense_; }
  const float* head_dense_bias() const { return head_dense_bias_.data(); }
  const PackedWeights& classifier() const { return classifier_; }
  const float* classifier_bias() const { return classifier_bias_.data(); }

  /// Layers whose products are of bf16.
  int bf16_layers() const;

 private:
  explicit QuantizedModel(ModelConfig config) : config_(std::move(config)) {}
  Result<void> LoadLayers(const QuantizedReader& read, const Layout& layout, ThreadPool& pool);
  /// Words stay in `file` where they are bytes.
  Result<void> LoadEmbeddings(const QuantizedReader& read, const Layout& layout,
                              const std::shared_ptr<const SafetensorsFile>& file);
  Result<void> LoadRelativePositions(const QuantizedReader& read, const Layout& layout, ThreadPool& pool);

  ModelConfig config_;
  std::vector<QuantizedLayer> layers_;
  std::shared_ptr<const SafetensorsFile> file_;  // the words stay in it
  const int8_t* words_ = nullptr;                // [vocabulary, hidden]; null where they are floats
  const float* word_scales_ = nullptr;
  FloatBuffer float_words_;
  FloatBuffer positions_;  // [positions, hidden] from the first token's on, the first segment's embedding added; empty
                           // where there is neither
  FloatBuffer second_segment_;  // [hidden]: what the second segment's embedding is more than the first's; may be empty
  RelativeColumns relative_columns_;
  size_t relative_stride_ = 0;
  FloatBuffer relative_;  // [layers, 2h, stride] as RelativeHead has it
  FloatBuffer embedding_gamma_, embedding_beta_;
  PackedWeights head_dense_, classifier_;
  FloatBuffer head_dense_bias_, classifier_bias_;
};

}  // namespace winnow
