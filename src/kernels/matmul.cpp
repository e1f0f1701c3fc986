#include "kernels/matmul.h"

#include <dnnl.h>
#include <omp.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <vector>

#include "kernels/bf16_matmul.h"
#include "kernels/code_memory.h"

namespace winnow {
namespace {

using Clock = std::chrono::steady_clock;

/// Debian's oneDNN runs on OpenMP. Our threads each compute a part of their own, so each keeps its products to itself.
void UseOneThread() {
  static thread_local const bool done = (omp_set_num_threads(1), true);
  (void)done;
}

void Sgemm(char ta, char tb, size_t m, size_t n, size_t k, const float* a, size_t lda, const float* b, size_t ldb,
           float beta, float* c, size_t ldc) {
  const auto dim = [](size_t x) { return static_cast<dnnl_dim_t>(x); };
  const dnnl_status_t status =
      dnnl_sgemm(ta, tb, dim(m), dim(n), dim(k), 1.0f, a, dim(lda), b, dim(ldb), beta, c, dim(ldc));
  if (status == dnnl_out_of_memory) throw std::bad_alloc();  // for its packing buffers
  if (status != dnnl_success) {                              // wrong strides: a defect, not an input
    std::fprintf(stderr, "oneDNN sgemm failed (%d) for %c%c %zu x %zu x %zu\n", static_cast<int>(status), ta, tb, m, n,
                 k);
    std::abort();
  }
}

/// Has oneDNN generate its kernels for f32, if there is memory for them.
bool GenerateKernels() {
  RequireMemory(kF32CodeBytes);
  UseOneThread();
  // Of the sizes for which it has kernels of their own: wide ones, and those with fewer than 16 columns.
  constexpr std::array<std::array<size_t, 3>, 2> kSizes = {{{32, 32, 32}, {7, 9, 64}}};
  for (const auto& [m, n, k] : kSizes) {
    const std::vector<float> a(m * k, 1.0f), b(k * n, 1.0f);
    std::vector<float> c(m * n);
    for (const float beta : {0.0f, 1.0f}) {
      Sgemm('N', 'N', m, n, k, a.data(), k, b.data(), n, beta, c.data(), n);
      Sgemm('N', 'T', m, n, k, a.data(), k, b.data(), k, beta, c.data(), n);
      Sgemm('T', 'N', m, n, k, a.data(), m, b.data(), n, beta, c.data(), n);
    }
  }
  return true;
}

/// Computes c = op(a) op(b) + beta c in the precision of the options, where op is the transposition or nothing.
void Multiply(bool ta, bool tb, size_t m, size_t n, size_t k, const float* a, size_t lda, const float* b, size_t ldb,
              float beta, float* c, size_t ldc, const MatMulOptions& options) {
  if (m == 0 || n == 0) return;
  UseOneThread();
  const auto begin = options.meter == nullptr ? Clock::time_point() : Clock::now();
  if (options.precision == Precision::kBf16) {
    Bf16MatMul(ta, tb, m, n, k, a, lda, b, ldb, beta, c, ldc);
  } else {
    PrepareProducts();
    Sgemm(ta ? 'T' : 'N', tb ? 'T' : 'N', m, n, k, a, lda, b, ldb, beta, c, ldc);
  }
  if (options.meter != nullptr) options.meter->Add(Clock::now() - begin, 2 * m * n * k);
}

/// The CPU time of the calling thread, in seconds.
double ThreadSeconds() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

}  // namespace

bool IsSupported(Precision precision) {
  static const bool has_bf16 = HasBf16MatMul();
  return precision == Precision::kF32 || has_bf16;
}

void PrepareProducts() {
  static const bool done = GenerateKernels();
  (void)done;
}

const char* NameOf(Precision precision) { return precision == Precision::kBf16 ? "bf16" : "f32"; }

void MatMulNT(size_t m, size_t n, size_t k, const float* a, size_t lda, const float* b, size_t ldb, float beta,
              float* c, size_t ldc, const MatMulOptions& options) {
  Multiply(/*ta=*/false, /*tb=*/true, m, n, k, a, lda, b, ldb, beta, c, ldc, options);
}

void MatMulNN(size_t m, size_t n, size_t k, const float* a, size_t lda, const float* b, size_t ldb, float beta,
              float* c, size_t ldc, const MatMulOptions& options) {
  Multiply(/*ta=*/false, /*tb=*/false, m, n, k, a, lda, b, ldb, beta, c, ldc, options);
}

void MatMulTN(size_t m, size_t n, size_t k, const float* a, size_t lda, const float* b, size_t ldb, float beta,
              float* c, size_t ldc, const MatMulOptions& options) {
  Multiply(/*ta=*/true, /*tb=*/false, m, n, k, a, lda, b, ldb, beta, c, ldc, options);
}

double MeasureMatMul(Precision precision, double seconds) {
  constexpr size_t m = 384, n = 1536, k = 384;  // MiniLM's widest product, of a batch's half
  const std::vector<float> a(m * k, 0.5f), b(n * k, 0.25f);
  std::vector<float> c(m * n);
  const auto run = [&] { MatMulNT(m, n, k, a.data(), k, b.data(), k, 0.0f, c.data(), n, precision); };
  run();  // the first makes plans
  double best = 1e9;
  const double end = ThreadSeconds() + seconds;
  for (double begin = ThreadSeconds(), now = begin; now < end; begin = now) {
    run();
    now = ThreadSeconds();
    best = std::min(best, std::max(now - begin, 1e-9));
  }
  return 2.0 * m * n * k / best;
}

}  // namespace winnow
