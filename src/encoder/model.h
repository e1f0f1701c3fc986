/// An encoder with a classification head: its shape and its weights.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/aligned_buffer.h"
#include "base/result.h"
#include "bundle/model_config.h"
#include "bundle/safetensors.h"
#include "encoder/layout.h"

namespace winnow {

/// A model in memory. Threads may read it at the same time; only training writes to it.
class Model {
 public:
  struct LoadOptions {
    /// Replaces a head whose size is not that of `config.labels` by a new one; otherwise such a head is an error.
    bool reinit_head = false;
    /// Creates a head if the file has none, as that of a base model; otherwise a missing head is an error.
    bool create_head = false;
    uint64_t seed = 42;  ///< random seed of new weights
    /// Copies the token embeddings into memory, so that training can change them; otherwise they stay in the mapped
    /// file.
    bool writable = false;
  };

  /// Reads `dir`/model.safetensors as described by `config`. Names are accepted with and without the model's prefix,
  /// and LayerNorm.gamma and .beta in place of .weight and .bias; position_ids, pre-training heads and the like are
  /// ignored. Errors: kNotFound, kInvalidModel (missing tensors, other shapes, NaN), naming the tensor.
  static Result<Model> Load(const std::filesystem::path& dir, ModelConfig config, const LoadOptions& options);

  /// Creates a model with random weights: normal with config.initializer_range, biases zero, normalization one.
  static Model Fresh(ModelConfig config, uint64_t seed);

  /// Checks that the file that the token embeddings are mapped from is as it was (base/mapped_memory.h); to be called
  /// after computing with them. Errors: kIo.
  Result<void> CheckFile() const;

  /// Writes `dir`/model.safetensors in float32, atomically. Errors: kIo, and CheckFile's.
  Result<void> Save(const std::filesystem::path& dir) const;

  const ModelConfig& config() const { return config_; }
  const Layout& layout() const { return layout_; }

  /// Returns the token embeddings [vocabulary, hidden].
  const float* words() const { return words_; }
  /// Returns a weight of the matrices or vectors, by its offset in the layout.
  const float* at(size_t offset) const { return rest_.data() + (offset - layout_.matrices); }
  /// Returns writable weights, if the model was loaded writable.
  float* writable_words() { return words_memory_.data(); }
  float* at(size_t offset) { return rest_.data() + (offset - layout_.matrices); }

  /// Returns notes for the user, one sentence each, on weights that were created or ignored during loading.
  const std::vector<std::string>& notes() const { return notes_; }

 private:
  explicit Model(ModelConfig config) : config_(std::move(config)), layout_(config_) {}
  float* Place(const WeightInfo& weight);
  void Initialize(const WeightInfo& weight, uint64_t seed);
  /// Copies the tensor of a weight into memory, or leaves token embeddings in `file` unless they must be writable.
  /// Returns their place.
  Result<const float*> Read(const WeightInfo& weight, const TensorView& tensor,
                            const std::shared_ptr<const SafetensorsFile>& file, bool writable);

  ModelConfig config_;
  Layout layout_;
  FloatBuffer words_memory_;  // empty where the words lie in the file
  FloatBuffer rest_;          // matrices and vectors
  const float* words_ = nullptr;
  std::shared_ptr<const SafetensorsFile> file_;  // keeps the mapped words alive
  std::vector<std::string> notes_;
};

}  // namespace winnow
