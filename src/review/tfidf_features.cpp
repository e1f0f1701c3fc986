#include <algorithm>
#include <cmath>

#include "base/random.h"
#include "classify/embedding.h"
#include "linear/features.h"
#include "review/text_features.h"

namespace winnow {
namespace {

/// A matrix by columns, each of `rows` values.
struct Columns {
  size_t rows = 0, count = 0;
  std::vector<float> values;
  std::span<float> column(size_t index) { return std::span(values).subspan(index * rows, rows); }
};

/// Orthonormalizes columns, in place, by the modified Gram-Schmidt process, twice for the digits that one pass loses.
void Orthonormalize(Columns& columns, ThreadPool& pool) {
  for (size_t c = 0; c < columns.count; ++c) {
    Normalize(columns.column(c));
    // The later columns lose their part along this one.
    pool.ForRanges(columns.count - c - 1, 1, [&](size_t begin, size_t end, int) {
      const std::span<const float> from = columns.column(c);
      for (size_t i = begin; i < end; ++i) {
        const std::span<float> to = columns.column(c + 1 + i);
        for (int pass = 0; pass < 2; ++pass) {
          float dot = 0;
          for (size_t j = 0; j < columns.rows; ++j) dot += from[j] * to[j];
          for (size_t j = 0; j < columns.rows; ++j) to[j] -= dot * from[j];
        }
      }
    });
  }
}

/// out = X in, by columns.
void Multiply(const SparseRows& x, Columns& in, Columns& out, ThreadPool& pool) {
  pool.ForRanges(in.count, 1, [&](size_t begin, size_t end, int) {
    for (size_t c = begin; c < end; ++c) {
      const std::span<float> from = in.column(c), to = out.column(c);
      for (size_t row = 0; row < x.rows(); ++row) {
        float sum = 0;
        for (size_t e = x.begins[row]; e < x.begins[row + 1]; ++e) {
          sum += x.values[e] * from[static_cast<size_t>(x.columns[e])];
        }
        to[row] = sum;
      }
    }
  });
}

/// out = X' in, by columns.
void MultiplyTransposed(const SparseRows& x, Columns& in, Columns& out, ThreadPool& pool) {
  pool.ForRanges(in.count, 1, [&](size_t begin, size_t end, int) {
    for (size_t c = begin; c < end; ++c) {
      const std::span<float> from = in.column(c), to = out.column(c);
      std::ranges::fill(to, 0.0f);
      for (size_t row = 0; row < x.rows(); ++row) {
        for (size_t e = x.begins[row]; e < x.begins[row + 1]; ++e) {
          to[static_cast<size_t>(x.columns[e])] += x.values[e] * from[row];
        }
      }
    }
  });
}

}  // namespace

Result<TextFeatures> TfidfFeatures(std::span<const std::string_view> texts, size_t columns, int threads,
                                   const FeatureProgress& progress) {
  ThreadPool pool(threads);
  const FeatureOptions options{.analyzer = Analyzer::kBoth,
                               .min_ngram = 1,
                               .max_ngram = 2,
                               .min_char_ngram = 2,
                               .max_char_ngram = 4,
                               .max_features = 20000,
                               .sublinear = true};
  const FittedFeatures fitted = TRY(Vectorizer::Fit(texts, options, pool));
  const SparseRows& x = fitted.rows;
  const size_t n = x.rows(), m = x.num_columns, k = std::min({columns, n, m});
  // The range of X' that random directions lead to, refined by two power iterations.
  Columns right{m, k, std::vector<float>(m * k)}, left{n, k, std::vector<float>(n * k)};
  Random random(42, "latent semantic analysis");
  for (float& value : left.values) value = static_cast<float>(random.Normal());
  constexpr int kRounds = 3;
  for (int round = 0; round < kRounds; ++round) {
    MultiplyTransposed(x, left, right, pool);
    Orthonormalize(right, pool);
    Multiply(x, right, left, pool);
    if (round + 1 < kRounds) Orthonormalize(left, pool);
    if (progress && !progress(texts.size() * static_cast<size_t>(round + 1) / kRounds)) {
      return Fail(ErrorCode::kCancelled, "stopped");
    }
  }
  TextFeatures features{.columns = k, .values = std::vector<float>(n * k)};
  for (size_t row = 0; row < n; ++row) {
    for (size_t c = 0; c < k; ++c) features.values[row * k + c] = left.values[c * n + row];
    Normalize(std::span(features.values).subspan(row * k, k));
  }
  return features;
}

}  // namespace winnow
