#include "cli/weakened_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "base/option_values.h"

namespace winnow {
namespace {

struct Weakening {
  std::string_view option;
  bool value;
};
constexpr std::array<Weakening, 3> kWeakenings = {{{"verify", false}, {"overwrite", true}, {"force", true}}};

}  // namespace

Result<void> RefuseWeakenedChecks(const OptionTable& table) {
  for (const OptionSummary& option : table.Summaries()) {
    const auto weakening = std::ranges::find(kWeakenings, option.name, &Weakening::option);
    if (weakening == kWeakenings.end() || !option.flag || option.values.empty()) continue;
    if (option.origin == OptionOrigin::kDefault || option.origin == OptionOrigin::kCommandLine) continue;
    bool value = !weakening->value;
    TRY(ParseOptionValue(option.values.back(), value));
    if (value != weakening->value) continue;
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("{}: '{}' is only allowed on the command line, because it weakens a check", option.place,
                            option.values.back()),
                fmt::format("specify --{}{} on the command line", weakening->value ? "" : "no-", option.name));
  }
  return {};
}

}  // namespace winnow
