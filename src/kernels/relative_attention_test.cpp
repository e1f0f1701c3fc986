#include "kernels/relative_attention.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/reference/relative_attention.h"
#include "support/numbers.h"

namespace winnow {
namespace {

struct Case {
  size_t tokens, queries, head_size, longest, linear;
};

/// All lengths about a vector, with each distance its own column and with shared ones; texts shorter than the longest.
std::vector<Case> Cases() {
  std::vector<Case> cases;
  for (size_t tokens = 1; tokens <= 40; ++tokens) {
    const size_t heads[] = {1, 3, 12, 26, 32, 64};
    cases.push_back({tokens, tokens, heads[tokens % 6], tokens, 100});
    cases.push_back({tokens, tokens, heads[(tokens + 1) % 6], tokens + 9, 100});
    cases.push_back({tokens, tokens, heads[(tokens + 2) % 6], tokens + 3, 4});
    cases.push_back({tokens, 1, heads[(tokens + 3) % 6], tokens, 100});
    cases.push_back({tokens, 1, heads[(tokens + 4) % 6], tokens + 2, 4});
  }
  cases.push_back({150, 150, 32, 200, 256});
  cases.push_back({200, 200, 26, 200, 16});
  cases.push_back({7, 5, 32, 9, 100});
  return cases;
}

/// Columns as buckets make them: one by one up to `linear`, further ones four to a column.
std::vector<int32_t> Columns(const Case& c) {
  std::vector<int32_t> columns;
  const auto last = static_cast<int>(c.longest) - 1, linear = static_cast<int>(c.linear);
  const auto bucket = [&](int d) {
    const int far = std::abs(d) <= linear ? std::abs(d) : linear + (std::abs(d) - linear + 3) / 4;
    return d < 0 ? -far : far;
  };
  for (int d = -last; d <= last; ++d) columns.push_back(bucket(d) - bucket(-last));
  return columns;
}

struct Inputs {
  explicit Inputs(const Case& c)
      : columns(Columns(c)),
        places{columns.data(), c.longest, static_cast<size_t>(columns.back()) + 1, c.linear},
        stride(places.width + 2),
        shape{.queries = c.queries,
              .tokens = c.tokens,
              .head_size = c.head_size,
              .q_stride = c.head_size + 5,
              .kv_stride = c.head_size + 3,
              .out_stride = c.head_size,
              .first_row = 0},
        q(RandomFloats(c.queries * shape.q_stride, 1)),
        k(RandomFloats(c.tokens * shape.kv_stride, 2)),
        query_t(RandomFloats(c.head_size * stride + 16, 3)),
        key_t(RandomFloats(c.head_size * stride + 16, 4)) {}
  RelativeHead head() const { return {query_t.data(), key_t.data(), stride}; }
  size_t bias_floats() const { return shape.queries * BiasStride(shape.tokens); }

  std::vector<int32_t> columns;
  RelativePlaces places;
  size_t stride;
  AttentionShape shape;
  std::vector<float> q, k, query_t, key_t;
};

TEST(RelativeAttention, ScoresEqualTheReference) {
  AttentionScratch scratch;
  for (const Case& c : Cases()) {
    const Inputs in(c);
    GuardedFloats bias(in.bias_floats(), NAN);
    std::vector<float> expected(in.bias_floats());
    RelativeScores(in.shape, in.places, in.head(), in.q.data(), in.k.data(), bias.data(), scratch);
    reference::RelativeScores(in.shape, in.places, in.head(), in.q.data(), in.k.data(), expected.data());
    for (size_t i = 0; i < c.queries; ++i) {
      for (size_t j = 0; j < BiasStride(c.tokens); ++j) {
        const size_t at = i * BiasStride(c.tokens) + j;
        // Two sums of 64 terms of size 1 in float.
        if (j < c.tokens) {
          ASSERT_NEAR(bias[at], expected[at], 3e-5) << c.tokens << " tokens, head of " << c.head_size;
        }
        ASSERT_TRUE(std::isfinite(bias[at])) << "what lies beyond the tokens is read by attention";
      }
    }
    EXPECT_TRUE(bias.intact());
  }
}

TEST(RelativeAttention, BackwardEqualsFiniteDifferencesOfTheReference) {
  AttentionScratch scratch;
  for (const Case& c : Cases()) {
    if (c.tokens > 40) continue;  // the reference is slow; there is no other path there
    Inputs in(c);
    const auto g = RandomFloats(in.bias_floats(), 5);
    GuardedFloats q_grad(in.q.size(), 1.0f), k_grad(in.k.size(), 1.0f);
    GuardedFloats query_grad(in.query_t.size(), 1.0f), key_grad(in.key_t.size(), 1.0f);
    RelativeScoresBackward(in.shape, in.places, in.head(), in.q.data(), in.k.data(), g.data(), q_grad.data(),
                           k_grad.data(), query_grad.data(), key_grad.data(), scratch);
    const auto objective = [&] {
      std::vector<float> bias(in.bias_floats());
      reference::RelativeScores(in.shape, in.places, in.head(), in.q.data(), in.k.data(), bias.data());
      double sum = 0;
      for (size_t i = 0; i < c.queries; ++i) {
        for (size_t j = 0; j < c.tokens; ++j) {
          const size_t at = i * BiasStride(c.tokens) + j;
          sum += static_cast<double>(bias[at]) * static_cast<double>(g[at]);
        }
      }
      return sum;
    };
    const auto check = [&](std::vector<float>& values, const GuardedFloats& grad, const char* name) {
      const size_t step = std::max<size_t>(1, values.size() / 11);
      for (size_t at = 0; at < values.size(); at += step) {
        const float before = values[at];
        values[at] = before + 0.5f;  // it is linear in each
        const double above = objective();
        values[at] = before - 0.5f;
        const double below = objective();
        values[at] = before;
        ASSERT_NEAR(grad[at] - 1.0f, above - below, 3e-4)
            << name << " " << c.tokens << " tokens, head of " << c.head_size << "; gradients are added to";
      }
    };
    check(in.q, q_grad, "q");
    check(in.k, k_grad, "k");
    check(in.query_t, query_grad, "query of positions");
    check(in.key_t, key_grad, "key of positions");
    EXPECT_TRUE(q_grad.intact() && k_grad.intact() && query_grad.intact() && key_grad.intact());
  }
}

}  // namespace
}  // namespace winnow
