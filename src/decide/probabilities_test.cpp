#include "decide/probabilities.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace winnow {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::Pointwise;
constexpr float kInfinity = std::numeric_limits<float>::infinity();

std::vector<float> SoftmaxOf(std::vector<float> logits, int classes, double temperature = 1) {
  Softmax(logits, classes, temperature, logits);  // in place
  return logits;
}

std::vector<float> SigmoidOf(std::vector<float> logits, double temperature = 1) {
  Sigmoid(logits, temperature, logits);
  return logits;
}

// SciPy 1.17.1: softmax(np.float32([[1.5,-.25,3],[0,0,0],[-1e4,5,5.5],[88,-88,89]]).astype(float) / T, axis=1)
TEST(Softmax, EqualsSciPy) {
  const std::vector<float> logits = {1.5F, -0.25F, 3, 0, 0, 0, -1e4F, 5, 5.5F, 88, -88, 89};
  EXPECT_THAT(SoftmaxOf(logits, 3),
              Pointwise(testing::FloatEq(),
                        {0.17682018210744427F, 0.030726740326436432F, 0.7924530775661193F, 0.3333333333333333F,
                         0.3333333333333333F, 0.3333333333333333F, 0.0F, 0.37754066879814546F, 0.6224593312018546F,
                         0.2689414213699951F, 0.0F, 0.7310585786300049F}));
  EXPECT_THAT(SoftmaxOf(logits, 3, 2.5),
              Pointwise(testing::FloatEq(),
                        {0.3013224344827531F, 0.14963229266678504F, 0.5490452728504618F, 0.3333333333333333F,
                         0.3333333333333333F, 0.3333333333333333F, 0.0F, 0.45016600268752205F, 0.549833997312478F,
                         0.40131233988754833F, 1.0694266143638077e-31F, 0.5986876601124517F}));
  EXPECT_THAT(SoftmaxOf(logits, 3, 0.05),
              Pointwise(testing::FloatEq(),
                        {9.3576229688393e-14F, 5.900090541596509e-29F, 0.9999999999999065F, 0.3333333333333333F,
                         0.3333333333333333F, 0.3333333333333333F, 0.0F, 4.5397868702434395e-05F, 0.9999546021312976F,
                         2.0611536181902033e-09F, 0.0F, 0.9999999979388463F}));
}

// SciPy 1.17.1: expit(np.float32([0,1,-1,30,-120,8.5]).astype(float) / 1.7)
TEST(Sigmoid, EqualsSciPy) {
  EXPECT_THAT(SigmoidOf({0, 1, -1, 30, -120, 8.5F}, 1.7),
              Pointwise(testing::FloatEq(), {0.5F, 0.6429601378600831F, 0.35703986213991684F, 0.999999978323971F,
                                             2.207592573898982e-31F, 0.9933071490757153F}));
}

TEST(Softmax, NeverOverflows) {
  const float huge = std::numeric_limits<float>::max();
  EXPECT_THAT(SoftmaxOf({huge, -huge, huge}, 3, 0.05), ElementsAre(0.5F, 0.0F, 0.5F));
  EXPECT_THAT(SoftmaxOf({-huge, -huge}, 2), ElementsAre(0.5F, 0.5F));
  EXPECT_THAT(SigmoidOf({huge, -huge}, 0.05), ElementsAre(1.0F, 0.0F));
}

TEST(Softmax, TakesTheLimitOfInfiniteLogits) {
  EXPECT_THAT(SoftmaxOf({kInfinity, 3, kInfinity, -kInfinity}, 4), ElementsAre(0.5F, 0.0F, 0.5F, 0.0F));
  EXPECT_THAT(SoftmaxOf({-kInfinity, -kInfinity}, 2), ElementsAre(0.5F, 0.5F));
  EXPECT_THAT(SoftmaxOf({-kInfinity, 7}, 2), ElementsAre(0.0F, 1.0F));
  EXPECT_THAT(SigmoidOf({kInfinity, -kInfinity}), ElementsAre(1.0F, 0.0F));
}

TEST(Softmax, KeepsANaNToItsRow) {
  const std::vector<float> rows = SoftmaxOf({NAN, 1, 0, 0}, 2);
  EXPECT_TRUE(std::isnan(rows[0]));
  EXPECT_TRUE(std::isnan(rows[1]));
  EXPECT_EQ(rows[2], 0.5F);
  const std::vector<float> each = SigmoidOf({NAN, 0});
  EXPECT_TRUE(std::isnan(each[0]));
  EXPECT_EQ(each[1], 0.5F);
}

TEST(Softmax, UsesOneForATemperatureThatMakesNoSense) {
  for (const double temperature : {0.0, -2.0, static_cast<double>(NAN), static_cast<double>(kInfinity)}) {
    EXPECT_EQ(SoftmaxOf({1, 2}, 2, temperature), SoftmaxOf({1, 2}, 2));
    EXPECT_EQ(SigmoidOf({1, 2}, temperature), SigmoidOf({1, 2}));
  }
}

TEST(Softmax, ToleratesShapesThatDoNotFit) {
  std::vector<float> out(3, -1.0F);
  const std::vector<float> logits = {0, 0, 0};
  Softmax(logits, 0, 1, out);
  EXPECT_THAT(out, Each(-1.0F));
  Softmax(logits, 2, 1, out);  // the row that is whole
  EXPECT_THAT(out, ElementsAre(0.5F, 0.5F, -1.0F));
  EXPECT_THAT(SoftmaxOf({5}, 1), ElementsAre(1.0F));
}

}  // namespace
}  // namespace winnow
