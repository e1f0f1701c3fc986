#include "kernels/attention.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "kernels/reference/attention.h"
#include "support/numbers.h"

namespace winnow {
namespace {

struct Case {
  size_t tokens, queries, head_size;
  bool dropout;
  bool bias = false;
};

std::vector<Case> Cases() {
  std::vector<Case> cases;
  for (size_t tokens = 1; tokens <= 40; ++tokens) {
    const size_t heads[] = {1, 3, 12, 26, 32, 64};
    cases.push_back({tokens, tokens, heads[tokens % 6], tokens % 2 == 0});
    cases.push_back({tokens, 1, heads[(tokens + 3) % 6], tokens % 3 == 0});
    cases.push_back({tokens, tokens, heads[(tokens + 2) % 6], tokens % 3 == 0, true});
  }
  cases.push_back({200, 200, 32, true});
  cases.push_back({200, 200, 26, false});
  cases.push_back({7, 5, 32, true});
  return cases;
}

/// q, k and v of one head as they lie in a packed matrix, with gaps between the rows.
struct Inputs {
  explicit Inputs(const Case& c)
      : shape{.queries = c.queries,
              .tokens = c.tokens,
              .head_size = c.head_size,
              .q_stride = c.head_size + 5,
              .kv_stride = c.head_size + 3,
              .out_stride = c.head_size + 1,
              .first_row = 1000},
        dropout(c.dropout ? Dropout{.key = 5, .probability = 0.25f} : Dropout{}),
        q(RandomFloats(c.queries * shape.q_stride, 1)),
        k(RandomFloats(c.tokens * shape.kv_stride, 2)),
        v(RandomFloats(c.tokens * shape.kv_stride, 3)),
        bias(c.bias ? RandomFloats(c.queries * BiasStride(c.tokens), 6) : std::vector<float>()) {
    if (!c.bias) return;
    shape.bias = bias.data();
    shape.scale = 0.3f;
  }
  AttentionInput Input() const { return {q.data(), k.data(), v.data()}; }

  AttentionShape shape;
  Dropout dropout;
  std::vector<float> q, k, v, bias;
};

// Products of 64 and sums of 200 terms of size 1 in float.
constexpr double kBound = 2e-5;

TEST(Attention, ForwardEqualsTheReference) {
  AttentionScratch scratch;
  for (const Case& c : Cases()) {
    Inputs in(c);
    GuardedFloats out(c.queries * in.shape.out_stride, 9.0f), log_sum(c.queries);
    std::vector<float> expected(c.queries * in.shape.out_stride, 9.0f), without(expected);
    Attention(in.shape, in.Input(), in.dropout, out.data(), log_sum.data(), scratch);
    Attention(in.shape, in.Input(), in.dropout, without.data(), nullptr, scratch);
    reference::Attention(in.shape, in.Input(), in.dropout, expected.data());
    for (size_t i = 0; i < expected.size(); ++i) {
      ASSERT_NEAR(out[i], expected[i], kBound) << c.tokens << " tokens, head of " << c.head_size;
      ASSERT_EQ(out[i], without[i]);
    }
    EXPECT_TRUE(out.intact() && log_sum.intact());
  }
}

TEST(Attention, LargeAndEqualScoresStayFinite) {
  AttentionScratch scratch;
  for (const float size : {0.0f, 100.0f}) {
    const Case c{9, 9, 16, false};
    Inputs in(c);
    for (float& x : in.q) x *= size;
    for (float& x : in.k) x *= size;
    std::vector<float> out(c.queries * in.shape.out_stride), expected(out);
    Attention(in.shape, in.Input(), {}, out.data(), nullptr, scratch);
    for (size_t i = 0; i < c.queries; ++i) {
      for (size_t x = 0; x < c.head_size; ++x) {
        const float value = out[i * in.shape.out_stride + x];
        ASSERT_TRUE(std::isfinite(value));
        if (size > 0) continue;
        double mean = 0;  // equal scores: the mean of the values
        for (size_t j = 0; j < c.tokens; ++j) mean += static_cast<double>(in.v[j * in.shape.kv_stride + x]) / 9;
        ASSERT_NEAR(value, mean, 1e-6);
      }
    }
  }
}

TEST(Attention, BackwardEqualsFiniteDifferencesOfTheReference) {
  AttentionScratch scratch;
  for (const Case& c : Cases()) {
    if (c.tokens > 40) continue;  // the reference is slow; the kernel has no other path there
    Inputs in(c);
    const auto g = RandomFloats(c.queries * in.shape.out_stride, 4);
    std::vector<float> out(g.size()), log_sum(c.queries);
    Attention(in.shape, in.Input(), in.dropout, out.data(), log_sum.data(), scratch);
    GuardedFloats q_grad(in.q.size(), 7.0f), k_grad(in.k.size(), 7.0f), v_grad(in.v.size(), 7.0f);
    GuardedFloats bias_grad(in.bias.size(), 7.0f);
    AttentionBackward(in.shape, in.Input(), in.dropout, log_sum.data(), g.data(),
                      {q_grad.data(), k_grad.data(), v_grad.data(), c.bias ? bias_grad.data() : nullptr}, scratch);
    const auto objective = [&] {
      std::vector<float> y(g.size(), 0.0f);
      reference::Attention(in.shape, in.Input(), in.dropout, y.data());
      double sum = 0;
      for (size_t i = 0; i < c.queries; ++i) {
        for (size_t x = 0; x < c.head_size; ++x) {
          const size_t at = i * in.shape.out_stride + x;
          sum += static_cast<double>(y[at]) * static_cast<double>(g[at]);
        }
      }
      return sum;
    };
    const auto check = [&](std::vector<float>& values, const GuardedFloats& grad, size_t stride, size_t row,
                           const char* name) {
      const size_t step = std::max<size_t>(1, values.size() / 11);
      for (size_t at = 0; at < values.size(); at += step) {
        if (at % stride >= row) {
          ASSERT_EQ(grad[at], 7.0f) << "gaps between rows are not written";
          continue;
        }
        const float before = values[at];
        values[at] = before + 1e-2f;
        const double above = objective();
        values[at] = before - 1e-2f;
        const double below = objective();
        values[at] = before;
        // The reference rounds its output to float: 1e-7 of sums of some hundred terms, over 2e-2; and the step's
        // curvature.
        ASSERT_NEAR(grad[at], (above - below) / 2e-2, 3e-3)
            << name << " " << c.tokens << " tokens, head of " << c.head_size;
      }
    };
    check(in.q, q_grad, in.shape.q_stride, c.head_size, "q");
    check(in.k, k_grad, in.shape.kv_stride, c.head_size, "k");
    check(in.v, v_grad, in.shape.kv_stride, c.head_size, "v");
    if (c.bias) check(in.bias, bias_grad, BiasStride(c.tokens), c.tokens, "bias");
    EXPECT_TRUE(q_grad.intact() && k_grad.intact() && v_grad.intact() && bias_grad.intact());
  }
}

}  // namespace
}  // namespace winnow
