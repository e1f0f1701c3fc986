#include "cli/given_options.h"

#include <fmt/format.h>

#include "base/log.h"

namespace winnow {

bool IsGiven(const OptionTable* table, std::string_view name) {
  const Option* const option = table == nullptr ? nullptr : table->Find(name);
  return option != nullptr && option->origin() > OptionOrigin::kPreset;
}

OptionEffects& OptionEffects::Check(bool have_effect, std::span<const std::string_view> names, std::string_view why) {
  if (have_effect) return *this;
  for (const std::string_view name : names) {
    if (IsGiven(table_, name)) warnings_.push_back(fmt::format("--{} has no effect {}", name, why));
  }
  return *this;
}

void OptionEffects::Log() const {
  for (const std::string& warning : warnings_) LogWarning("{}", warning);
}

Result<void> RefuseGiven(const OptionTable* table, std::initializer_list<std::string_view> names, std::string_view why,
                         std::string_view advice) {
  for (const std::string_view name : names) {
    if (!IsGiven(table, name)) continue;
    return Fail(ErrorCode::kInvalidArgument, fmt::format("--{} {}", name, why), std::string(advice));
  }
  return {};
}

}  // namespace winnow
