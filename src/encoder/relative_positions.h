/// DeBERTa's relative positions (He et al. 2020, arXiv:2006.03654; version 2's buckets): one table of embeddings for
/// all layers, normalized once, which each layer projects with its own query and key weights. Projections depend on
/// distances alone, so they are computed once per batch, or for as long as the weights stay constant.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/aligned_buffer.h"
#include "base/threads.h"
#include "bundle/model_config.h"
#include "encoder/gradients.h"
#include "encoder/model.h"
#include "kernels/dropout.h"
#include "kernels/matmul.h"
#include "kernels/relative_attention.h"

namespace winnow {

struct StepDropout;

/// The columns of the projected positions for the distances in texts of up to `longest` tokens; column 0 is row
/// `first_row` of the table.
struct RelativeColumns {
  RelativeColumns() = default;
  RelativeColumns(const ModelConfig& config, size_t longest);

  std::vector<int32_t> of_distance;  // [2 longest - 1]
  size_t longest = 0;
  size_t width = 0;
  size_t first_row = 0;
  size_t linear = 0;

  RelativePlaces places() const { return {of_distance.data(), longest, width, linear}; }
};

/// The projected positions of all layers.
class RelativePositions {
 public:
  /// Computes the positions for texts up to `longest` tokens, on the pool. `keep`: intermediate results are kept for a
  /// backward pass.
  void Compute(const Model& model, size_t longest, const StepDropout& dropout, const MatMulOptions& products, bool keep,
               ThreadPool& pool);
  void Clear() { columns_ = {}; }
  /// Returns `longest` of the last Compute; 0 after Clear.
  size_t longest() const { return columns_.longest; }
  /// Returns the number of floats that Compute and the backward pass take.
  static size_t Floats(const ModelConfig& config, size_t longest, int threads);

  RelativePlaces places() const { return columns_.places(); }
  /// Returns the head at a column of the hidden size.
  RelativeHead Head(size_t layer, size_t column) const;

  /// BeginBackward begins a backward pass, BeginLayer one layer of it.
  void BeginBackward(ThreadPool& pool);
  void BeginLayer(ThreadPool& pool);
  /// Return a thread's own sums, which have the layout of Head's matrices.
  float* query_grad(int thread, size_t column) { return grads_[static_cast<size_t>(thread)].data() + column * stride_; }
  float* key_grad(int thread, size_t column) { return query_grad(thread, hidden_ + column); }
  /// Adds up the sums of the threads, and computes from them the gradients of the layer's weights (those of `qkv` were
  /// written before) and of the table.
  void EndLayer(const Model& model, size_t layer, const StepDropout& dropout, const MatMulOptions& products,
                bool of_table, Gradients& gradients, ThreadPool& pool);
  /// Computes the gradients of the table and its normalization.
  void EndBackward(const Model& model, Gradients& gradients);

 private:
  const float* Ascending(const StepDropout& dropout, const ModelConfig& config, size_t layer);

  RelativeColumns columns_;
  size_t hidden_ = 0;
  size_t stride_ = 0;               // row stride of projected_ and grads_
  FloatBuffer rows_;                // [width, h] normalised
  FloatBuffer normal_, rstd_;       // kept
  FloatBuffer ascending_;           // [width, h] after a layer's dropout
  FloatBuffer descending_;          // the rows of ascending_ in reverse
  FloatBuffer projected_;           // [layers, 2h, stride]
  std::vector<FloatBuffer> grads_;  // gradients by thread, [2h, stride]
  FloatBuffer row_grads_;           // [width, h] sum over layers
  FloatBuffer layer_row_grads_;     // [2, width, h]
};

}  // namespace winnow
