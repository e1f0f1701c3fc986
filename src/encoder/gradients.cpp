#include "encoder/gradients.h"

#include <cmath>

#include "kernels/vector_ops.h"

namespace winnow {

Gradients::Gradients(const ModelConfig& config, const Layout& layout, int threads, int frozen_depths)
    : width_(static_cast<size_t>(EmbeddingSize(config))),
      first_matrix_(layout.WeightsFrom(frozen_depths).matrix),
      vectors_(layout.vectors),
      first_vector_(layout.WeightsFrom(frozen_depths).vector),
      dense_(Floats(layout, 0, frozen_depths)),
      thread_vectors_(static_cast<size_t>(threads)),
      slot_of_(static_cast<size_t>(config.vocab_size), -1) {
  dense_.Zero();
  for (FloatBuffer& vectors : thread_vectors_) {
    vectors.Resize(layout.total - first_vector_);
    vectors.Zero();
  }
  accumulates_ = true;
}

size_t Gradients::Floats(const Layout& layout, int threads, int frozen_depths) {
  const Layout::From from = layout.WeightsFrom(frozen_depths);
  const size_t vectors = layout.total - from.vector;
  return layout.vectors - from.matrix + vectors + static_cast<size_t>(threads) * vectors;
}

void Gradients::Begin() {
  for (const int32_t id : word_ids_) slot_of_[static_cast<size_t>(id)] = -1;
  word_ids_.clear();
  word_rows_.clear();
  accumulates_ = false;
}

void Gradients::AddRows(const PackedTexts& texts) {
  for (const int32_t id : texts.ids) {
    int32_t& slot = slot_of_[static_cast<size_t>(id)];
    if (slot >= 0) continue;
    slot = static_cast<int32_t>(word_ids_.size());
    word_ids_.push_back(id);
  }
  word_rows_.resize(word_ids_.size() * width_, 0.0f);
}

void Gradients::EndBackward() {
  float* sum = at(first_vector_);
  const size_t count = dense_.size() - (vectors_ - first_matrix_);
  if (!accumulates_) std::fill_n(sum, count, 0.0f);
  for (FloatBuffer& vectors : thread_vectors_) {
    AddTo(count, vectors.data(), sum);
    vectors.Zero();
  }
  accumulates_ = true;
}

double Gradients::Norm(ThreadPool& pool) {
  std::vector<double> sums(static_cast<size_t>(pool.size()), 0.0);
  pool.ForRanges(dense_.size(), 4096, [&](size_t begin, size_t end, int thread) {
    sums[static_cast<size_t>(thread)] = SumOfSquares(end - begin, dense_.data() + begin);
  });
  double sum = SumOfSquares(word_rows_.size(), word_rows_.data());
  for (const double part : sums) sum += part;
  return std::sqrt(sum);
}

}  // namespace winnow
