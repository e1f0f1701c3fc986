#include "train/optimizer.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "kernels/adamw.h"

namespace winnow {

Optimizer::Optimizer(Model& model, const AdamWOptions& options, ThreadPool& pool)
    : model_(model),
      options_(options),
      pool_(pool),
      hidden_(static_cast<size_t>(model.config().hidden_size)),
      first_(model.layout().total),
      second_(model.layout().total),
      used_(static_cast<size_t>(model.config().vocab_size), 0) {
  first_.Zero();
  second_.Zero();
}

void Optimizer::Use(std::span<const int32_t> ids) {
  for (const int32_t id : ids) {
    uint8_t& used = used_[static_cast<size_t>(id)];
    if (used != 0) continue;
    used = 1;
    used_ids_.push_back(id);
    Scale(hidden_, static_cast<float>(unused_decay_), model_.writable_words() + static_cast<size_t>(id) * hidden_);
  }
}

void Optimizer::Step(const Gradients& gradients, double lr, double grad_scale) {
  ++steps_;
  const auto t = static_cast<double>(steps_);
  AdamWStep with_decay{
      .lr = static_cast<float>(lr),
      .beta1 = static_cast<float>(options_.beta1),
      .beta2 = static_cast<float>(options_.beta2),
      .epsilon = static_cast<float>(options_.epsilon),
      .weight_decay = static_cast<float>(options_.weight_decay),
      .bias_correction1 = static_cast<float>(1.0 - std::pow(options_.beta1, t)),
      .bias_correction2_sqrt = static_cast<float>(std::sqrt(1.0 - std::pow(options_.beta2, t))),
      .grad_scale = static_cast<float>(grad_scale),
  };
  AdamWStep without_decay = with_decay;
  without_decay.weight_decay = 0;
  const Layout& layout = model_.layout();
  // Runs of weights that are updated alike, in the order of the layout; the head ends both regions.
  struct Run {
    size_t end;
    bool decay, head;
  };
  const std::array runs = {Run{layout.head_dense, true, false}, Run{layout.vectors, true, true},
                           Run{layout.head_dense_bias, false, false}, Run{layout.total, false, true}};
  const size_t base = layout.matrices;
  pool_.ForRanges(layout.total - base, 4096, [&](size_t first, size_t last, int) {
    size_t begin = base + first;
    for (const Run& run : runs) {
      const size_t end = std::min(run.end, base + last);
      if (begin >= end) continue;
      AdamWStep step = run.decay ? with_decay : without_decay;
      if (run.head) step.lr *= static_cast<float>(options_.head_lr_factor);
      AdamWUpdate(step, end - begin, model_.at(begin), gradients.at(begin), first_.data() + begin,
                  second_.data() + begin);
      begin = end;
    }
  });
  pool_.ForRanges(used_ids_.size(), 1, [&](size_t begin, size_t end, int) {
    for (size_t i = begin; i < end; ++i) {
      const int32_t id = used_ids_[i];
      const size_t row = static_cast<size_t>(id) * hidden_;
      AdamWUpdate(with_decay, hidden_, model_.writable_words() + row, gradients.word_row_of(id), first_.data() + row,
                  second_.data() + row);
    }
  });
  unused_decay_ *= 1.0 - lr * options_.weight_decay;
}

void Optimizer::Settle() {
  if (unused_decay_ == 1.0) return;
  pool_.ForRanges(used_.size(), 1, [&](size_t begin, size_t end, int) {
    for (size_t id = begin; id < end; ++id) {
      if (used_[id] == 0) Scale(hidden_, static_cast<float>(unused_decay_), model_.writable_words() + id * hidden_);
    }
  });
  unused_decay_ = 1.0;
}

}  // namespace winnow
