/// Backward pass: computes the gradients of all weights from the gradient of the logits, layer by layer.
#pragma once

#include <span>
#include <vector>

#include "base/threads.h"
#include "encoder/activations.h"
#include "encoder/batch.h"
#include "encoder/forward.h"
#include "encoder/gradients.h"
#include "encoder/model.h"
#include "encoder/weight_gradients.h"

namespace winnow {

/// A forward and a backward pass over a batch, on a pool; memory is reused from batch to batch.
class TrainingPass {
 public:
  struct Options {
    /// Number of depths (WeightInfo::depth) whose weights get no gradient; nothing is computed for them.
    int frozen_depths = 0;
    /// Keeps only the layers' outputs and recomputes the other results during the backward pass: about a fifth of the
    /// memory and a third more computation, with equal results.
    bool gradient_checkpointing = false;
    MatMulOptions products = {};  ///< options of the matrix products of forward and backward
  };

  /// Creates a pass; all arguments must outlive it. The pool's size determines how sums are split, hence the last bits
  /// of the gradients.
  TrainingPass(const Model& model, ThreadPool& pool, const Options& options);
  TrainingPass(const Model& model, ThreadPool& pool) : TrainingPass(model, pool, Options()) {}

  /// Returns the number of floats of memory that a batch takes.
  static size_t Floats(const ModelConfig& config, size_t tokens, size_t texts, const Options& options);

  /// Returns the logits [texts, labels]. The results that the backward pass needs are kept until the next call. `texts`
  /// must have passed CheckBatch and must outlive the call of Backward.
  std::span<const float> Forward(const PackedTexts& texts, const StepDropout& dropout);

  /// Computes the gradients of the weights from the gradient of the logits of the last Forward. Overwrites `gradients`,
  /// or adds to them if gradients.accumulates().
  void Backward(std::span<const float> logits_grad, Gradients& gradients);

 private:
  /// The part of the batch that one thread takes through a pass: texts first_text ... last_text - 1.
  struct Share {
    int thread;
    size_t first_text, last_text;
    size_t first_token, tokens;

    size_t texts() const { return last_text - first_text; }
  };
  /// Calls task(share) on the pool for each thread's share, unless it is empty.
  template <class Task>
  void ForShares(const Task& task);

  /// Rows of matrices: `count` of them, from row `first` on.
  struct Rows {
    size_t first, count;
  };
  /// Returns the rows of a share in the matrices of layer `l` behind its keys and values (LayerActivations).
  Rows RowsOf(size_t l, const Share& share) const;

  /// Computes d_x [rows, in] = d_y [rows, out] W + beta * d_x: the backward pass of y = x W^T, whose W [out, in] is at
  /// the offset `weight` of the layout.
  void ProductBackward(size_t rows, size_t out, size_t in, const float* d_y, size_t weight, float* d_x,
                       float beta = 0.0f) const;
  /// Computes these products on the pool; adds them to what is there if `accumulate`.
  void Multiply(std::span<const WeightGradient> products, bool accumulate);
  /// Computes the gradients of the matrices of layer `l`, after LayerBackward of all shares.
  void LayerWeightGradients(size_t l, Gradients& gradients);
  /// Computes the gradients of the embeddings, when those of the lowest layer are known.
  void AllEmbeddingsBackward(Gradients& gradients);
  void PrepareGrads();
  void LayerBackward(size_t l, const Share& share, Gradients& gradients);
  void PostNormBackward(size_t l, const Share& share, Gradients& gradients);
  void PreNormBackward(size_t l, const Share& share, Gradients& gradients);
  void PreNormInputBackward(size_t l, const Share& share, Gradients& gradients);
  /// Computes d_state_ of all tokens from the gradient of their means.
  void FeaturesBackward(const Share& share);
  /// Computes d_state_ of the last layer's input from d_query_ and d_qkv_.
  void LastInputBackward(const LayerLayout& weights, const Share& share, Gradients& gradients);
  void AttentionBackwardOfTexts(size_t l, const Share& share, Gradients& gradients);
  void EmbeddingBackward(const Share& share, Gradients& gradients);
  void ScatterEmbeddings(size_t first_column, size_t last_column, Gradients& gradients);

  const Model& model_;
  const ModelConfig& config_;
  ThreadPool& pool_;
  const Options options_;
  size_t hidden_, intermediate_, embedding_size_;
  PackedTexts texts_;
  StepDropout dropout_;
  std::vector<size_t> cuts_;
  Activations activations_;
  std::vector<AttentionScratch> scratch_;

  // For the layer at hand, with rows as in LayerActivations; d_x_ is the gradient of the loss with respect to x.
  FloatBuffer grads_;
  float* d_state_ = nullptr;         // [T, h] of the layer's output, then of its input
  float* d_down_ = nullptr;          // [T, h] of the second product's output
  float* activated_ = nullptr;       // [T, i] the activation function's output, made again
  float* d_up_ = nullptr;            // [T, i] ([T, 2i] where it is gated) of the first product's output
  float* d_out_ = nullptr;           // [T, h] of the output of attention's product
  float* d_context_ = nullptr;       // [T, h] of the heads' weighted sums
  float* d_qkv_ = nullptr;           // [T, 3h]; in the last layer of key and value alone [T, 2h]
  float* d_query_ = nullptr;         // [texts, h] in the last layer
  float* d_first_tokens_ = nullptr;  // [texts, h] d_state of the last layer's rows
  float* d_pooled_ = nullptr;        // [texts, h]
  float* pooled_again_ = nullptr;    // [texts, h] scratch
  float* d_activated_ = nullptr;     // [T, i] where IsPreNorm: of the activation function's output
  float* d_normed_ = nullptr;        // [T, h] where IsPreNorm: of a normalization's output, then of its input
  float* d_embeddings_ = nullptr;    // [T, e] of the embeddings before their projection; d_state_ where they need none
};

}  // namespace winnow
