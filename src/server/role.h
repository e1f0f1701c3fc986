/// Roles of clients. Each role includes the permissions of those before it.
#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace winnow {

enum class Role {
  kPublic,    ///< anybody: may ask whether the server is healthy
  kClassify,  ///< may use models
  kFeedback,  ///< may report correct labels
  kAdmin,     ///< may change the server's state
};

inline constexpr std::array<std::string_view, 4> kRoleNames = {"public", "classify", "feedback", "admin"};

constexpr std::string_view RoleName(Role role) { return kRoleNames[static_cast<size_t>(role)]; }

constexpr std::optional<Role> ParseRole(std::string_view name) {
  for (size_t i = 0; i < kRoleNames.size(); ++i) {
    if (kRoleNames[i] == name) return static_cast<Role>(i);
  }
  return std::nullopt;
}

/// Returns true if a client with the role `has` may use a route that requires `needed`.
constexpr bool Includes(Role has, Role needed) { return has >= needed; }

}  // namespace winnow
