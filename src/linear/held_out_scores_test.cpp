#include "linear/held_out_scores.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "base/random.h"

namespace winnow {
namespace {

struct LabeledRows {
  SparseRows rows;
  std::vector<std::vector<int32_t>> truth;
};

/// Rows of two features, of which the first shows the label of most rows.
LabeledRows LabeledRowsOf(size_t count, int labels) {
  LabeledRows data;
  data.rows.num_columns = 2;
  Random random(3);
  for (size_t i = 0; i < count; ++i) {
    const auto label = static_cast<int32_t>(i % static_cast<size_t>(labels));
    data.truth.push_back({label});
    data.rows.columns.insert(data.rows.columns.end(), {0, 1});
    data.rows.values.push_back(static_cast<float>(label) - 0.5F + 0.3F * static_cast<float>(random.Normal()));
    data.rows.values.push_back(static_cast<float>(random.Uniform()));
    data.rows.begins.push_back(data.rows.columns.size());
  }
  return data;
}

TEST(FoldsByLabel, AreOfEqualSizesAndHaveEachLabelEvenly) {
  std::vector<std::vector<int32_t>> truth;  // labels that take turns
  for (int i = 0; i < 103; ++i) truth.push_back({i % 5});
  const std::vector<size_t> folds = FoldsByLabel(truth, 5, Random(1, "folds"));
  std::vector<size_t> sizes(5);
  std::vector<std::vector<size_t>> of_label(5, std::vector<size_t>(5));
  for (size_t i = 0; i < folds.size(); ++i) {
    ASSERT_LT(folds[i], 5U);
    ++sizes[folds[i]];
    ++of_label[i % 5][folds[i]];
  }
  for (const size_t size : sizes) EXPECT_NEAR(static_cast<double>(size), 20.6, 0.7);
  for (const auto& counts : of_label) {
    for (const size_t count : counts) EXPECT_NEAR(static_cast<double>(count), 4.1, 1);
  }
  EXPECT_EQ(FoldsByLabel(truth, 5, Random(1, "folds")), folds);
  EXPECT_NE(FoldsByLabel(truth, 5, Random(2, "folds")), folds);
}

TEST(HeldOutScores, WithAFoldPerRowAreThoseOfAModelOfTheOtherRows) {
  const LabeledRows data = LabeledRowsOf(12, 2);
  ThreadPool pool(2);
  const SolverOptions options{.C = 2, .tolerance = 1e-8};
  const auto scores = HeldOutScores(data.rows, {.ids = data.truth, .labels = 2}, {&options, 1}, 12, 42, pool);
  ASSERT_TRUE(scores) << scores.error().Text();
  ASSERT_EQ(scores->size(), 1U);
  for (size_t row = 0; row < 12; ++row) {
    // A weight of 0 leaves the row out of the fit.
    SolverOptions without = options;
    without.row_weights.assign(12, 1.0F);
    without.row_weights[row] = 0;
    const LinearWeights model = FitLinear(data.rows, {.ids = data.truth, .labels = 2}, without, pool).value();
    const auto values = data.rows.values_of(row);
    EXPECT_NEAR((*scores)[0][row], model.bias[0] + values[0] * model.weights[0] + values[1] * model.weights[1], 1e-3);
  }
}

TEST(HeldOutScores, OfCandidatesAreThoseOfEachAlone) {
  const LabeledRows data = LabeledRowsOf(60, 3);
  const std::vector<SolverOptions> candidates = {{.C = 0.1}, {.kind = LinearKind::kSvm, .C = 1}, {.C = 10}};
  for (const int threads : {1, 2}) {
    ThreadPool pool(threads);
    const auto together = HeldOutScores(data.rows, {.ids = data.truth, .labels = 3}, candidates, 5, 42, pool);
    ASSERT_TRUE(together) << together.error().Text();
    for (size_t i = 0; i < candidates.size(); ++i) {
      const auto alone = HeldOutScores(data.rows, {.ids = data.truth, .labels = 3}, {&candidates[i], 1}, 5, 42, pool);
      EXPECT_EQ((*together)[i], alone->front());
      EXPECT_EQ(alone->front().size(), 180U);
    }
  }
}

TEST(HeldOutScores, PassOnTheSolversErrors) {
  const LabeledRows data = LabeledRowsOf(20, 2);
  ThreadPool pool(1);
  const SolverOptions wrong{.C = -1};
  EXPECT_EQ(HeldOutScores(data.rows, {.ids = data.truth, .labels = 2}, {&wrong, 1}, 5, 42, pool).error().code,
            ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace winnow
