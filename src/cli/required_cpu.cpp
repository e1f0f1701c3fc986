#include "cli/required_cpu.h"

#include <unistd.h>

#include <cstring>

namespace winnow {

// Nothing here may use what is checked: the attribute takes the options of the command line back, and memory functions
// of the C library choose by the CPU themselves.
#if defined(__x86_64__)
namespace {

[[maybe_unused]] __attribute__((target("arch=x86-64"))) void Print(const char* text) {
  // The process ends in any case; there is nobody to tell that its last words could not be written.
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, text, strlen(text));
}

[[maybe_unused]] __attribute__((target("arch=x86-64"))) void RefuseWithout(bool supported, const char* name) {
  if (supported) return;
  Print("winnow: error: this program was compiled for CPUs with ");
  Print(name);
  Print(
      ", which this CPU lacks\n  compile it without -march or with -march=x86-64: kernels choose the best instructions at run time\n");
  _exit(1);
}

// g++ forgets the priority of a function that was declared before, so this one is not.
__attribute__((constructor(101), target("arch=x86-64"))) void CheckCpu() {
  __builtin_cpu_init();
#if defined(__SSE3__)
  RefuseWithout(__builtin_cpu_supports("sse3") != 0, "SSE3");
#endif
#if defined(__SSSE3__)
  RefuseWithout(__builtin_cpu_supports("ssse3") != 0, "SSSE3");
#endif
#if defined(__SSE4_1__)
  RefuseWithout(__builtin_cpu_supports("sse4.1") != 0, "SSE4.1");
#endif
#if defined(__SSE4_2__)
  RefuseWithout(__builtin_cpu_supports("sse4.2") != 0, "SSE4.2");
#endif
#if defined(__POPCNT__)
  RefuseWithout(__builtin_cpu_supports("popcnt") != 0, "POPCNT");
#endif
#if defined(__AVX__)
  RefuseWithout(__builtin_cpu_supports("avx") != 0, "AVX");
#endif
#if defined(__AVX2__)
  RefuseWithout(__builtin_cpu_supports("avx2") != 0, "AVX2");
#endif
#if defined(__FMA__)
  RefuseWithout(__builtin_cpu_supports("fma") != 0, "FMA");
#endif
#if defined(__BMI2__)
  RefuseWithout(__builtin_cpu_supports("bmi2") != 0, "BMI2");
#endif
#if defined(__AVX512F__)
  RefuseWithout(__builtin_cpu_supports("avx512f") != 0, "AVX-512");
#endif
#if defined(__AVX512VNNI__)
  RefuseWithout(__builtin_cpu_supports("avx512vnni") != 0, "AVX-512 VNNI");
#endif
}

}  // namespace

void RequireCpuOfBuild() { CheckCpu(); }
#else
void RequireCpuOfBuild() {}
#endif

}  // namespace winnow
