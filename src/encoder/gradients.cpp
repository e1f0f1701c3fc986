#include "encoder/gradients.h"

#include <cmath>

#include "kernels/adamw.h"
#include "kernels/embedding.h"

namespace winnow {

Gradients::Gradients(const ModelConfig& config, const Layout& layout, int threads)
    : hidden_(static_cast<size_t>(config.hidden_size)),
      matrices_(layout.matrices),
      vectors_(layout.vectors),
      dense_(layout.total - layout.matrices),
      thread_vectors_(static_cast<size_t>(threads)),
      slot_of_(static_cast<size_t>(config.vocab_size), -1) {
  dense_.Zero();
  for (FloatBuffer& vectors : thread_vectors_) {
    vectors.Resize(layout.total - layout.vectors);
    vectors.Zero();
  }
}

void Gradients::Begin() {
  for (const int32_t id : word_ids_) slot_of_[static_cast<size_t>(id)] = -1;
  word_ids_.clear();
  word_rows_.clear();
  accumulating = false;
}

void Gradients::Touch(const PackedTexts& texts) {
  for (const int32_t id : texts.ids) {
    int32_t& slot = slot_of_[static_cast<size_t>(id)];
    if (slot >= 0) continue;
    slot = static_cast<int32_t>(word_ids_.size());
    word_ids_.push_back(id);
  }
  word_rows_.resize(word_ids_.size() * hidden_, 0.0f);
}

void Gradients::AddVectors() {
  float* sum = at(vectors_);
  const size_t count = dense_.size() - (vectors_ - matrices_);
  if (!accumulating) std::fill_n(sum, count, 0.0f);
  for (FloatBuffer& vectors : thread_vectors_) {
    AddTo(count, vectors.data(), sum);
    vectors.Zero();
  }
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
