#include "base/json_strings.h"

namespace winnow {

std::optional<std::vector<std::string>> StringsOf(const Json& list) {
  std::vector<std::string> strings = StringsAmong(list);
  if (!list.is_array() || strings.size() != list.size()) return std::nullopt;
  return strings;
}

std::vector<std::string> StringsAmong(const Json& list) {
  std::vector<std::string> strings;
  if (!list.is_array()) return strings;
  for (const Json& each : list) {
    if (each.is_string()) strings.push_back(each.str());
  }
  return strings;
}

}  // namespace winnow
