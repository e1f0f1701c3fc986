/// What somebody may do. Each role includes those before it.
#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace winnow {

enum class Role {
  kPublic,    ///< anybody: whether the server is well
  kClassify,  ///< ask models
  kFeedback,  ///< tell them what was right
  kAdmin,     ///< change what the server does
};

inline constexpr std::array<std::string_view, 4> kRoleNames = {"public", "classify", "feedback", "admin"};

constexpr std::string_view RoleName(Role role) { return kRoleNames[static_cast<size_t>(role)]; }

constexpr std::optional<Role> ParseRole(std::string_view name) {
  for (size_t i = 0; i < kRoleNames.size(); ++i) {
    if (kRoleNames[i] == name) return static_cast<Role>(i);
  }
  return std::nullopt;
}

/// Whether who has the role `has` may do what asks for `needed`.
constexpr bool Includes(Role has, Role needed) { return has >= needed; }

}  // namespace winnow
