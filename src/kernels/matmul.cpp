#include "kernels/matmul.h"

#include <dnnl.h>
#include <omp.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "kernels/bf16_matmul.h"

namespace winnow {
namespace {

/// Debian's oneDNN runs on OpenMP. Our threads each compute a part of their own, so each keeps its products to itself.
void UseOneThread() {
  static thread_local const bool done = (omp_set_num_threads(1), true);
  (void)done;
}

std::atomic<bool> metered = false;
std::atomic<int64_t> nanoseconds = 0;
std::atomic<int64_t> operations = 0;

/// Adds a product to the count, if it is on.
class Meter {
 public:
  Meter(size_t m, size_t n, size_t k) : on_(metered.load(std::memory_order_relaxed)), operations_(2 * m * n * k) {
    if (on_) begin_ = std::chrono::steady_clock::now();
  }
  Meter(const Meter&) = delete;
  Meter& operator=(const Meter&) = delete;
  ~Meter() {
    if (!on_) return;
    nanoseconds += std::chrono::nanoseconds(std::chrono::steady_clock::now() - begin_).count();
    operations += static_cast<int64_t>(operations_);
  }

 private:
  const bool on_;
  const size_t operations_;
  std::chrono::steady_clock::time_point begin_;
};

void Sgemm(char ta, char tb, size_t m, size_t n, size_t k, const float* a, size_t lda, const float* b, size_t ldb,
           float beta, float* c, size_t ldc) {
  const auto dim = [](size_t x) { return static_cast<dnnl_dim_t>(x); };
  const dnnl_status_t status =
      dnnl_sgemm(ta, tb, dim(m), dim(n), dim(k), 1.0f, a, dim(lda), b, dim(ldb), beta, c, dim(ldc));
  if (status != dnnl_success) {  // only wrong strides or no memory for its packing buffers: a defect, not an input
    std::fprintf(stderr, "oneDNN sgemm failed (%d) for %c%c %zu x %zu x %zu\n", static_cast<int>(status), ta, tb, m, n,
                 k);
    std::abort();
  }
}

/// op(a) op(b) in whichever numbers.
void Multiply(bool ta, bool tb, size_t m, size_t n, size_t k, const float* a, size_t lda, const float* b, size_t ldb,
              float beta, float* c, size_t ldc, Precision precision) {
  if (m == 0 || n == 0) return;
  UseOneThread();
  const Meter meter(m, n, k);
  if (precision == Precision::kBf16) {
    Bf16MatMul(ta, tb, m, n, k, a, lda, b, ldb, beta, c, ldc);
  } else {
    Sgemm(ta ? 'T' : 'N', tb ? 'T' : 'N', m, n, k, a, lda, b, ldb, beta, c, ldc);
  }
}

}  // namespace

bool IsSupported(Precision precision) {
  static const bool has_bf16 = HasBf16MatMul();
  return precision == Precision::kF32 || has_bf16;
}

const char* NameOf(Precision precision) { return precision == Precision::kBf16 ? "bf16" : "f32"; }

void MatMulNT(size_t m, size_t n, size_t k, const float* a, size_t lda, const float* b, size_t ldb, float beta,
              float* c, size_t ldc, Precision precision) {
  Multiply(false, true, m, n, k, a, lda, b, ldb, beta, c, ldc, precision);
}

void MatMulNN(size_t m, size_t n, size_t k, const float* a, size_t lda, const float* b, size_t ldb, float beta,
              float* c, size_t ldc, Precision precision) {
  Multiply(false, false, m, n, k, a, lda, b, ldb, beta, c, ldc, precision);
}

void MatMulTN(size_t m, size_t n, size_t k, const float* a, size_t lda, const float* b, size_t ldb, float beta,
              float* c, size_t ldc, Precision precision) {
  Multiply(true, false, m, n, k, a, lda, b, ldb, beta, c, ldc, precision);
}

double MeasureMatMul(Precision precision, double seconds) {
  constexpr size_t m = 384, n = 1536, k = 384;  // MiniLM's widest product, of a batch's half
  const std::vector<float> a(m * k, 0.5f), b(n * k, 0.25f);
  std::vector<float> c(m * n);
  using Clock = std::chrono::steady_clock;
  const auto run = [&] { MatMulNT(m, n, k, a.data(), k, b.data(), k, 0.0f, c.data(), n, precision); };
  run();  // the first makes plans
  double best = 1e9;
  const Clock::time_point end =
      Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  do {
    const Clock::time_point begin = Clock::now();
    run();
    best = std::min(best, std::chrono::duration<double>(Clock::now() - begin).count());
  } while (Clock::now() < end);
  return 2.0 * m * n * k / best;
}

void MeterMatMul(bool on) { metered = on; }

MatMulUse TakeMatMulUse() {
  return {static_cast<double>(nanoseconds.exchange(0)) * 1e-9, static_cast<double>(operations.exchange(0))};
}

namespace reference {
void MatMul(bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k, const float* a, size_t lda,
            const float* b, size_t ldb, float beta, float* c, size_t ldc) {
  for (size_t i = 0; i < m; ++i) {
    for (size_t j = 0; j < n; ++j) {
      double sum = 0;
      for (size_t l = 0; l < k; ++l) {
        const float x = transpose_a ? a[l * lda + i] : a[i * lda + l];
        const float y = transpose_b ? b[j * ldb + l] : b[l * ldb + j];
        sum += static_cast<double>(x) * static_cast<double>(y);
      }
      c[i * ldc + j] = static_cast<float>(sum + (beta == 0 ? 0.0 : static_cast<double>(beta * c[i * ldc + j])));
    }
  }
}
}  // namespace reference

const char* MatMulLibraryVersion() {
  static char text[32];
  const dnnl_version_t* version = dnnl_version();
  std::snprintf(text, sizeof text, "%d.%d.%d", version->major, version->minor, version->patch);
  return text;
}

}  // namespace winnow
