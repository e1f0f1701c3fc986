// Forward, backward and AdamW together against what transformers and PyTorch computed for tiny models whose weights are
// made from their names: tools/make_encoder_goldens.py. Models of checkpoints are in encoder_golden_test.cpp.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/json.h"
#include "encoder/backward.h"
#include "support/named_model.h"
#include "train/loss.h"
#include "train/optimizer.h"
#include "train/schedule.h"

namespace winnow {
namespace {

struct Golden {
  Json expected;
  ModelConfig config;
  Model model;
  PackedBatch batch;
  std::vector<int32_t> labels;
  std::vector<float> grad;

  Targets Wanted() const { return {labels, {}}; }
  /// The loss, with the gradient of the logits in `grad`.
  double Loss(std::span<const float> logits) {
    grad.resize(logits.size());
    const size_t count = config.labels.size();
    return ComputeLoss(logits, count, Wanted(), {}, LossWeight(Wanted(), count, {}), grad);
  }
};

Golden Load(const std::string& name) {
  NamedModel named = ReadNamedModel("encoders/" + name);
  Golden golden{std::move(named.golden), named.config, std::move(named.model), std::move(named.batch), {}, {}};
  golden.labels = golden.expected["labels"].get<std::vector<int32_t>>();
  return golden;
}

void ExpectLogits(std::span<const float> logits, const Json& expected, double bound) {
  size_t i = 0;
  for (const auto& row : expected) {
    for (const Json& number : row) {
      ASSERT_LT(i, logits.size());
      EXPECT_NEAR(static_cast<double>(logits[i]), number.get<double>(), bound) << "logit " << i;
      ++i;
    }
  }
  EXPECT_EQ(i, logits.size());
}

/// The gradient of one weight, dense.
std::vector<double> DenseGradient(Gradients& gradients, const Layout& layout, const WeightInfo& weight) {
  std::vector<double> dense(weight.count, 0.0);
  if (weight.offset >= layout.matrices) {
    std::copy_n(gradients.at(weight.offset), weight.count, dense.begin());
    return dense;
  }
  for (int64_t id = 0; id < weight.shape[0]; ++id) {
    const float* row = gradients.word_row_of(static_cast<int32_t>(id));
    if (row != nullptr) std::copy_n(row, weight.shape[1], dense.begin() + id * weight.shape[1]);
  }
  return dense;
}

double Dot(const std::vector<double>& a, const std::vector<float>& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] * static_cast<double>(b[i]);
  return sum;
}

class EncoderNumbers : public ::testing::TestWithParam<std::tuple<const char*, int>> {
 protected:
  ThreadPool pool_{std::get<1>(GetParam())};
  Golden golden_ = Load(std::get<0>(GetParam()));
};

TEST_P(EncoderNumbers, LogitsEqualTransformers) {
  ForwardRunner runner(golden_.model, pool_);
  ExpectLogits(runner.Logits(golden_.batch.view()), golden_.expected["logits"], 1e-4);
  for (const bool recompute : {false, true}) {
    TrainingPass pass(golden_.model, pool_, {.gradient_checkpointing = recompute});
    ExpectLogits(pass.Forward(golden_.batch.view(), {}), golden_.expected["logits"], 1e-4);
  }
}

TEST_P(EncoderNumbers, EveryGradientEqualsPyTorch) {
  for (const bool recompute : {false, true}) {
    TrainingPass pass(golden_.model, pool_, {.gradient_checkpointing = recompute});
    const Layout& layout = golden_.model.layout();
    Gradients gradients(golden_.config, layout, pool_.size());
    EXPECT_NEAR(golden_.Loss(pass.Forward(golden_.batch.view(), {})), golden_.expected["loss"].get<double>(), 1e-5);
    gradients.Begin();
    pass.Backward(golden_.grad, gradients);
    const auto norm = golden_.expected["grad_norm"].get<double>();
    EXPECT_NEAR(gradients.Norm(pool_), norm, 1e-4 * norm);
    size_t compared = 0;
    for (const WeightInfo& weight : layout.weights) {
      const Json* expected = golden_.expected["gradients"].Find(weight.name);
      const std::vector<double> got = DenseGradient(gradients, layout, weight);
      double squares = 0;
      for (const double value : got) squares += value * value;
      ASSERT_NE(expected, nullptr) << weight.name;
      ++compared;
      // Key biases' gradients are zero but for rounding.
      const auto length = (*expected)[size_t{0}].get<double>();
      const double bound = std::max(1e-3 * length, 1e-5);
      EXPECT_NEAR(std::sqrt(squares), length, bound) << weight.name;
      for (const size_t i : {1, 2}) {
        const double dot = Dot(got, NamedNumbers(weight.name + "#" + std::to_string(i), weight.count));
        EXPECT_NEAR(dot, (*expected)[i].get<double>(), bound) << weight.name;
      }
    }
    EXPECT_EQ(compared, golden_.expected["gradients"].size());
  }
}

TEST_P(EncoderNumbers, TenAdamWStepsFollowPyTorch) {
  const Json& adamw = golden_.expected["adamw"];
  const int warmup = adamw["warmup_steps"].get<int>(), total = adamw["total_steps"].get<int>();
  Optimizer optimizer(golden_.model,
                      {.weight_decay = adamw["weight_decay"].get<double>(), .epsilon = adamw["eps"].get<double>()},
                      pool_);
  TrainingPass pass(golden_.model, pool_);
  Gradients gradients(golden_.config, golden_.model.layout(), pool_.size());
  for (int step = 0; step < total; ++step) {
    optimizer.PrepareRows(golden_.batch.ids);
    const double loss = golden_.Loss(pass.Forward(golden_.batch.view(), {}));
    EXPECT_NEAR(loss, adamw["losses"][static_cast<size_t>(step)].get<double>(), 2e-4) << "step " << step;
    gradients.Begin();
    pass.Backward(golden_.grad, gradients);
    const double clip = std::min(1.0, adamw["max_grad_norm"].get<double>() / (gradients.Norm(pool_) + 1e-6));
    const ScheduleOptions schedule{.kind = Schedule::kLinear, .warmup = warmup, .total = total};
    optimizer.Step(gradients, adamw["lr"].get<double>() * ScheduleFactor(schedule, step), clip);
  }
  optimizer.ApplyPendingDecay();
  ForwardRunner runner(golden_.model, pool_);
  ExpectLogits(runner.Logits(golden_.batch.view()), adamw["final_logits"], 2e-3);
}

INSTANTIATE_TEST_SUITE_P(Encoders, EncoderNumbers,
                         ::testing::Combine(::testing::Values("electra_small", "roberta_padding_in_text", "albert",
                                                              "albert_groups", "mpnet", "modernbert",
                                                              "modernbert_mean"),
                                            ::testing::Values(1, 3)),
                         [](const auto& info) {
                           return std::string(std::get<0>(info.param)) + "_" + std::to_string(std::get<1>(info.param)) +
                                  "_threads";
                         });

}  // namespace
}  // namespace winnow
