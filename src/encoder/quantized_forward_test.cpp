#include "encoder/quantized_forward.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <cstring>
#include <thread>

#include "base/random.h"
#include "encoder/forward.h"
#include "kernels/reference/tiles.h"
#include "kernels/tiles.h"
#include "support/temporary_directory.h"
#include "support/tiny_model.h"

namespace winnow {
namespace {

ModelConfig Config(Architecture architecture, int hidden, int heads) {
  ModelConfig config = TinyConfig(architecture);
  config.hidden_size = hidden;
  config.num_heads = heads;
  config.intermediate_size = 2 * hidden + 8;
  config.num_layers = 3;
  config.vocab_size = 300;
  config.max_positions = 64;
  config.initializer_range = 0.7f / std::sqrt(static_cast<float>(hidden));  // rows keep their size through products
  return config;
}

PackedBatch Texts(size_t count, int vocab, size_t longest) {
  Random random(count, "texts");
  PackedBatch batch;
  for (size_t t = 0; t < count; ++t) {
    const size_t length = 1 + random.Below(static_cast<uint32_t>(longest));
    for (size_t i = 0; i < length; ++i)
      batch.ids.push_back(static_cast<int32_t>(random.Below(static_cast<uint32_t>(vocab))));
    batch.EndText();
  }
  return batch;
}

QuantizedModel Quantized(const Model& model, const QuantizationPlan& plan, ThreadPool& pool) {
  const TemporaryDirectory dir;
  EXPECT_TRUE(WriteQuantizedWeights(model, plan, dir.path()));
  return QuantizedModel::Load(dir.path(), model.config(), pool).value();
}

std::vector<float> LogitsOf(QuantizedRunner& runner, const PackedTexts& texts, size_t labels) {
  std::vector<float> logits(texts.texts() * labels);
  runner.Logits(texts, logits);
  return logits;
}

TEST(QuantizedForward, IsCloseToTheFloatModel) {
  ThreadPool pool(2);
  for (const Architecture architecture : kEveryArchitecture) {
    for (const auto& [hidden, heads] : {std::pair{64, 2}, std::pair{312, 12}, std::pair{40, 4}}) {
      ModelConfig config = Config(architecture, hidden, heads);
      config.share_position_weights = hidden != 40;  // DeBERTa's
      const Model model = Model::Fresh(config, 5);
      const PackedBatch texts = Texts(40, model.config().vocab_size, 50);
      ForwardRunner exact(model, pool);
      const std::vector<float> expected = exact.AllLogits(texts.view());
      const size_t labels = model.config().labels.size();
      const auto root_mean_square = [&](const QuantizationPlan& plan) {
        const QuantizedModel quantized = Quantized(model, plan, pool);
        QuantizedRunner runner(quantized, pool);
        const std::vector<float> logits = LogitsOf(runner, texts.view(), labels);
        double squares = 0;
        for (size_t i = 0; i < logits.size(); ++i) squares += std::pow(double{logits[i]} - double{expected[i]}, 2);
        return std::sqrt(squares / static_cast<double>(logits.size()));
      };
      double size = 0;
      for (const float logit : expected) size += double{logit} * double{logit} / static_cast<double>(expected.size());
      // Bytes keep about two digits of a row, bf16 nearly three; errors of three layers add up.
      const double bytes = root_mean_square({});
      EXPECT_LT(bytes, 0.04 * std::sqrt(size)) << hidden;
      EXPECT_GT(bytes, 0);
      const double halves = root_mean_square({.bf16_layers = {true, true, true}, .bf16_words = true});
      EXPECT_LT(halves, 0.02 * std::sqrt(size)) << hidden;
      EXPECT_LT(halves, bytes);
    }
  }
}

class QuantizedForwardOf : public ::testing::TestWithParam<Architecture> {};
INSTANTIATE_TEST_SUITE_P(Families, QuantizedForwardOf, ::testing::Values(Architecture::kBert, Architecture::kDebertaV2),
                         [](const auto& info) {
                           return info.param == Architecture::kBert ? std::string("Bert") : std::string("Deberta");
                         });

TEST_P(QuantizedForwardOf, PredictionsDoNotDependOnBatchMatesNorThreads) {
  const Model model = Model::Fresh(Config(GetParam(), 312, 12), 5);
  const PackedBatch texts = Texts(120, 300, 60);
  const size_t labels = model.config().labels.size();
  for (const bool mixed : {false, true}) {
    ThreadPool one(1);
    const QuantizedModel quantized = Quantized(model, {.bf16_layers = {false, mixed, false}, .bf16_words = mixed}, one);
    QuantizedRunner alone(quantized, one);
    const std::vector<float> expected = LogitsOf(alone, texts.view(), labels);
    for (const int threads : {1, 2, 3, 5}) {
      ThreadPool pool(threads);
      QuantizedRunner runner(quantized, pool);
      ASSERT_EQ(LogitsOf(runner, texts.view(), labels), expected) << threads;
      for (const size_t together : {1, 2, 7}) {
        for (size_t t = 0; t + together <= texts.texts(); t += together) {
          PackedBatch some;
          for (size_t i = t; i < t + together; ++i) {
            const PackedTexts all = texts.view();
            some.Append(all.ids.subspan(all.begin(i), all.length(i)));
          }
          const std::vector<float> logits = LogitsOf(runner, some.view(), labels);
          ASSERT_EQ(std::memcmp(logits.data(), expected.data() + t * labels, logits.size() * sizeof(float)), 0)
              << "text " << t << ", " << together << " together, on " << threads << " threads";
        }
      }
    }
  }
}

// Weights are loaded and multiplied as on a CPU with AMX, whose instructions are emulated.
TEST(QuantizedForward, TilesGiveTheSameBits) {
  ThreadPool pool(2);
  for (const Architecture architecture : kEveryArchitecture) {
    const Model model = Model::Fresh(Config(architecture, 40, 4), 5);
    const PackedBatch texts = Texts(12, model.config().vocab_size, 50);
    const size_t labels = model.config().labels.size();
    const auto logits = [&] {
      const QuantizedModel quantized = Quantized(model, {}, pool);
      QuantizedRunner runner(quantized, pool);
      return LogitsOf(runner, texts.view(), labels);
    };
    const std::vector<float> expected = logits();
    UseTilesForTest(&kTileKernel<reference::EmulatedTiles>);
    const int after_self_check = reference::Tiles::products();
    const std::vector<float> tiled = logits();
    EXPECT_GT(reference::Tiles::products(), after_self_check);
    UseTilesForTest(nullptr);
    EXPECT_EQ(std::memcmp(expected.data(), tiled.data(), expected.size() * sizeof(float)), 0);
  }
  EXPECT_EQ(reference::Tiles::faults(), 0);
}

TEST(QuantizedForward, CallersAtTheSameTimeGetEqualPredictions) {
  ThreadPool pool(2);
  const Model model = Model::Fresh(Config(Architecture::kDistilBert, 64, 2), 5);
  const QuantizedModel quantized = Quantized(model, {}, pool);
  QuantizedRunner runner(quantized, pool);
  const size_t labels = model.config().labels.size();
  const PackedBatch texts = Texts(60, 300, 40);
  const std::vector<float> expected = LogitsOf(runner, texts.view(), labels);
  std::atomic<int> wrong = 0;
  std::vector<std::thread> callers;
  for (int c = 0; c < 4; ++c) {
    callers.emplace_back([&] {
      for (int i = 0; i < 20; ++i) wrong += LogitsOf(runner, texts.view(), labels) != expected;
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(wrong, 0);
}

TEST(QuantizedForward, TellsProgressAndStops) {
  ThreadPool pool(2);
  const Model model = Model::Fresh(Config(Architecture::kBert, 64, 2), 5);
  const QuantizedModel quantized = Quantized(model, {}, pool);
  QuantizedRunner runner(quantized, pool);
  const PackedBatch texts = Texts(400, 300, 60);
  std::vector<float> logits(400 * model.config().labels.size());
  std::vector<size_t> told;
  runner.Logits(texts.view(), logits, [&](size_t done) {
    told.push_back(done);
    return true;
  });
  ASSERT_GT(told.size(), 4u);
  EXPECT_TRUE(std::is_sorted(told.begin(), told.end()));
  EXPECT_EQ(told.back(), 400u);
  told.clear();
  runner.Logits(texts.view(), logits, [&](size_t done) {
    told.push_back(done);
    return false;
  });
  EXPECT_LT(told.back(), 400u);
}

}  // namespace
}  // namespace winnow
