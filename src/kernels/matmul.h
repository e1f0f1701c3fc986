/// Matrix products, row-major, on the calling thread (oneDNN's; it picks the instruction set at run time). Names follow
/// BLAS: the two letters say whether the left and the right factor are transposed.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace winnow {

/// The precision that factors are rounded to; sums and results are always float32.
enum class Precision { kF32, kBf16 };
/// Returns the name of the precision: "f32", "bf16".
const char* NameOf(Precision precision);

/// Returns true if this CPU has products of that precision; using them otherwise ends the program.
bool IsSupported(Precision precision);

/// Has oneDNN generate its kernels for f32 now, which the first product does otherwise. It does so inside pthread_once,
/// through which no exception can pass: a process that is short of memory at that moment would be ended. Throws
/// std::bad_alloc if there is no memory for them.
void PrepareProducts();

/// Time and work spent in matrix products.
struct MatMulUse {
  double seconds = 0;     ///< time added up over all threads
  double operations = 0;  ///< number of multiplications and additions
};

/// Counts the products that it is passed to. Thread-safe.
class MatMulMeter {
 public:
  /// Adds a product of `operations` multiplications and additions.
  void Add(std::chrono::nanoseconds time, size_t operations) {
    nanoseconds_ += time.count();
    operations_ += static_cast<int64_t>(operations);
  }
  /// Returns what was counted since the last call, and resets the counters.
  MatMulUse Take() {
    return {static_cast<double>(nanoseconds_.exchange(0)) * 1e-9, static_cast<double>(operations_.exchange(0))};
  }

 private:
  std::atomic<int64_t> nanoseconds_ = 0;
  std::atomic<int64_t> operations_ = 0;
};

/// Options of matrix products: the precision and the meter. A precision alone converts to it.
struct MatMulOptions {
  MatMulOptions(Precision of_factors = Precision::kF32, MatMulMeter* counted_by = nullptr)
      : precision(of_factors), meter(counted_by) {}

  Precision precision;
  MatMulMeter* meter;  ///< meter that counts the products, and must outlive them; null: none
};

/// Computes c[m,n] = a[m,k] * b[n,k]^T + beta * c: the forward pass of a linear layer, tokens times a weight stored
/// [out, in]. ld* are row strides in floats; beta is 0 or 1. Thread-safe.
void MatMulNT(size_t m, size_t n, size_t k, const float* a, size_t lda, const float* b, size_t ldb, float beta,
              float* c, size_t ldc, const MatMulOptions& options = {});

/// Computes c[m,n] = a[m,k] * b[k,n] + beta * c: the backward pass of a linear layer to its input.
void MatMulNN(size_t m, size_t n, size_t k, const float* a, size_t lda, const float* b, size_t ldb, float beta,
              float* c, size_t ldc, const MatMulOptions& options = {});

/// Computes c[m,n] = a[k,m]^T * b[k,n] + beta * c: the backward pass of a linear layer to its weight.
void MatMulTN(size_t m, size_t n, size_t k, const float* a, size_t lda, const float* b, size_t ldb, float beta,
              float* c, size_t ldc, const MatMulOptions& options = {});

/// Returns the multiplications and additions per second of a product like those of training, on the calling thread,
/// measured over that number of seconds of its CPU time, so that other work of the machine hardly matters.
double MeasureMatMul(Precision precision, double seconds);

}  // namespace winnow
