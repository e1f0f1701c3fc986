/// MatMulNT, MatMulNN and MatMulTN (kernels/matmul.h) with factors rounded to bf16 and sums in float32, by oneDNN's
/// matmul primitive: several times faster if the CPU has AMX. Only for kernels/matmul.cpp.
#pragma once

#include <cstddef>

namespace winnow {

/// Computes c[m,n] = op(a) op(b) + beta * c; beta is 0 or 1. Thread-safe; each thread keeps its plans and its rounded
/// copies.
void Bf16MatMul(bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k, const float* a, size_t lda,
                const float* b, size_t ldb, float beta, float* c, size_t ldc);

/// Returns true if oneDNN has such products for this CPU, within the instruction set in use (kernels/isa.h).
bool HasBf16MatMul();

}  // namespace winnow
