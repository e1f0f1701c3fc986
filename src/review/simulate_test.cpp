#include "review/simulate.h"

#include <gmock/gmock.h>

#include "base/random.h"
#include "classify/embedding.h"
#include "review/text_features.h"

namespace winnow {
namespace {

/// Ten labels of which the last ones are rare; rows around one center per label.
SimulationData Clouds(size_t texts) {
  constexpr size_t kLabels = 10, kColumns = 24;
  Random random(5, "simulation");
  std::vector<float> centers(kLabels * kColumns);
  for (float& value : centers) value = static_cast<float>(random.Normal());
  const auto draw = [&](TextFeatures& features, std::vector<int32_t>& truth, size_t count) {
    features.columns = kColumns;
    for (size_t i = 0; i < count; ++i) {
      const double u = random.Uniform();
      const auto label = static_cast<size_t>(u * u * kLabels);  // the first labels are the frequent ones
      truth.push_back(static_cast<int32_t>(label));
      for (size_t c = 0; c < kColumns; ++c) {
        features.values.push_back(centers[label * kColumns + c] + .9f * static_cast<float>(random.Normal()));
      }
      Normalize(std::span(features.values).last(kColumns));
    }
  };
  SimulationData data{.labels = kLabels};
  draw(data.pool, data.truth, texts);
  draw(data.test, data.test_truth, 500);
  return data;
}

TEST(Simulation, NeedsFewerLabelsInTheOrderOfTheQueue) {
  ThreadPool pool(2);
  const Simulation simulation =
      SimulateLabelling(Clouds(1500), {.most_labels = 150, .every = 10, .seeds = 3, .seed = 1}, pool, {}).value();
  ASSERT_EQ(simulation.labels.size(), 15u);
  const std::vector<double> random = MeanCurve(simulation.random), queue = MeanCurve(simulation.queue);
  EXPECT_GT(random.back(), random.front());
  const auto needed = LabelsToReach(simulation.labels, queue, random.back());
  ASSERT_TRUE(needed);
  EXPECT_LT(*needed, 120);
}

TEST(Simulation, IsEqualForEqualSeeds) {
  ThreadPool one(1), two(2);
  const SimulationData data = Clouds(300);
  const SimulationOptions options{.most_labels = 40, .every = 10, .seeds = 2, .seed = 1};
  const Simulation a = SimulateLabelling(data, options, one, {}).value();
  const Simulation b = SimulateLabelling(data, options, two, {}).value();
  EXPECT_EQ(a.queue, b.queue);
  EXPECT_EQ(a.random, b.random);
  EXPECT_NE(a.queue[0], a.queue[1]);
}

TEST(Simulation, InterpolatesBetweenPoints) {
  const std::vector<size_t> labels = {10, 20, 30};
  const std::vector<double> curve = {.2, .4, .5};
  EXPECT_EQ(LabelsToReach(labels, curve, .1), 10);
  EXPECT_NEAR(LabelsToReach(labels, curve, .3).value(), 15, 1e-9);
  EXPECT_EQ(LabelsToReach(labels, curve, .6), std::nullopt);
}

}  // namespace
}  // namespace winnow
