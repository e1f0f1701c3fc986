/// Memory for the code that oneDNN generates at run time. It does not check whether it gets that memory, and writes to
/// address 0 where it does not (oneDNN 2.7; Xbyak without exceptions). So it is asked beforehand whether there is
/// enough.
#pragma once

#include <cstddef>

namespace winnow {

/// What oneDNN needs to generate its kernels for f32, once, and for one shape of a product in bf16, measured: 17 MB and
/// 1.4 MB; and some more for other threads, which may take memory meanwhile.
inline constexpr size_t kF32CodeBytes = 24 << 20, kBf16CodeBytes = 4 << 20;

/// Throws std::bad_alloc if the process cannot map that many bytes more (RLIMIT_DATA, RLIMIT_AS, overcommitment).
void RequireMemory(size_t bytes);

}  // namespace winnow
