#include "train/optimizer.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <utility>

#include "base/parse_number.h"
#include "bundle/safetensors.h"
#include "kernels/adamw.h"
#include "kernels/vector_ops.h"

namespace winnow {

Optimizer::Optimizer(Model& model, const AdamWOptions& options, ThreadPool& pool)
    : model_(model),
      options_(options),
      pool_(pool),
      width_(static_cast<size_t>(EmbeddingSize(model.config()))),
      words_(options.frozen_depths > 0 ? 0 : model.layout().matrices),
      first_(Floats(model.layout(), options.frozen_depths)),
      second_(Floats(model.layout(), options.frozen_depths)),
      used_(static_cast<size_t>(model.config().vocab_size), 0) {
  first_.Zero();
  second_.Zero();
  const Layout& layout = model.layout();
  const Layout::From from = layout.WeightsFrom(options.frozen_depths);
  const size_t vectors_place = words_ + (layout.vectors - from.matrix);
  for (const WeightInfo& weight : layout.weights) {
    if (weight.offset < layout.matrices || weight.depth < options.frozen_depths) continue;
    const bool vector = weight.offset >= layout.vectors;
    const size_t place = vector ? vectors_place + (weight.offset - from.vector) : words_ + weight.offset - from.matrix;
    const Run run{weight.offset, weight.offset + weight.count, place, !vector, LrFactor(weight.depth)};
    const bool joins = !runs_.empty() && runs_.back().decay == run.decay && runs_.back().lr_factor == run.lr_factor &&
                       run.begin - runs_.back().end < 16;  // between them is padding at most
    if (joins) {
      runs_.back().end = run.end;
    } else {
      runs_.push_back(run);
    }
  }
}

size_t Optimizer::Floats(const Layout& layout, int frozen_depths) {
  const Layout::From from = layout.WeightsFrom(frozen_depths);
  return (frozen_depths > 0 ? 0 : layout.matrices) + (layout.vectors - from.matrix) + (layout.total - from.vector);
}

double Optimizer::LrFactor(int depth) const {
  const int head = model_.layout().head_depth();
  return depth == head ? options_.head_lr_factor : std::pow(options_.layer_lr_decay, head - depth);
}

void Optimizer::PrepareRows(std::span<const int32_t> ids) {
  if (options_.frozen_depths > 0) return;
  for (const int32_t id : ids) {
    uint8_t& used = used_[static_cast<size_t>(id)];
    if (used != 0) continue;
    used = 1;
    used_ids_.push_back(id);
    Scale(width_, static_cast<float>(unused_decay_), model_.writable_words() + static_cast<size_t>(id) * width_);
  }
}

void Optimizer::Step(const Gradients& gradients, double lr, double grad_scale) {
  ++steps_;
  const auto t = static_cast<double>(steps_);
  const AdamWStep plain{
      .lr = static_cast<float>(lr),
      .beta1 = static_cast<float>(options_.beta1),
      .beta2 = static_cast<float>(options_.beta2),
      .epsilon = static_cast<float>(options_.epsilon),
      .weight_decay = static_cast<float>(options_.weight_decay),
      .bias_correction1 = static_cast<float>(1.0 - std::pow(options_.beta1, t)),
      .bias_correction2_sqrt = static_cast<float>(std::sqrt(1.0 - std::pow(options_.beta2, t))),
      .grad_scale = static_cast<float>(grad_scale),
  };
  pool_.ForRanges(first_.size() - words_, 4096, [&](size_t first, size_t last, int) {
    for (const Run& run : runs_) {
      const size_t begin = std::max(run.place, words_ + first);
      const size_t end = std::min(run.place + (run.end - run.begin), words_ + last);
      if (begin >= end) continue;
      AdamWStep step = plain;
      step.lr *= static_cast<float>(run.lr_factor);
      if (!run.decay) step.weight_decay = 0;
      const size_t weight = run.begin + (begin - run.place);
      AdamWUpdate(step, end - begin, model_.at(weight), gradients.at(weight), first_.data() + begin,
                  second_.data() + begin);
    }
  });
  if (options_.frozen_depths > 0) return;
  AdamWStep of_words = plain;
  of_words.lr *= static_cast<float>(LrFactor(0));
  pool_.ForRanges(used_ids_.size(), 1, [&](size_t begin, size_t end, int) {
    for (size_t i = begin; i < end; ++i) {
      const int32_t id = used_ids_[i];
      const size_t row = static_cast<size_t>(id) * width_;
      AdamWUpdate(of_words, width_, model_.writable_words() + row, gradients.word_row_of(id), first_.data() + row,
                  second_.data() + row);
    }
  });
  unused_decay_ *= 1.0 - lr * LrFactor(0) * options_.weight_decay;
}

void Optimizer::ApplyPendingDecay() {
  if (unused_decay_ == 1.0) return;
  pool_.ForRanges(used_.size(), 1, [&](size_t begin, size_t end, int) {
    for (size_t id = begin; id < end; ++id) {
      if (used_[id] == 0) Scale(width_, static_cast<float>(unused_decay_), model_.writable_words() + id * width_);
    }
  });
  unused_decay_ = 1.0;
}

namespace {

constexpr char kSteps[] = "winnow.steps";
constexpr char kUsedIds[] = "used_ids";
// The moments of matrices and vectors that learn, and of the token embeddings that were used, in the order of used_ids.
constexpr std::array kMoments = {"first", "second"};
constexpr std::array kWordMoments = {"first.words", "second.words"};

}  // namespace

Result<void> Optimizer::Save(const std::filesystem::path& file) const {
  const auto rest = static_cast<int64_t>(first_.size() - words_);
  const auto used = static_cast<int64_t>(used_ids_.size());
  std::vector<TensorView> tensors = {
      {kUsedIds, DType::kI32, {used}, std::as_bytes(std::span<const int32_t>(used_ids_))}};
  std::array<std::vector<float>, 2> words;
  for (size_t m = 0; m < 2; ++m) {
    const FloatBuffer& moments = m == 0 ? first_ : second_;
    words[m].reserve(used_ids_.size() * width_);
    for (const int32_t id : used_ids_) {
      const float* row = moments.data() + static_cast<size_t>(id) * width_;
      words[m].insert(words[m].end(), row, row + width_);
    }
    tensors.push_back(ViewOf(kMoments[m], {rest}, moments.span().subspan(words_)));
    tensors.push_back(ViewOf(kWordMoments[m], {used, static_cast<int64_t>(width_)}, words[m]));
  }
  return WriteSafetensors(file, tensors, {{kSteps, std::to_string(steps_)}});
}

Result<void> Optimizer::Load(const std::filesystem::path& path) {
  const SafetensorsFile file = TRY(SafetensorsFile::Open(path));
  const auto wrong = [&](const std::string& what) {
    return Fail(ErrorCode::kInvalidModel, path.string() + ": " + what,
                "the checkpoint is damaged or belongs to another model");
  };
  const auto steps = file.metadata().find(kSteps);
  const TensorView* ids = file.Find(kUsedIds);
  if (steps == file.metadata().end() || ids == nullptr || ids->dtype != DType::kI32 || ids->shape.size() != 1) {
    return wrong("not a file of optimizer moments");
  }
  steps_ = ParseNumber<decltype(steps_)>(steps->second).value_or(-1);
  if (steps_ < 0) return wrong("the number of steps is invalid");
  used_ids_.resize(static_cast<size_t>(ids->count()));
  std::ranges::copy(ids->data, reinterpret_cast<std::byte*>(used_ids_.data()));
  std::ranges::fill(used_, 0);
  for (const int32_t id : used_ids_) {
    if (id < 0 || static_cast<size_t>(id) >= used_.size()) return wrong("a token id outside the vocabulary");
    if (std::exchange(used_[static_cast<size_t>(id)], 1) != 0) return wrong("a token id twice");
  }
  if (words_ == 0 && !used_ids_.empty()) return wrong("moments of token embeddings, which are frozen");
  std::vector<float> words(used_ids_.size() * width_);
  for (size_t m = 0; m < 2; ++m) {
    FloatBuffer& moments = m == 0 ? first_ : second_;
    const TensorView* rest = file.Find(kMoments[m]);
    const TensorView* of_words = file.Find(kWordMoments[m]);
    if (rest == nullptr || of_words == nullptr || rest->count() != static_cast<int64_t>(moments.size() - words_) ||
        of_words->count() != static_cast<int64_t>(words.size())) {
      return wrong("moments of a different size");
    }
    moments.Zero();
    TRY(CopyAsF32(*rest, moments.span().subspan(words_)));
    TRY(CopyAsF32(*of_words, words));
    for (size_t i = 0; i < used_ids_.size(); ++i) {
      std::copy_n(words.data() + i * width_, width_, moments.data() + static_cast<size_t>(used_ids_[i]) * width_);
    }
    if (!AllFinite(moments.size(), moments.data())) return wrong("moments that are NaN or infinite");
  }
  unused_decay_ = 1.0;
  return file.CheckFile();
}

}  // namespace winnow
