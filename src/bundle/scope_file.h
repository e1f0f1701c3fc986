/// Name of the file in which a bundle stores its rule for out-of-scope detection (classify/scope_rule.h).
#pragma once

namespace winnow {

inline constexpr char kScopeFile[] = "out_of_scope.safetensors";

}  // namespace winnow
