// How much of the time of a batch goes into matrix products: the engine's time for batches of 32 texts, beside that of
// the same products alone, on one thread. quantized_bench BUNDLE DATA
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <vector>

#include "base/machine.h"
#include "classify/bundle_classifier.h"
#include "data/dataset.h"
#include "encoder/quantized_forward.h"
#include "kernels/isa.h"

namespace {

using namespace winnow;
using Clock = std::chrono::steady_clock;

constexpr size_t kBatch = 32;
constexpr int kRepeats = 7;

double SecondsSince(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

double Median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

/// A product of the engine's, on rows of its own.
class Product {
 public:
  Product(const PackedWeights& weights, size_t first, size_t last, size_t most_rows)
      : weights_(weights),
        first_(first),
        last_(last),
        bytes_(most_rows * ByteStride(weights.in()), 100),
        scales_(most_rows, ByteScale{0.01f, 128}),
        y_(most_rows * weights.out()) {}

  void Run(size_t rows) {
    PackedProduct(rows, {.bytes = bytes_.data(), .scales = scales_.data()}, weights_, first_, last_, nullptr,
                  Activation::kIdentity, y_.data(), weights_.out());
  }

 private:
  const PackedWeights& weights_;
  size_t first_, last_;
  std::vector<uint8_t> bytes_;
  std::vector<ByteScale> scales_;
  std::vector<float> y_;
};

/// Seconds for the products of one batch, layer after layer in the engine's order and panels; and their operations.
double Products(const QuantizedModel& model, size_t tokens, size_t texts, double* operations) {
  const size_t block = model.qkv_block();
  constexpr size_t kPanel = 96;
  double seconds = 0;
  for (size_t l = 0; l < model.num_layers(); ++l) {
    const QuantizedLayer& layer = model.layer(l);
    const bool last = l + 1 == model.num_layers();
    Product qkv(layer.qkv, last ? block : 0, 3 * block, tokens), query(layer.qkv, 0, block, texts);
    Product out(layer.out, 0, layer.out.out(), kPanel), up(layer.up, 0, layer.up.out(), kPanel),
        down(layer.down, 0, layer.down.out(), kPanel);
    const size_t rows = last ? texts : tokens;
    const Clock::time_point begin = Clock::now();
    qkv.Run(tokens);
    if (last) query.Run(texts);
    for (size_t row = 0; row < rows; row += kPanel) {
      const size_t count = std::min(kPanel, rows - row);
      out.Run(count);
      up.Run(count);
      down.Run(count);
    }
    seconds += SecondsSince(begin);
    const auto pairs = [](const PackedWeights& w) { return static_cast<double>(w.out() * w.in()); };
    *operations += 2 * (static_cast<double>(tokens) * pairs(layer.qkv) * (last ? 2.0 / 3 : 1) +
                        (last ? static_cast<double>(texts) * pairs(layer.qkv) / 3 : 0) +
                        static_cast<double>(rows) * (pairs(layer.out) + pairs(layer.up) + pairs(layer.down)));
  }
  return seconds;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return std::fprintf(stderr, "usage: quantized_bench BUNDLE DATA\n"), 2;
  if (const Result<void> isa = ChooseIsaFromEnvironment(); !isa) {
    return std::fprintf(stderr, "%s\n", isa.error().Text().c_str()), 1;
  }
  ThreadPool pool(1);
  const auto classifier = BundleClassifier::Load(argv[1], pool, Weights::kInt8);
  const auto config = ReadModelConfig(argv[1]);
  const auto texts = ReadTexts(argv[2], {});
  if (!classifier || !config || !texts) {
    const Error& error = !classifier ? classifier.error() : !config ? config.error() : texts.error();
    return std::fprintf(stderr, "%s\n", error.Text().c_str()), 1;
  }
  const QuantizedModel model = QuantizedModel::Load(argv[1], *config, pool).value();
  QuantizedRunner runner(model, pool);
  std::vector<PackedBatch> batches;
  for (size_t begin = 0; begin + kBatch <= std::min<size_t>(texts->size(), 1024); begin += kBatch) {
    const std::vector<InputTextView> views(texts->begin() + static_cast<std::ptrdiff_t>(begin),
                                           texts->begin() + static_cast<std::ptrdiff_t>(begin + kBatch));
    PreparedTexts prepared;
    classifier->scorer().Prepare(views, prepared);
    batches.push_back(std::move(prepared.tokens.windows));
  }
  std::vector<float> logits(kBatch * config->labels.size());
  std::vector<double> engine, products;
  double operations = 0;
  for (int repeat = 0; repeat < kRepeats; ++repeat) {
    const Clock::time_point begin = Clock::now();
    for (const PackedBatch& batch : batches) runner.Logits(batch.view(), logits);
    engine.push_back(SecondsSince(begin));
    double seconds = 0;
    operations = 0;
    // As the engine does: texts of one batch in two parts where they have more tokens than a part takes.
    for (const PackedBatch& batch : batches) seconds += Products(model, batch.ids.size(), kBatch, &operations);
    products.push_back(seconds);
  }
  const double all = Median(engine), alone = Median(products);
  std::printf(
      "%s (%s), %s kernels, 1 thread, batches of %zu: engine %.1f ms, its products alone %.1f ms (%.2f TOPS): share "
      "%.0f %%\n",
      CpuName().c_str(), CpuExtensions().c_str(), std::string(NameOf(ActiveIsa())).c_str(), kBatch, all * 1e3,
      alone * 1e3, operations / alone / 1e12, 100 * alone / all);
  return 0;
}
