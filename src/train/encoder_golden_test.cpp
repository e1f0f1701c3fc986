// Forward, backward and AdamW together against what transformers and PyTorch computed for tiny random checkpoints.
#include <gtest/gtest.h>

#include <cmath>

#include "base/json.h"
#include "encoder/backward.h"
#include "support/shared.h"
#include "train/loss.h"
#include "train/optimizer.h"
#include "train/schedule.h"

namespace winnow {
namespace {

struct Golden {
  ModelConfig config;
  Model model;
  PackedBatch batch;
  std::vector<int32_t> labels;
  std::vector<float> targets;
  Json expected;

  Targets Wanted() const { return {labels, targets}; }
};

Golden Load(const std::filesystem::path& dir) {
  ModelConfig config = ReadModelConfig(dir).value();
  Model model = Model::Load(dir, config, {.writable = true}).value();
  Golden golden{config, std::move(model), {}, {}, {}, ParsedJson(ReadFile(dir / "expected.json").value())};
  for (const auto& ids : golden.expected["input_ids"]) golden.batch.Append(ids.get<std::vector<int32_t>>());
  for (const auto& label : golden.expected["labels"]) {
    if (label.is_array()) {
      for (const float x : label.get<std::vector<float>>()) golden.targets.push_back(x);
    } else {
      golden.labels.push_back(label.get<int32_t>());
    }
  }
  return golden;
}

void ExpectLogits(std::span<const float> logits, const Json& expected, double bound) {
  size_t i = 0;
  for (const auto& row : expected) {
    for (const Json& number : row) {
      const auto value = number.get<double>();
      ASSERT_LT(i, logits.size());
      EXPECT_NEAR(static_cast<double>(logits[i]), value, bound) << "logit " << i;
      ++i;
    }
  }
  EXPECT_EQ(i, logits.size());
}

/// The gradient of one weight, dense, for comparing.
std::vector<float> DenseGradient(Gradients& gradients, const Layout& layout, const WeightInfo& weight) {
  std::vector<float> dense(weight.count, 0.0f);
  if (weight.offset >= layout.matrices) {
    std::copy_n(gradients.at(weight.offset), weight.count, dense.begin());
    return dense;
  }
  const auto hidden = static_cast<size_t>(weight.shape[1]);
  for (int64_t id = 0; id < weight.shape[0]; ++id) {
    const float* row = gradients.word_row_of(static_cast<int32_t>(id));
    if (row != nullptr) std::copy_n(row, hidden, dense.begin() + id * weight.shape[1]);
  }
  return dense;
}

class EncoderGolden : public ::testing::TestWithParam<std::tuple<const char*, int>> {
 protected:
  ThreadPool pool_{std::get<1>(GetParam())};
  std::string Directory() const { return std::string("fixtures/encoders/") + std::get<0>(GetParam()); }
};

TEST_P(EncoderGolden, LogitsEqualTransformers) {
  REQUIRE_SHARED(dir, Directory());
  const Golden golden = Load(dir);
  ForwardRunner runner(golden.model, pool_);
  ExpectLogits(runner.Logits(golden.batch.view()), golden.expected["logits"], 1e-4);
  TrainingPass pass(golden.model, pool_);
  ExpectLogits(pass.Forward(golden.batch.view(), {}), golden.expected["logits"], 1e-4);
}

TEST_P(EncoderGolden, EveryGradientEqualsPyTorch) {
  REQUIRE_SHARED(dir, Directory());
  const Golden golden = Load(dir);
  const size_t labels = golden.config.labels.size();
  TrainingPass pass(golden.model, pool_);
  Gradients gradients(golden.config, golden.model.layout(), pool_.size());
  const auto logits = pass.Forward(golden.batch.view(), {});
  std::vector<float> grad(logits.size());
  const double weight = LossWeight(golden.Wanted(), labels, {});
  const double loss = ComputeLoss(logits, labels, golden.Wanted(), {}, weight, grad);
  EXPECT_NEAR(loss, golden.expected["loss"].get<double>(), 1e-5);
  gradients.Begin();
  pass.Backward(grad, gradients);
  EXPECT_NEAR(gradients.Norm(pool_), golden.expected["grad_norm"].get<double>(), 1e-4);

  const SafetensorsFile file = SafetensorsFile::Open(dir / "gradients.safetensors").value();
  EXPECT_EQ(file.tensors().size(), golden.model.layout().weights.size());
  for (const WeightInfo& weight_info : golden.model.layout().weights) {
    const TensorView* tensor = file.Find(weight_info.name);
    ASSERT_NE(tensor, nullptr) << weight_info.name;
    std::vector<float> expected(weight_info.count);
    ASSERT_TRUE(CopyAsF32(*tensor, expected));
    const std::vector<float> got = DenseGradient(gradients, golden.model.layout(), weight_info);
    double difference = 0, largest = 0;
    for (size_t i = 0; i < expected.size(); ++i) {
      difference = std::max(difference, static_cast<double>(std::abs(got[i] - expected[i])));
      largest = std::max(largest, static_cast<double>(std::abs(expected[i])));
    }
    // Relative to the tensor's largest element; key biases' gradients are zero but for rounding.
    EXPECT_LE(difference, std::max(1e-3 * largest, 1e-6)) << weight_info.name;
  }
}

TEST_P(EncoderGolden, GradientsOfTwoHalvesAddUpToTheWhole) {
  REQUIRE_SHARED(dir, Directory());
  const Golden golden = Load(dir);
  const size_t labels = golden.config.labels.size();
  const double weight = LossWeight(golden.Wanted(), labels, {});
  TrainingPass pass(golden.model, pool_);
  Gradients whole(golden.config, golden.model.layout(), pool_.size());
  Gradients halves(golden.config, golden.model.layout(), pool_.size());
  const auto backward = [&](size_t first, size_t last, Gradients& gradients) {
    PackedBatch part;
    for (size_t t = first; t < last; ++t) {
      part.Append(std::span(golden.batch.ids).subspan(golden.batch.view().begin(t), golden.batch.view().length(t)));
    }
    Targets targets;
    if (!golden.labels.empty()) targets.labels = std::span(golden.labels).subspan(first, last - first);
    if (!golden.targets.empty())
      targets.targets = std::span(golden.targets).subspan(first * labels, (last - first) * labels);
    const auto logits = pass.Forward(part.view(), {});
    std::vector<float> grad(logits.size());
    ComputeLoss(logits, labels, targets, {}, weight, grad);
    pass.Backward(grad, gradients);
  };
  whole.Begin();
  backward(0, golden.batch.texts(), whole);
  halves.Begin();
  backward(0, 2, halves);
  backward(2, golden.batch.texts(), halves);
  for (const WeightInfo& info : golden.model.layout().weights) {
    const auto a = DenseGradient(whole, golden.model.layout(), info);
    const auto b = DenseGradient(halves, golden.model.layout(), info);
    for (size_t i = 0; i < a.size(); ++i) ASSERT_NEAR(a[i], b[i], 1e-6f) << info.name;
  }
}

TEST_P(EncoderGolden, TenAdamWStepsFollowPyTorch) {
  REQUIRE_SHARED(dir, Directory());
  Golden golden = Load(dir);
  const auto& adamw = golden.expected["adamw"];
  const size_t labels = golden.config.labels.size();
  const int warmup = adamw["warmup_steps"].get<int>(), total = adamw["total_steps"].get<int>();
  Optimizer optimizer(golden.model,
                      {.weight_decay = adamw["weight_decay"].get<double>(), .epsilon = adamw["eps"].get<double>()},
                      pool_);
  TrainingPass pass(golden.model, pool_);
  Gradients gradients(golden.config, golden.model.layout(), pool_.size());
  const double weight = LossWeight(golden.Wanted(), labels, {});
  for (int step = 0; step < total; ++step) {
    optimizer.PrepareRows(golden.batch.ids);
    const auto logits = pass.Forward(golden.batch.view(), {});
    std::vector<float> grad(logits.size());
    const double loss = ComputeLoss(logits, labels, golden.Wanted(), {}, weight, grad);
    EXPECT_NEAR(loss, adamw["losses"][static_cast<size_t>(step)].get<double>(), 1e-4) << "step " << step;
    gradients.Begin();
    pass.Backward(grad, gradients);
    const double clip = std::min(1.0, adamw["max_grad_norm"].get<double>() / (gradients.Norm(pool_) + 1e-6));
    const ScheduleOptions schedule{.kind = Schedule::kLinear, .warmup = warmup, .total = total};
    optimizer.Step(gradients, adamw["lr"].get<double>() * ScheduleFactor(schedule, step), clip);
  }
  optimizer.ApplyPendingDecay();
  ForwardRunner runner(golden.model, pool_);
  ExpectLogits(runner.Logits(golden.batch.view()), adamw["final_logits"], 1e-3);
}

INSTANTIATE_TEST_SUITE_P(Encoders, EncoderGolden,
                         ::testing::Combine(::testing::Values("bert", "bert_multilabel", "distilbert", "roberta",
                                                              "xlm_roberta", "deberta_v3", "deberta_v2_unshared"),
                                            ::testing::Values(1, 3)),
                         [](const auto& info) {
                           return std::string(std::get<0>(info.param)) + "_" + std::to_string(std::get<1>(info.param)) +
                                  "_threads";
                         });

TEST(MiniLm, LogitsOfSeventyTextsEqualTransformers) {
  REQUIRE_SHARED(dir, "models/all-MiniLM-L6-v2");
  REQUIRE_SHARED(fixture, "fixtures/minilm");
  const auto expected = ParsedJson(ReadFile(fixture / "expected.json").value());
  ModelConfig config = ReadModelConfig(dir).value();
  config.labels = {"a", "b", "c", "d"};
  Model model = Model::Load(dir, config, {.create_head = true}).value();
  const SafetensorsFile head = SafetensorsFile::Open(fixture / "head.safetensors").value();
  for (const WeightInfo& weight : model.layout().weights) {
    if (const TensorView* tensor = head.Find(weight.name)) {
      ASSERT_TRUE(CopyAsF32(*tensor, {model.at(weight.offset), weight.count}));
    }
  }
  ThreadPool pool(2);
  ForwardRunner runner(model, pool);
  PackedBatch all;
  Json logits = Json::array();
  ASSERT_EQ(expected["cases"].size(), 70u);
  double apart = 0;
  std::vector<std::vector<float>> alone;
  for (const auto& item : expected["cases"]) {
    const auto ids = item["input_ids"].get<std::vector<int32_t>>();
    PackedBatch one;
    one.Append(ids);
    all.Append(ids);
    const auto row = runner.Logits(one.view());
    ExpectLogits(row, Json::array({item["logits"]}), 1e-3);
    alone.emplace_back(row.begin(), row.end());
  }
  const auto together = runner.Logits(all.view());
  for (size_t t = 0; t < alone.size(); ++t) {
    for (size_t i = 0; i < 4; ++i) {
      apart = std::max(apart, static_cast<double>(std::abs(alone[t][i] - together[t * 4 + i])));
    }
  }
  EXPECT_LE(apart, 1e-5) << "the batch that a text rides in changes its logits";
}

}  // namespace
}  // namespace winnow
