#include <algorithm>
#include <utility>

#include "base/mutex.h"
#include "classify/encoder_weights.h"
#include "encoder/forward.h"
#include "encoder/model.h"
#include "kernels/matmul.h"

namespace winnow {
namespace {

class FloatWeights : public EncoderWeights {
 public:
  FloatWeights(Model model, ThreadPool& pool) : model_(std::move(model)), runner_(model_, pool) {}

  std::string name() const override { return "f32"; }
  void Logits(const PackedTexts& texts, std::span<float> logits, const Progress& progress, PoolUse) const override {
    const MutexLock lock(mutex_);
    std::ranges::copy(runner_.AllLogits(texts, progress), logits.begin());
  }
  void Means(const PackedTexts& texts, std::span<float> means, PoolUse) const override {
    const MutexLock lock(mutex_);
    std::ranges::copy(runner_.AllMeans(texts).span(), means.begin());
  }
  Result<void> CheckFile() const override { return model_.CheckFile(); }

 private:
  const Model model_;
  mutable Mutex mutex_;
  mutable ForwardRunner runner_ GUARDED_BY(mutex_);
};

}  // namespace

Result<std::unique_ptr<const EncoderWeights>> LoadFloatWeights(const std::filesystem::path& bundle,
                                                               const ModelConfig& config, ThreadPool& pool) {
  PrepareProducts();
  return std::make_unique<const FloatWeights>(TRY(Model::Load(bundle, config, {})), pool);
}

}  // namespace winnow
