/// Selection of the instruction set of the kernels: the best one of the CPU, or the one that WINNOW_ISA names.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace winnow {

/// Instruction sets, in ascending order. Integer products give equal numbers on all of them; floats differ in the last
/// bits.
enum class Isa {
  kPortable,    ///< any CPU: vectors of plain C++ on x86-64, NEON on AArch64
  kAvx2,        ///< AVX2 and the other extensions of x86-64-v3
  kAvx2Vnni,    ///< AVX2 and the INT8 dot products of CPUs without AVX-512
  kAvx512,      ///< AVX-512 F, BW, DQ, VL
  kAvx512Vnni,  ///< AVX-512 and its INT8 dot products
  kAmx,         ///< AVX-512 VNNI and tiles of INT8 and bf16
};

/// Returns the name of an instruction set in WINNOW_ISA and in reports: "portable", "avx2", "avx2_vnni", "avx512",
/// "avx512_vnni", "amx".
std::string_view NameOf(Isa isa);
std::optional<Isa> IsaOfName(std::string_view name);

/// Returns the instruction sets that this CPU and operating system support, in ascending order.
std::vector<Isa> SupportedIsas();

/// Returns the error number (errno) with which the operating system refused this process the use of AMX; 0 if it gave
/// its permission, or if this CPU has no AMX.
int RefusalOfTiles();

/// Selects the instruction set in WINNOW_ISA, if set, for all kernels of the process and of oneDNN. To be called once,
/// before the first kernel runs and by one thread. Errors: kInvalidArgument for an unknown name, kUnsupported for one
/// that this CPU does not have.
Result<void> ChooseIsaFromEnvironment();

/// ChooseIsaFromEnvironment by the first call of the process, for libraries, whose functions do not know which of them
/// is the first to run a kernel. Every call returns the result of the first. Thread-safe.
Result<void> ChooseIsaOnce();

/// Selects an instruction set by name, for tests and benchmarks; kernels that ran before may have settled on another
/// one inside oneDNN.
Result<void> ForceIsa(Isa isa);

/// Returns the instruction set that kernels use now.
Isa ActiveIsa();

}  // namespace winnow
