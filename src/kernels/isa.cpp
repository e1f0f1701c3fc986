#include "kernels/isa.h"

#include <dnnl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <utility>

#include "base/environment.h"
#include "hwy/targets.h"

#if defined(__x86_64__)
#include <asm/prctl.h>
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace winnow {
namespace {

constexpr std::array<std::pair<Isa, std::string_view>, 6> kNames = {{{Isa::kPortable, "portable"},
                                                                     {Isa::kAvx2, "avx2"},
                                                                     {Isa::kAvx2Vnni, "avx2_vnni"},
                                                                     {Isa::kAvx512, "avx512"},
                                                                     {Isa::kAvx512Vnni, "avx512_vnni"},
                                                                     {Isa::kAmx, "amx"}}};

std::atomic<int> forced = -1;

#if defined(__x86_64__)

struct Features {
  bool avx2_vnni = false;    // leaf 7, sub-leaf 1, EAX bit 4
  bool avx512_vnni = false;  // leaf 7, sub-leaf 0, ECX bit 11
  bool amx_int8 = false;     // EDX bits 24 (tiles) and 25
};

Features ReadFeatures() {
  Features features;
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) == 0) return features;
  features.avx512_vnni = (ecx >> 11 & 1) != 0;
  features.amx_int8 = (edx >> 24 & 3) == 3;
  if (eax >= 1 && __get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx) != 0) features.avx2_vnni = (eax >> 4 & 1) != 0;
  return features;
}

const Features& CpuFeatures() {
  static const Features features = ReadFeatures();
  return features;
}

/// Asks the operating system to let this process use the tiles. Returns 0 or an error number.
int RequestTiles() {
  constexpr long kRequestPermission = 0x1023, kTileData = 18;  // Linux: Documentation/arch/x86/xstate.rst
  return ::syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0 ? 0 : errno;
}

/// Returns the targets of Highway that `isa` has, a bit each; better targets have lower bits.
int64_t TargetsUpTo(Isa isa) {
  int64_t targets = HWY_EMU128 | HWY_SCALAR | HWY_STATIC_TARGET;
  if (isa == Isa::kPortable) return HWY_STATIC_TARGET;
  if (isa >= Isa::kAvx2) targets |= HWY_AVX2;
  if (isa >= Isa::kAvx512) targets |= HWY_AVX3;
  return targets;
}

dnnl_cpu_isa_t OneDnnIsa(Isa isa) {
  switch (isa) {
    case Isa::kPortable:
      return dnnl_cpu_isa_sse41;  // the least that oneDNN can be told
    case Isa::kAvx2:
    case Isa::kAvx2Vnni:
      return dnnl_cpu_isa_avx2;
    case Isa::kAvx512:
      return dnnl_cpu_isa_avx512_core;
    case Isa::kAvx512Vnni:
      return dnnl_cpu_isa_avx512_core_bf16;  // the best below AMX
    case Isa::kAmx:
      return dnnl_cpu_isa_avx512_core_amx;
  }
  return dnnl_cpu_isa_all;
}

#endif

Isa BestIsa() {
  static const Isa best = SupportedIsas().back();
  return best;
}

}  // namespace

std::string_view NameOf(Isa isa) { return kNames[static_cast<size_t>(isa)].second; }

std::optional<Isa> IsaOfName(std::string_view name) {
  const auto found = std::ranges::find(kNames, name, &std::pair<Isa, std::string_view>::second);
  return found == kNames.end() ? std::nullopt : std::optional(found->first);
}

std::vector<Isa> SupportedIsas() {
  std::vector<Isa> isas = {Isa::kPortable};
#if defined(__x86_64__)
  // Highway asks CPUID, and XGETBV for the system's part in it.
  static const int64_t targets = hwy::SupportedTargets();
  const Features& features = CpuFeatures();
  if ((targets & HWY_AVX2) != 0) {
    isas.push_back(Isa::kAvx2);
    if (features.avx2_vnni) isas.push_back(Isa::kAvx2Vnni);
  }
  if ((targets & HWY_AVX3) != 0) {
    isas.push_back(Isa::kAvx512);
    if (features.avx512_vnni) isas.push_back(Isa::kAvx512Vnni);
    if (features.avx512_vnni && features.amx_int8 && RefusalOfTiles() == 0) isas.push_back(Isa::kAmx);
  }
#endif
  return isas;
}

int RefusalOfTiles() {
#if defined(__x86_64__)
  static const int refusal = CpuFeatures().amx_int8 ? RequestTiles() : 0;
  return refusal;
#else
  return 0;
#endif
}

Result<void> ForceIsa(Isa isa) {
  const std::vector<Isa> supported = SupportedIsas();
  if (std::ranges::find(supported, isa) == supported.end()) {
    std::vector<std::string_view> names;
    names.reserve(supported.size());
    for (const Isa each : supported) names.push_back(NameOf(each));
    return Fail(ErrorCode::kUnsupported, fmt::format("this CPU lacks '{}'", NameOf(isa)),
                fmt::format("it supports: {}", fmt::join(names, ", ")));
  }
  forced = static_cast<int>(isa);
#if defined(__x86_64__)
  hwy::SetSupportedTargetsForTest(TargetsUpTo(isa));
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  // Refused once a product has run: then oneDNN keeps what it took, which tests of our own kernels don't mind.
  dnnl_set_max_cpu_isa(OneDnnIsa(isa));
#endif
  return {};
}

Result<void> ChooseIsaFromEnvironment() {
  const std::optional<std::string> name = EnvironmentVariable("WINNOW_ISA");
  if (!name) return {};
  const std::optional<Isa> isa = IsaOfName(*name);
  if (!isa) {
    std::vector<std::string_view> names;
    names.reserve(kNames.size());
    for (const auto& [value, each] : kNames) names.push_back(each);
    return Fail(ErrorCode::kInvalidArgument, fmt::format("WINNOW_ISA: '{}' is not a known instruction set", *name),
                fmt::format("valid values: {}", fmt::join(names, ", ")));
  }
  return ForceIsa(*isa);
}

Result<void> ChooseIsaOnce() {
  static const Result<void> chosen = ChooseIsaFromEnvironment();
  return chosen;
}

Isa ActiveIsa() {
  const int isa = forced;
  return isa < 0 ? BestIsa() : static_cast<Isa>(isa);
}

}  // namespace winnow
