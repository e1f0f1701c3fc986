/// The weights of a classifier's checkpoint, by Hugging Face's names, read a few rows at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "bundle/model_config.h"
#include "bundle/open_weights.h"
#include "bundle/safetensors.h"

namespace winnow {

/// One tensor as a matrix: rows are its first dimension (a vector is a single row). Copies share the mapped file, which
/// stays open as long as one of them exists.
class Weight {
 public:
  Weight(std::shared_ptr<const SafetensorsFile> file, const TensorView* tensor, std::string where);

  const std::vector<int64_t>& shape() const { return tensor_->shape; }
  size_t rows() const { return rows_; }
  size_t columns() const { return columns_; }

  /// Fills `out`, which has the size of whole rows, from `first_row` on. Errors: kInvalidModel for element types other
  /// than floats, and for NaN and infinite values; kIo if the file was truncated or overwritten.
  Result<void> Read(size_t first_row, std::span<float> out) const;
  /// Returns all values. Errors: those of Read.
  Result<std::vector<float>> ReadAll() const;
  /// Releases the memory of the pages that were read.
  void ReleaseMemory() const { file_->ReleaseMemory(); }

 private:
  std::shared_ptr<const SafetensorsFile> file_;
  const TensorView* tensor_;
  std::string where_;
  size_t rows_ = 1;
  size_t columns_ = 1;
};

class WeightFile {
 public:
  /// Maps `dir`/model.safetensors. Errors: kNotFound, kIo, kInvalidModel.
  static Result<WeightFile> Open(const std::filesystem::path& dir, const ModelConfig& config);

  /// Returns the weight `name`, without the model's prefix: "embeddings.word_embeddings.weight". Files may or may not
  /// have the prefix ("bert.", "distilbert."), and may have LayerNorm.gamma and .beta for .weight and .bias. `shape` is
  /// the shape according to config.json. Errors: kInvalidModel, naming the tensor.
  Result<Weight> Encoder(const std::string& name, const std::vector<int64_t>& shape) const;
  /// Returns a weight of the classification head, whose name has no prefix: "classifier.weight".
  Result<Weight> Head(const std::string& name, const std::vector<int64_t>& shape) const;

 private:
  Result<Weight> Find(const std::string& name, const std::vector<int64_t>& shape, bool head) const;

  std::filesystem::path dir_;
  std::string where_;  // the file, for messages
  Architecture architecture_ = Architecture::kBert;
  std::string prefix_;  // "bert."
  std::string model_;   // "a bert of 6 layers"
  std::shared_ptr<const SafetensorsFile> file_;
  std::shared_ptr<const NamedTensors> tensors_;  // of file_
};

}  // namespace winnow
