// The three functions of Highway's library that its headers call: which instruction sets this CPU has, and which of
// them calls go to. They are defined here because the library, of which Winnow needs nothing else, measures the
// resolution of its timer whenever it is loaded: 3 to 5 ms, a sixth of the time of `winnow --version`. Builds with
// assertions still link to it (hwy::Abort).
#include <atomic>
#include <cstdint>

#include "hwy/targets.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace hwy {
namespace {

std::atomic<int64_t> targets_for_test = 0;

#if defined(__x86_64__)

/// Returns whether the CPU has what Highway's AVX2 code is compiled for besides what __builtin_cpu_supports of all our
/// compilers knows: F16C (leaf 1, ECX bit 29) and LZCNT (leaf 0x80000001, ECX bit 5).
bool HasF16cAndLzcnt() {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  if (__get_cpuid(1, &eax, &ebx, &ecx, &edx) == 0 || (ecx >> 29 & 1) == 0) return false;
  return __get_cpuid(0x80000001, &eax, &ebx, &ecx, &edx) != 0 && (ecx >> 5 & 1) != 0;
}

/// What hwy/targets.cc asks for; the compiler's functions ask the system for its part in it, too (XGETBV).
int64_t TargetsOfCpu() {
  int64_t targets = HWY_STATIC_TARGET;
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi") &&
                    __builtin_cpu_supports("bmi2") && HasF16cAndLzcnt();
  if (!avx2) return targets;
  targets |= HWY_AVX2;
  const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512cd");
  return avx512 ? targets | HWY_AVX3 : targets;
}

#else

/// NEON, which all CPUs have; kernels are compiled for nothing better (CMakeLists.txt).
int64_t TargetsOfCpu() { return HWY_STATIC_TARGET; }

#endif

}  // namespace

int64_t SupportedTargets() {
  static const int64_t of_cpu = TargetsOfCpu();
  const int64_t for_test = targets_for_test;
  return for_test != 0 ? for_test : of_cpu;
}

void SetSupportedTargetsForTest(int64_t targets) {
  targets_for_test = targets;
  GetChosenTarget().DeInit();  // the next call chooses anew
}

ChosenTarget& GetChosenTarget() {
  static ChosenTarget chosen;
  return chosen;
}

}  // namespace hwy
