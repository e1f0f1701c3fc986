/// The one instruction set of the module.
#pragma once

namespace winnow {

enum class Isa { kPortable, kAvx2, kAvx2Vnni, kAvx512, kAvx512Vnni, kAmx };

constexpr Isa ActiveIsa() { return Isa::kPortable; }

}  // namespace winnow
