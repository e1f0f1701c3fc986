#include "encoder/head_pass.h"

#include <algorithm>
#include <utility>

#include "base/round_up.h"
#include "encoder/activation_functions.h"

namespace winnow {
namespace {

/// A matrix of so many floats begins at a cache line.
size_t Aligned(size_t floats) { return RoundUp(floats, 16); }

}  // namespace

HeadPass::HeadPass(const Model& model, ThreadPool& pool, const MatMulOptions& products)
    : model_(model),
      pool_(pool),
      products_(products),
      hidden_(static_cast<size_t>(model.config().hidden_size)),
      labels_(model.config().labels.size()) {}

size_t HeadPass::Floats(const ModelConfig& config, size_t texts) {
  const size_t matrices = HasHeadInputDropout(config) || HasHeadNorm(config) ? 5 : 4;
  return matrices * Aligned(texts * static_cast<size_t>(config.hidden_size)) + Aligned(texts * config.labels.size()) +
         (HasHeadNorm(config) ? Aligned(texts) : 0);
}

template <class Task>
void HeadPass::EachThreadsTexts(const Task& task) {
  pool_.ForRanges(texts_, 1, [&](size_t first, size_t last, int thread) { task(first, last, thread); });
}

std::span<const float> HeadPass::Run(std::span<const float> features, const StepDropout& dropout,
                                     const MatMulOptions& products) {
  texts_ = features.size() / hidden_;
  dropout_ = dropout;
  arena_.Resize(Floats(model_.config(), texts_));
  float* next = arena_.data();
  const auto take = [&](size_t columns) { return std::exchange(next, next + Aligned(texts_ * columns)); };
  at_ = {.features = features.data(),
         .input = HasHeadInputDropout(model_.config()) ? take(hidden_) : nullptr,
         .pooled_input = take(hidden_),
         .pooled = take(hidden_),
         .pooled_norm = HasHeadNorm(model_.config()) ? NormalizedRows{take(hidden_), take(1)} : NormalizedRows(),
         .logits = take(labels_)};
  pooled_grad_ = take(hidden_);
  again_ = take(hidden_);
  EachThreadsTexts([&](size_t first, size_t last, int) { HeadForward(model_, first, last, dropout_, products, at_); });
  return {at_.logits, texts_ * labels_};
}

std::span<const float> HeadPass::Forward(std::span<const float> features, const StepDropout& dropout) {
  return Run(features, dropout, products_);
}

void HeadPass::Backward(std::span<const float> logits_grad, Gradients& gradients) {
  const HeadGradPlaces grads{
      .logits = logits_grad.data(), .pooled = pooled_grad_, .again = again_, .features = nullptr};
  EachThreadsTexts([&](size_t first, size_t last, int thread) {
    HeadBackward(model_, first, last, thread, dropout_, products_, at_, grads, gradients);
  });
  const auto products = HeadWeightGradients(model_, texts_, at_, grads, gradients);
  pool_.Run(
      [&](int thread) { ComputeWeightGradients(products, gradients.accumulates(), products_, thread, pool_.size()); });
  gradients.EndBackward();
}

std::vector<float> HeadPass::AllLogits(std::span<const float> features) {
  constexpr size_t kBatchTexts = 1024;
  std::vector<float> logits;
  logits.reserve(features.size() / hidden_ * labels_);
  for (size_t first = 0; first < features.size(); first += kBatchTexts * hidden_) {
    const size_t count = std::min(kBatchTexts * hidden_, features.size() - first);
    const auto part = Run(features.subspan(first, count), {}, Precision::kF32);
    logits.insert(logits.end(), part.begin(), part.end());
  }
  return logits;
}

}  // namespace winnow
