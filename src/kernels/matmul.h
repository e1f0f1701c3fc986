/// Matrix products, row-major, on the calling thread (oneDNN's; it picks the instruction set at run time). Names follow
/// BLAS: the two letters say whether the left and the right factor are transposed.
#pragma once

#include <cstddef>

namespace winnow {

/// What factors are rounded to; sums and results are float32 always.
enum class Precision { kF32, kBf16 };
/// "f32"
const char* NameOf(Precision precision);

/// Whether this CPU has such products; without, asking for them ends the program.
bool IsSupported(Precision precision);

/// c[m,n] = a[m,k] * b[n,k]^T + beta * c. A linear layer's forward: tokens times a weight stored [out, in].
/// ld* are row strides in floats; beta is 0 or 1. Thread-safe.
void MatMulNT(size_t m, size_t n, size_t k, const float* a, size_t lda, const float* b, size_t ldb, float beta,
              float* c, size_t ldc, Precision precision = Precision::kF32);

/// c[m,n] = a[m,k] * b[k,n] + beta * c. Its backward to the input.
void MatMulNN(size_t m, size_t n, size_t k, const float* a, size_t lda, const float* b, size_t ldb, float beta,
              float* c, size_t ldc, Precision precision = Precision::kF32);

/// c[m,n] = a[k,m]^T * b[k,n] + beta * c. Its backward to the weight.
void MatMulTN(size_t m, size_t n, size_t k, const float* a, size_t lda, const float* b, size_t ldb, float beta,
              float* c, size_t ldc, Precision precision = Precision::kF32);

/// What all products of the process took since the last call, over all threads; counted only while MeterMatMul(true).
struct MatMulUse {
  double seconds = 0;     ///< of threads, added up
  double operations = 0;  ///< multiplications and additions
};
/// Multiplications and additions per second of a product like those of training, on the calling thread, measured over
/// so many seconds.
double MeasureMatMul(Precision precision, double seconds);

void MeterMatMul(bool on);
MatMulUse TakeMatMulUse();

namespace reference {
void MatMul(bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k, const float* a, size_t lda,
            const float* b, size_t ldb, float beta, float* c, size_t ldc);
}  // namespace reference

/// The version of oneDNN that runs, for benchmark headers: "2.6.3".
const char* MatMulLibraryVersion();

}  // namespace winnow
