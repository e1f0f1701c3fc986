#include <fmt/format.h>

#include <utility>

#include "classify/encoder_weights.h"
#include "encoder/quantized_forward.h"
#include "encoder/quantized_model.h"

namespace winnow {
namespace {

class Int8Weights : public EncoderWeights {
 public:
  Int8Weights(QuantizedModel model, ThreadPool& pool) : model_(std::move(model)), runner_(model_, pool) {}

  std::string name() const override {
    const int halves = model_.bf16_layers();
    return halves == 0 ? "int8" : fmt::format("int8 with {} of {} layers bf16", halves, model_.num_layers());
  }
  void Logits(const PackedTexts& texts, std::span<float> logits, const Progress& progress, PoolUse use) const override {
    runner_.Logits(texts, logits, progress, use);
  }
  void Means(const PackedTexts& texts, std::span<float> means, PoolUse use) const override {
    runner_.Means(texts, means, {}, use);
  }
  Result<void> CheckFile() const override { return model_.CheckFile(); }

 private:
  const QuantizedModel model_;
  mutable QuantizedRunner runner_;  // which is thread-safe
};

}  // namespace

Result<std::unique_ptr<const EncoderWeights>> LoadInt8Weights(const std::filesystem::path& bundle,
                                                              const ModelConfig& config, ThreadPool& pool) {
  return std::make_unique<const Int8Weights>(TRY(QuantizedModel::Load(bundle, config, pool)), pool);
}

}  // namespace winnow
