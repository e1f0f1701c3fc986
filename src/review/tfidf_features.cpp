#include <algorithm>
#include <cmath>

#include "base/random.h"
#include "classify/embedding.h"
#include "kernels/matmul.h"
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

/// Takes from each of `count` columns its part along those before it, in place, all of which are orthonormal.
void TakeFrom(Columns& columns, size_t begin, size_t count, std::vector<float>& parts) {
  if (begin == 0) return;
  const size_t rows = columns.rows;
  float* const block = columns.column(begin).data();
  MatMulNT(count, begin, rows, block, rows, columns.values.data(), rows, 0, parts.data(), begin);
  for (float& part : std::span(parts).first(count * begin)) part = -part;
  MatMulNN(count, rows, begin, parts.data(), begin, columns.values.data(), rows, 1, block, rows);
}

/// Orthonormalizes columns, in place: the Gram-Schmidt process by blocks, each twice for the digits that one pass loses
/// (Barlow and Smoktunowicz, Reorthogonalized block classical Gram-Schmidt, 2013).
void Orthonormalize(Columns& columns) {
  constexpr size_t kBlock = 16;
  std::vector<float> parts(kBlock * columns.count);
  for (size_t begin = 0; begin < columns.count; begin += kBlock) {
    const size_t end = std::min(begin + kBlock, columns.count);
    for (int pass = 0; pass < 2; ++pass) {
      TakeFrom(columns, begin, end - begin, parts);
      for (size_t c = begin; c < end; ++c) {
        const std::span<float> from = columns.column(c);
        Normalize(from);
        for (size_t i = c + 1; i < end; ++i) {  // the later ones lose their part along this one
          float dot = 0;
          MatMulNT(1, 1, columns.rows, from.data(), columns.rows, columns.column(i).data(), columns.rows, 0, &dot, 1);
          const std::span<float> to = columns.column(i);
          for (size_t j = 0; j < columns.rows; ++j) to[j] -= dot * from[j];
        }
      }
    }
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
    Orthonormalize(right);
    Multiply(x, right, left, pool);
    if (round + 1 < kRounds) Orthonormalize(left);
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
