/// Gradients of all trained weights: dense for matrices and vectors, only the used rows for the token embeddings.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/aligned_buffer.h"
#include "base/threads.h"
#include "encoder/batch.h"
#include "encoder/layout.h"

namespace winnow {

/// The gradients of one step. Threads may write to different weights, and each to its own vector_at, at the same time;
/// otherwise not thread-safe.
class Gradients {
 public:
  /// Creates gradients; weights of depths below `frozen_depths` get none.
  Gradients(const ModelConfig& config, const Layout& layout, int threads, int frozen_depths = 0);

  /// Returns the number of floats for that many threads, without the rows of token embeddings.
  static size_t Floats(const Layout& layout, int threads, int frozen_depths);

  /// Begins a step: forgets the touched rows; the first backward of the step overwrites the dense gradients.
  void Begin();
  /// Gives each token of `texts` a row for the gradient of its embedding, zero at first.
  void AddRows(const PackedTexts& texts);

  /// Returns true if a backward pass of this step has ended, so that the next one adds to the gradients.
  bool accumulates() const { return accumulates_; }

  /// Returns the gradient of a weight of the matrices or vectors, by its offset in the layout.
  float* at(size_t offset) { return dense_.data() + Place(offset); }
  const float* at(size_t offset) const { return dense_.data() + Place(offset); }
  std::span<float> dense() { return dense_.span(); }

  /// Returns a thread's own sums for the vectors' region, which EndBackward adds up.
  float* vector_at(int thread, size_t offset) {
    return thread_vectors_[static_cast<size_t>(thread)].data() + (offset - first_vector_);
  }
  /// Ends a backward pass: adds up the threads' sums.
  void EndBackward();

  /// Returns the gradient [embedding size] of a token's embedding; null if the token has no row in this step.
  float* word_row_of(int32_t id) {
    const int32_t slot = slot_of_[static_cast<size_t>(id)];
    return slot < 0 ? nullptr : word_rows_.data() + static_cast<size_t>(slot) * width_;
  }
  const float* word_row_of(int32_t id) const { return const_cast<Gradients*>(this)->word_row_of(id); }

  /// Returns the Euclidean norm of all gradients together. Equal numbers of threads give equal results.
  double Norm(ThreadPool& pool);

 private:
  /// Returns the position of a weight of the layout in the dense gradients.
  size_t Place(size_t offset) const {
    return offset < vectors_ ? offset - first_matrix_ : offset - first_vector_ + (vectors_ - first_matrix_);
  }

  bool accumulates_ = false;
  size_t width_;  // of an embedding
  // Offsets in the layout: first trained matrix, begin and first trained weight of the vectors.
  size_t first_matrix_, vectors_, first_vector_;
  FloatBuffer dense_;
  std::vector<FloatBuffer> thread_vectors_;
  std::vector<int32_t> word_ids_;  // token ids that have a row, in the order of their first appearance
  std::vector<int32_t> slot_of_;   // [vocabulary] the row of each token, or -1
  std::vector<float> word_rows_;   // [word_ids_, width]
};

}  // namespace winnow
