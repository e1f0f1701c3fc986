#include "linear/solver.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "linear/dual_ascent.h"
#include "linear/linear_problem.h"
#include "linear/newton.h"

namespace winnow {
namespace {

using Truth = std::vector<std::vector<int32_t>>;

struct Data {
  SparseRows rows;
  Truth truth;
  size_t labels = 0;
};

/// x(i, j) = sin(1 + 0.7 i + 1.3 j + 0.11 i j); of sparse ones only where 7 divides 31 i + 17 j + i j. The label is the
/// largest of the first features, but each seventh row's is i mod labels.
Data DataOf(size_t n, size_t features, size_t labels, bool sparse) {
  Data data{{}, {}, labels};
  data.rows.num_columns = features;
  for (size_t i = 0; i < n; ++i) {
    std::vector<float> row(features);
    for (size_t j = 0; j < features; ++j) {
      if (sparse && (31 * i + 17 * j + i * j) % 7 != 0) continue;
      const double a = static_cast<double>(i), b = static_cast<double>(j);
      row[j] = static_cast<float>(std::sin(1 + 0.7 * a + 1.3 * b + 0.11 * a * b));
      data.rows.columns.push_back(static_cast<int32_t>(j));
      data.rows.values.push_back(row[j]);
    }
    data.rows.begins.push_back(data.rows.columns.size());
    const auto largest = std::max_element(row.begin(), row.begin() + static_cast<ptrdiff_t>(labels)) - row.begin();
    data.truth.push_back({static_cast<int32_t>(i % 7 == 0 ? i % labels : static_cast<size_t>(largest))});
  }
  return data;
}

Data Dense(size_t labels) { return DataOf(60, 5, labels, false); }
Data Sparse(size_t labels) { return DataOf(90, 40, labels, true); }

SolverOptions OptionsOf(LinearKind kind, double C, double tolerance = 1e-8) {
  SolverOptions options;
  options.kind = kind, options.C = C, options.tolerance = tolerance;
  return options;
}

LinearWeights Fit(const Data& data, const SolverOptions& options, int threads = 1, bool multi_label = false) {
  ThreadPool pool(threads);
  auto weights =
      FitLinear(data.rows, {.ids = data.truth, .labels = data.labels, .multi_label = multi_label}, options, pool);
  if (!weights) ADD_FAILURE() << weights.error().message;
  return weights ? *std::move(weights) : LinearWeights{};
}

std::vector<double> ScoresOf(const Data& data, const LinearWeights& weights, size_t row) {
  std::vector<double> z(weights.bias.begin(), weights.bias.end());
  for (size_t e = data.rows.begins[row]; e < data.rows.begins[row + 1]; ++e) {
    const size_t f = static_cast<size_t>(data.rows.columns[e]);
    for (size_t k = 0; k < z.size(); ++k) {
      z[k] += static_cast<double>(data.rows.values[e]) * static_cast<double>(weights.weights[f * z.size() + k]);
    }
  }
  return z;
}

double Objective(const Data& data, const LinearWeights& weights, const SolverOptions& options) {
  const size_t outputs = weights.outputs;
  double objective = 0;
  for (size_t row = 0; row < data.rows.rows(); ++row) {
    const std::vector<double> z = ScoresOf(data, weights, row);
    const double c = options.C * (options.row_weights.empty() ? 1.0 : static_cast<double>(options.row_weights[row]));
    if (options.kind == LinearKind::kLogistic && outputs > 1) {
      double sum = 0;
      for (const double value : z) sum += std::exp(value - z[static_cast<size_t>(data.truth[row][0])]);
      objective += c * std::log(sum);
      continue;
    }
    for (size_t k = 0; k < outputs; ++k) {
      const auto label = static_cast<int32_t>(data.labels == 2 && outputs == 1 ? 1 : k);
      const double margin = std::ranges::count(data.truth[row], label) > 0 ? z[k] : -z[k];
      objective += c * (options.kind == LinearKind::kSvm ? std::pow(std::max(0.0, 1 - margin), 2)
                                                         : std::log1p(std::exp(-margin)));
    }
  }
  for (const float w : weights.weights) objective += static_cast<double>(w) * static_cast<double>(w) / 2;
  if (options.kind == LinearKind::kSvm) {
    for (const float b : weights.bias) objective += static_cast<double>(b) * static_cast<double>(b) / 2;
  }
  return objective;
}

// scikit-learn 1.9.1 on these data, with tol=1e-10 (newton-cg; LinearSVC(dual=False)): the objective, the first weights
// of the first output, and each output's intercept.
struct Golden {
  bool sparse;
  size_t labels;
  LinearKind kind;
  double C;
  bool weighted;  // row i by 1 + i % 3 / 2
  double objective;
  std::vector<double> first, bias;
};

constexpr LinearKind kLog = LinearKind::kLogistic, kOvr = LinearKind::kLogisticOneVsRest, kSvm = LinearKind::kSvm;

const std::vector<Golden>& Goldens() {
  static const std::vector<Golden> goldens = {
      {false, 2, kLog, 0.01, false, 0.399567035, {-0.123096, 0.069188, 0.011063}, {-0.265488}},
      {false, 2, kLog, 1, false, 24.64702504, {-2.109738, 1.359463, -0.024611}, {-0.353382}},
      {false, 2, kLog, 100, false, 1960.188312, {-3.505626, 2.505725, -0.310255}, {-0.447186}},
      {false, 2, kSvm, 0.01, false, 0.4754498004, {-0.330111, 0.19096, 0.02544}, {-0.067643}},
      {false, 2, kSvm, 1, false, 26.39066215, {-1.039775, 0.691431, -0.062021}, {-0.152913}},
      {false, 2, kSvm, 100, false, 2553.705503, {-1.101133, 0.742774, -0.076722}, {-0.164221}},
      {false, 2, kLog, 1, true, 38.11649884, {-2.172714, 1.358083, -0.009424}, {-0.286299}},
      {false, 2, kSvm, 1, true, 44.51492924, {-0.943168, 0.57436, -0.011795}, {-0.113744}},
      {false, 3, kLog, 0.01, false, 0.6186614477, {0.112478, 0.00097, -0.047912}, {0.119583, -0.326928, 0.207345}},
      {false, 3, kLog, 1, false, 35.74528921, {1.452392, -0.097179, -0.524641}, {0.112214, -0.285802, 0.173588}},
      {false, 3, kLog, 100, false, 2991.190046, {2.092567, -0.076925, -0.749597}, {0.089121, -0.243011, 0.153889}},
      {false, 3, kOvr, 0.01, false, 1.097413371, {0.116647, 0.002534, -0.050621}, {-0.549552, -1.188395, -0.407288}},
      {false, 3, kOvr, 1, false, 71.10564183, {1.984025, -0.011589, -0.832273}, {-0.888408, -1.573348, -0.723451}},
      {false, 3, kOvr, 100, false, 5901.156981, {3.014615, -0.026765, -1.261436}, {-1.229093, -1.961331, -1.062323}},
      {false, 3, kSvm, 0.01, false, 1.387788464, {0.307466, 0.005838, -0.129516}, {-0.148004, -0.287216, -0.109984}},
      {false, 3, kSvm, 1, false, 77.72460944, {0.946231, -0.015488, -0.389516}, {-0.369294, -0.664573, -0.329644}},
      {false, 3, kSvm, 100, false, 7520.712994, {0.992903, -0.019271, -0.40865}, {-0.392781, -0.695357, -0.352605}},
      {false, 3, kLog, 1, true, 53.23521355, {1.608413, -0.049006, -0.521237}, {-0.04368, -0.249916, 0.293596}},
      {false, 3, kSvm, 1, true, 120.8490825, {0.993157, 0.020981, -0.390318}, {-0.456204, -0.635804, -0.258691}},
      {true, 2, kLog, 0.01, false, 0.3874408572, {-0.006827, 0.043179, -0.014295}, {-1.687425}},
      {true, 2, kLog, 1, false, 30.46091441, {-0.225223, 2.303738, -0.833508}, {-1.617469}},
      {true, 2, kLog, 100, false, 890.2684624, {0.967702, 12.316577, -4.059109}, {-2.576691}},
      {true, 2, kSvm, 0.01, false, 0.5928324242, {-0.020096, 0.148516, -0.092103}, {-0.422913}},
      {true, 2, kSvm, 1, false, 20.15219765, {-0.079163, 2.277058, -0.49749}, {-0.675527}},
      {true, 2, kSvm, 100, false, 198.2405609, {0.63257, 5.251978, -0.065763}, {-0.968752}},
      {true, 2, kLog, 1, true, 41.43798377, {-0.331633, 2.824898, -1.007264}, {-1.696874}},
      {true, 2, kSvm, 1, true, 24.90936242, {-0.12147, 2.465803, -0.453342}, {-0.726237}},
      {true, 3, kLog, 0.01, false, 0.7515931272, {0.01113, -0.040541, -0.06096}, {0.96782, -0.654427, -0.313393}},
      {true, 3, kLog, 1, false, 42.88628463, {0.165059, -1.57723, -1.749919}, {1.199412, -0.528264, -0.671149}},
      {true, 3, kLog, 100, false, 626.5495085, {-0.649208, -7.512213, -7.605705}, {2.774135, -0.730566, -2.043569}},
      {true, 3, kOvr, 0.01, false, 1.34436623, {0.011324, -0.040762, -0.061623}, {0.74334, -1.86838, -1.46066}},
      {true, 3, kOvr, 1, false, 90.85892658, {0.227477, -1.932434, -2.372614}, {0.871197, -1.89727, -1.974618}},
      {true, 3, kOvr, 100, false, 2092.24978, {-6.269501, -11.704367, -11.232664}, {2.088476, -3.300514, -4.723385}},
      {true, 3, kSvm, 0.01, false, 1.931930105, {0.034725, -0.143789, -0.195141}, {0.222696, -0.452695, -0.398292}},
      {true, 3, kSvm, 1, false, 51.38243095, {-0.175426, -2.039074, -2.315696}, {0.510341, -0.796711, -0.895806}},
      {true, 3, kSvm, 100, false, 466.2077947, {-6.173123, -5.228994, -4.113363}, {0.954479, -1.619451, -1.188505}},
      {true, 3, kLog, 1, true, 56.07960644, {0.193018, -1.861503, -2.050612}, {1.278377, -0.535698, -0.742679}},
      {true, 3, kSvm, 1, true, 65.78657688, {-0.267433, -2.297604, -2.547482}, {0.538369, -0.821852, -0.923984}},
  };
  return goldens;
}

TEST(FitLinear, FindsTheOptimaOfScikitLearn) {
  for (const Golden& golden : Goldens()) {
    const Data data = golden.sparse ? Sparse(golden.labels) : Dense(golden.labels);
    SolverOptions options = OptionsOf(golden.kind, golden.C);
    for (size_t i = 0; golden.weighted && i < data.truth.size(); ++i) {
      options.row_weights.push_back(1.0f + 0.5f * static_cast<float>(i % 3));
    }
    const LinearWeights weights = Fit(data, options);
    SCOPED_TRACE(testing::Message() << (golden.sparse ? "sparse " : "dense ") << golden.labels << " labels, kind "
                                    << static_cast<int>(golden.kind) << ", C = " << golden.C);
    ASSERT_EQ(weights.outputs, golden.labels == 2 ? 1u : golden.labels);
    EXPECT_NEAR(Objective(data, weights, options) / golden.objective, 1.0, 1e-6);
    for (size_t f = 0; f < golden.first.size(); ++f) {
      EXPECT_NEAR(weights.weights[f * weights.outputs], golden.first[f],
                  1e-3 * std::max(1.0, std::abs(golden.first[f])));
    }
    for (size_t k = 0; k < golden.bias.size(); ++k) {
      EXPECT_NEAR(weights.bias[k], golden.bias[k], 1e-3 * std::max(1.0, std::abs(golden.bias[k])));
    }
  }
}

TEST(FitLinear, IsWithinOneInAHundredThousandAtItsDefaultTolerance) {
  for (const Golden& golden : Goldens()) {
    if (golden.weighted) continue;
    const Data data = golden.sparse ? Sparse(golden.labels) : Dense(golden.labels);
    const SolverOptions options = OptionsOf(golden.kind, golden.C, SolverOptions().tolerance);
    EXPECT_NEAR(Objective(data, Fit(data, options), options) / golden.objective, 1.0, 1e-5)
        << golden.sparse << golden.labels << " kind " << static_cast<int>(golden.kind) << " C " << golden.C;
  }
}

/// More outputs than a vector has lanes, and than a range has; some rows empty.
Data Many() {
  Data data = DataOf(400, 60, 40, true);
  data.rows.begins[400] = data.rows.begins[399];  // the last row's entries are nobody's
  data.rows.columns.resize(data.rows.begins[400]), data.rows.values.resize(data.rows.begins[400]);
  return data;
}

TEST(FitLinear, BothMethodsComeToTheSameOptimum) {
  const Data data = Many();
  for (const LinearLoss loss : {LinearLoss::kSoftmax, LinearLoss::kLogistic, LinearLoss::kHinge}) {
    LinearProblem problem;
    problem.x = &data.rows, problem.loss = loss, problem.outputs = data.labels;
    for (const auto& truth : data.truth) {
      problem.costs.push_back(1.0f);
      problem.true_outputs.push_back(truth[0]);
      problem.true_begins.push_back(problem.true_outputs.size());
    }
    ThreadPool pool(1);
    const LinearSolution ascent = SolveByDualAscent(problem, 1e-9, 200, pool);
    LinearSolution newton{std::vector<float>(ascent.weights.size()), false};
    SolveByNewton(problem, 1e-9, 100, pool, newton);
    EXPECT_TRUE(ascent.converged && newton.converged);
    for (size_t i = 0; i < ascent.weights.size(); ++i) {
      ASSERT_NEAR(ascent.weights[i], newton.weights[i], 2e-3) << i << " of loss " << static_cast<int>(loss);
    }
  }
}

TEST(FitLinear, ThreadsAgreeAndRepeatThemselves) {
  // Enough work for parts of the rows to be handed out.
  Data data = DataOf(2000, 100, 40, true);
  Data two = DataOf(9000, 350, 2, true);
  for (const LinearKind kind : {kLog, kOvr, kSvm}) {
    for (const Data* d : {&data, &two}) {
      const SolverOptions options = OptionsOf(kind, 0.1, 1e-5);
      const LinearWeights one = Fit(*d, options, 1);
      const double objective = Objective(*d, one, options);
      for (const int threads : {1, 2, 3}) {
        const LinearWeights weights = Fit(*d, options, threads), again = Fit(*d, options, threads);
        EXPECT_EQ(weights.weights, again.weights);
        EXPECT_EQ(weights.bias, again.bias);
        EXPECT_NEAR(Objective(*d, weights, options) / objective, 1.0, 1e-5) << threads;
        for (size_t i = 0; i < one.weights.size(); ++i) ASSERT_NEAR(weights.weights[i], one.weights[i], 0.05);
      }
    }
  }
}

TEST(FitLinear, FitsEachOfManyLabelsByItself) {
  Data data = Sparse(3);
  for (size_t i = 0; i < data.truth.size(); ++i) {
    if (i % 4 == 0) data.truth[i].push_back((data.truth[i][0] + 1) % 3);
    if (i % 5 == 0) data.truth[i].clear();
  }
  for (const LinearKind kind : {kLog, kSvm}) {
    const SolverOptions options = OptionsOf(kind, 1);
    const LinearWeights all = Fit(data, options, 1, true);
    ASSERT_EQ(all.outputs, 3u);
    for (int32_t label = 0; label < 3; ++label) {
      Data one = data;
      one.labels = 2;
      for (auto& truth : one.truth) truth = {std::ranges::count(truth, label) > 0 ? 1 : 0};
      const LinearWeights alone = Fit(one, options);
      for (size_t f = 0; f < all.features; ++f) {
        EXPECT_NEAR(all.weights[f * 3 + static_cast<size_t>(label)], alone.weights[f], 1e-3);
      }
      EXPECT_NEAR(all.bias[static_cast<size_t>(label)], alone.bias[0], 1e-3);
    }
  }
}

TEST(FitLinear, RepeatedRowsCountAsWeights) {
  const Data data = Sparse(3);
  Data twice = data;
  SolverOptions weighted = OptionsOf(kLog, 1);
  weighted.row_weights.assign(data.truth.size(), 1.0f);
  for (size_t row = 0; row < 30; ++row) {
    weighted.row_weights[row] = 2;
    const auto columns = data.rows.columns_of(row);
    const auto values = data.rows.values_of(row);
    twice.rows.columns.insert(twice.rows.columns.end(), columns.begin(), columns.end());
    twice.rows.values.insert(twice.rows.values.end(), values.begin(), values.end());
    twice.rows.begins.push_back(twice.rows.columns.size());
    twice.truth.push_back(data.truth[row]);
  }
  weighted.row_weights[40] = 0;  // as if it weren't there
  Data without = twice;
  without.truth[40] = {(without.truth[40][0] + 1) % 3};
  SolverOptions plain = OptionsOf(kLog, 1);
  plain.row_weights.assign(twice.truth.size(), 1.0f);
  plain.row_weights[40] = 0;
  const LinearWeights a = Fit(data, weighted), b = Fit(twice, plain), c = Fit(without, plain);
  EXPECT_EQ(b.weights, c.weights);
  for (size_t i = 0; i < a.weights.size(); ++i) EXPECT_NEAR(a.weights[i], b.weights[i], 1e-3);
}

TEST(FitLinear, LabelsThatNobodyHasGetABiasThatSaysSo) {
  Data data = Sparse(2);
  data.labels = 4;  // 2 and 3 aren't there
  for (const LinearKind kind : {kLog, kOvr, kSvm}) {
    const LinearWeights weights = Fit(data, OptionsOf(kind, 1));
    ASSERT_EQ(weights.outputs, 4u);
    for (size_t f = 0; f < weights.features; ++f) EXPECT_EQ(weights.weights[f * 4 + 3], 0.0f);
    EXPECT_EQ(weights.bias[3], kind == kSvm ? -1.0f : -30.0f);
    for (size_t row = 0; row < data.truth.size(); ++row) {
      const std::vector<double> z = ScoresOf(data, weights, row);
      EXPECT_LT(std::max_element(z.begin(), z.end()) - z.begin(), 2);
    }
  }
}

TEST(FitLinear, OneLabelOnlyIsAlwaysRight) {
  for (const size_t labels : {2, 3}) {
    for (const int32_t label : {0, 1}) {
      Data data = Sparse(2);
      data.labels = labels;
      for (auto& truth : data.truth) truth = {label};
      for (const LinearKind kind : {kLog, kOvr, kSvm}) {
        const LinearWeights weights = Fit(data, OptionsOf(kind, 1));
        for (const float w : weights.weights) EXPECT_EQ(w, 0.0f);
        if (labels == 2) {
          EXPECT_EQ(weights.bias[0] > 0.0f, label == 1);
        } else {
          EXPECT_EQ(std::ranges::max_element(weights.bias) - weights.bias.begin(), label);
        }
      }
    }
  }
}

TEST(FitLinear, RowsWithoutFeaturesGiveTheLabelsShares) {
  Data data{{}, {}, 3};
  data.rows.num_columns = 4;
  for (int i = 0; i < 60; ++i) {
    data.rows.begins.push_back(0);
    data.truth.push_back({i % 6 < 3 ? 0 : i % 6 < 5 ? 1 : 2});
  }
  const LinearWeights weights = Fit(data, OptionsOf(kLog, 1));
  EXPECT_NEAR(weights.bias[0] - weights.bias[2], std::log(3.0), 1e-3);
  EXPECT_NEAR(weights.bias[1] - weights.bias[2], std::log(2.0), 1e-3);
}

TEST(FitLinear, StaysFiniteWhereCIsTinyOrHuge) {
  for (const size_t labels : {2, 3}) {
    for (const LinearKind kind : {kLog, kOvr, kSvm}) {
      for (const double C : {1e-9, 1e6}) {
        const Data data = Sparse(labels);
        const SolverOptions options = OptionsOf(kind, C, 1e-4);
        const LinearWeights weights = Fit(data, options);
        size_t right = 0;
        for (size_t row = 0; row < data.truth.size(); ++row) {
          const std::vector<double> z = ScoresOf(data, weights, row);
          for (const double value : z) ASSERT_TRUE(std::isfinite(value));
          const size_t best = labels == 2 ? z[0] > 0 : static_cast<size_t>(std::ranges::max_element(z) - z.begin());
          right += best == static_cast<size_t>(data.truth[row][0]);
        }
        // Hardly anything is learned but which label is the most frequent, or nearly everything is.
        EXPECT_GT(right, (C < 1 ? 0.4 : 0.9) * static_cast<double>(data.truth.size())) << labels << " " << C;
      }
    }
  }
}

TEST(FitLinear, FeaturesMayBeOnDifferentScales) {
  // Dual ascent is slow here, and Newton's method takes over.
  Data data = Dense(3), scaled = data;
  SolverOptions options = OptionsOf(kLog, 1e4);
  for (size_t e = 0; e < scaled.rows.values.size(); ++e) {
    if (scaled.rows.columns[e] == 2) scaled.rows.values[e] *= 1e3f;
  }
  const double plain = Objective(data, Fit(data, options), options);
  const LinearWeights weights = Fit(scaled, options);
  // Hardly penalised, weights go with scales.
  EXPECT_NEAR(Objective(scaled, weights, options) / plain, 1.0, 1e-4);
}

TEST(FitLinear, RefusesWhatDoesNotFit) {
  const Data good = Sparse(3);
  ThreadPool pool(1);
  const auto code = [&](const Data& data, const SolverOptions& options, bool multi_label = false) {
    const auto weights =
        FitLinear(data.rows, {.ids = data.truth, .labels = data.labels, .multi_label = multi_label}, options, pool);
    EXPECT_FALSE(weights.has_value());
    return weights ? ErrorCode::kIo : weights.error().code;
  };
  const SolverOptions options = OptionsOf(kLog, 1);
  Data none{{}, {}, 2};
  EXPECT_EQ(code(none, options), ErrorCode::kInvalidData);
  Data fewer = good;
  fewer.truth.pop_back();
  EXPECT_EQ(code(fewer, options), ErrorCode::kInvalidArgument);
  Data beyond = good;
  beyond.truth[3] = {3};
  EXPECT_EQ(code(beyond, options), ErrorCode::kInvalidArgument);
  beyond.truth[3] = {-1};
  EXPECT_EQ(code(beyond, options, true), ErrorCode::kInvalidArgument);
  Data several = good;
  several.truth[3] = {0, 1};
  EXPECT_EQ(code(several, options), ErrorCode::kInvalidArgument);
  Data endless = good;
  endless.rows.values[5] = std::numeric_limits<float>::infinity();
  EXPECT_EQ(code(endless, options), ErrorCode::kInvalidArgument);
  for (const double C : {0.0, -1.0, std::nan(""), std::numeric_limits<double>::infinity()}) {
    EXPECT_EQ(code(good, OptionsOf(kLog, C)), ErrorCode::kInvalidArgument);
  }
  SolverOptions weights = options;
  weights.row_weights = {1.0f};
  EXPECT_EQ(code(good, weights), ErrorCode::kInvalidArgument);
  weights.row_weights.assign(good.truth.size(), -1.0f);
  EXPECT_EQ(code(good, weights), ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace winnow
