/// MatMulNT, MatMulNN and MatMulTN (kernels/matmul.h) with factors rounded to bf16 and sums in float32, by oneDNN's
/// matmul primitive: several times faster where the CPU has AMX. For kernels/matmul.cpp alone.
#pragma once

#include <cstddef>

namespace winnow {

/// c[m,n] = op(a) op(b) + beta * c; beta is 0 or 1. Thread-safe; a thread keeps its plans and its rounded copies.
void Bf16MatMul(bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k, const float* a, size_t lda,
                const float* b, size_t ldb, float beta, float* c, size_t ldc);

/// Whether oneDNN has such products for this CPU, as the ISA in use (kernels/isa.h) lets it.
bool HasBf16MatMul();

}  // namespace winnow
