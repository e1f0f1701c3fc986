#include "train/loss.h"

#include <gtest/gtest.h>

#include <cmath>

namespace winnow {
namespace {

TEST(Loss, CrossEntropyEqualsPyTorch) {
  // torch 2.15: CrossEntropyLoss(weight=[1, 2, .5])(logits, [2, 0, 1]) and its gradient.
  const std::vector<float> logits = {1.0f, -2.0f, 0.5f, 0.0f, 3.0f, -1.0f, 2.0f, 2.0f, 2.0f};
  const std::vector<int32_t> labels = {2, 0, 1};
  const LossOptions options{.class_weights = {1.0f, 2.0f, 0.5f}};
  std::vector<float> grad(9);
  const Targets targets{.labels = labels, .targets = {}};
  EXPECT_DOUBLE_EQ(LossWeight(targets, 3, options), 3.5);
  const double loss = ComputeLoss(logits, 3, targets, options, 3.5, grad);
  const auto log_sum = [&](int row) {
    double sum = 0;
    for (int i = 0; i < 3; ++i) sum += std::exp(static_cast<double>(logits[static_cast<size_t>(row * 3 + i)]));
    return std::log(sum);
  };
  EXPECT_NEAR(loss, (0.5 * (log_sum(0) - 0.5) + 1.0 * (log_sum(1) - 0.0) + 2.0 * (log_sum(2) - 2.0)) / 3.5, 1e-9);
  double total = 0;
  for (const float g : grad) total += static_cast<double>(g);
  EXPECT_NEAR(total, 0, 1e-6);  // each row's gradient sums to zero
  EXPECT_NEAR(grad[2], 0.5 * (std::exp(0.5 - log_sum(0)) - 1) / 3.5, 1e-6);
}

TEST(Loss, BinaryCrossEntropySurvivesLargeLogits) {
  const std::vector<float> logits = {1000.0f, -1000.0f, 0.0f, 2.0f};
  const std::vector<float> wanted = {1.0f, 0.0f, 1.0f, 0.0f};
  std::vector<float> grad(4);
  const Targets targets{.labels = {}, .targets = wanted};
  EXPECT_DOUBLE_EQ(LossWeight(targets, 2, {}), 4.0);
  EXPECT_NEAR(ComputeLoss(logits, 2, targets, {}, 4.0, grad), (0 + 0 + std::log(2.0) + std::log1p(std::exp(2.0))) / 4,
              1e-9);
  EXPECT_NEAR(grad[2], -0.5 / 4, 1e-7);
  EXPECT_NEAR(grad[0], 0, 1e-7);
}

TEST(Loss, SoftLabelsWithClassWeightsEqualPyTorch) {
  // torch 2.15: CrossEntropyLoss(weight=[1, 2, .5])(logits, probabilities) and its gradient, in double.
  const std::vector<float> logits = {1.0f, -2.0f, 0.5f, 0.0f, 3.0f, -1.0f, 2.0f, 2.0f, 2.0f};
  const std::vector<float> soft = {.2f, .3f, .5f, 1, 0, 0, .25f, .25f, .5f};
  const std::vector<int32_t> labels = {2, 0, 2};
  const LossOptions options{.class_weights = {1.0f, 2.0f, 0.5f}};
  const Targets targets{.labels = labels, .targets = {}, .soft = soft};
  EXPECT_DOUBLE_EQ(LossWeight(targets, 3, options), 3.0);
  std::vector<float> grad(9);
  EXPECT_NEAR(ComputeLoss(logits, 3, targets, options, 3.0, grad), 2.2064409799616453, 1e-7);
  const double expected[] = {0.14464544698535237, -0.18947938935064906, 0.04483394236529674,
                             -0.3177957924740087, 0.3120798506255019,   0.005715941848506796,
                             0.02777777777777777, -0.05555555555555556, 0.02777777777777777};
  for (size_t i = 0; i < 9; ++i) EXPECT_NEAR(grad[i], expected[i], 1e-7) << i;
}

TEST(Loss, DistillationEqualsPyTorch) {
  // torch 2.15, in double: mean of (1 - a) cross_entropy(z, y) + a T^2 (-sum soft log_softmax(z / T)), a = .7, T = 2.
  const std::vector<float> logits = {1.0f, -2.0f, 0.5f, 0.0f, 3.0f, -1.0f, 2.0f, 2.0f, 2.0f};
  const std::vector<float> soft = {.2f, .3f, .5f, 1, 0, 0, .25f, .25f, .5f};
  const std::vector<int32_t> labels = {2, 0, 1};
  Targets targets{.labels = labels, .targets = {}, .soft = soft, .soft_weight = .7f, .soft_temperature = 2};
  std::vector<float> grad(9);
  EXPECT_NEAR(ComputeLoss(logits, 3, targets, {}, 3.0, grad), 4.412717484289341, 1e-6);
  const double expected[] = {0.20014983019436286,  -0.08498062475294797, -0.11516920544141496,
                             -0.48535464485049495, 0.43714882653352766,  0.04820581831696724,
                             0.07222222222222222,  -0.02777777777777779, -0.044444444444444446};
  for (size_t i = 0; i < 9; ++i) EXPECT_NEAR(grad[i], expected[i], 1e-6) << i;

  // A text without a label has the teacher's part alone.
  const std::vector<int32_t> unlabelled = {-1, -1, -1};
  std::vector<float> soft_grad(9), half(9);
  targets.labels = unlabelled;
  const double taught = ComputeLoss(logits, 3, targets, {}, 3.0, soft_grad);
  targets.soft_weight = .35f;
  EXPECT_NEAR(ComputeLoss(logits, 3, targets, {}, 3.0, half), taught / 2, 1e-6);
  for (size_t i = 0; i < 9; ++i) EXPECT_NEAR(half[i], soft_grad[i] / 2, 1e-6);
}

TEST(Loss, LabelSmoothingWithClassWeightsEqualsPyTorch) {
  // torch 2.15: CrossEntropyLoss(weight=[1, 2, .5], label_smoothing=.1)(logits, [2, 0, 1]) and its gradient, in double.
  const std::vector<float> logits = {1.0f, -2.0f, 0.5f, 0.0f, 3.0f, -1.0f, 2.0f, 2.0f, 2.0f};
  const std::vector<int32_t> labels = {2, 0, 1};
  const LossOptions options{.class_weights = {1.0f, 2.0f, 0.5f}, .pos_weights = {}, .label_smoothing = 0.1};
  const Targets targets{.labels = labels, .targets = {}};
  std::vector<float> grad(9);
  EXPECT_NEAR(ComputeLoss(logits, 3, targets, options, LossWeight(targets, 3, options), grad), 1.6453125047889214,
              1e-12);
  const double expected[] = {0.0882260118,   -0.014180942, -0.0740450697, -0.25312681, 0.252907679,
                             0.000219130278, 0.173015873,  -0.350793651,  0.177777778};
  for (size_t i = 0; i < 9; ++i) EXPECT_NEAR(grad[i], expected[i], 1e-7) << i;
}

TEST(Loss, BinaryLabelSmoothingMovesEachTargetTowardsOneHalf) {
  // In Python's floats: -w t log(p) - (1 - t) log(1 - p) with p = sigmoid(logit) and the targets t = .95 and .05.
  const std::vector<float> logits = {1.0f, -2.0f, 0.5f, 0.0f, 3.0f, -1.0f};
  const std::vector<float> wanted = {1, 0, 1, 0, 1, 0};
  const LossOptions options{.class_weights = {}, .pos_weights = {1.0f, 3.0f, 0.5f}, .label_smoothing = 0.1};
  std::vector<float> grad(6);
  EXPECT_NEAR(ComputeLoss(logits, 3, {.labels = {}, .targets = wanted}, options, 6.0, grad), 0.39854226030235207,
              1e-12);
  const double expected[] = {-0.0364902369, -0.00314613096, -0.0247014752, 0.075, -0.014589172, 0.0395363143};
  for (size_t i = 0; i < 6; ++i) EXPECT_NEAR(grad[i], expected[i], 1e-7) << i;
}

TEST(Loss, PosWeightsEqualPyTorch) {
  // torch 2.15: BCEWithLogitsLoss(pos_weight=[1, 3, .5])(logits, targets) and its gradient, in double.
  const std::vector<float> logits = {1.0f, -2.0f, 0.5f, 0.0f, 3.0f, -1.0f};
  const std::vector<float> wanted = {1, 0, 1, 0, 1, 0};
  const LossOptions options{.class_weights = {}, .pos_weights = {1.0f, 3.0f, 0.5f}};
  const Targets targets{.labels = {}, .targets = wanted};
  std::vector<float> grad(6);
  EXPECT_NEAR(ComputeLoss(logits, 3, targets, options, LossWeight(targets, 3, options), grad), 0.30489985224177385,
              1e-12);
  const double expected[] = {-0.0448235702, 0.0198671537, -0.0314617224, 0.0833333333, -0.0237129366, 0.0448235702};
  for (size_t i = 0; i < 6; ++i) EXPECT_NEAR(grad[i], expected[i], 1e-7) << i;
}

}  // namespace
}  // namespace winnow
