#include "base/names.h"

#include <vector>

namespace winnow {

std::string FirstNames(std::span<const std::string> names, size_t most) {
  std::string text;
  for (size_t i = 0; i < names.size() && i < most; ++i) text += (i > 0 ? ", " : "") + names[i];
  return names.size() > most ? text + " and " + std::to_string(names.size() - most) + " more" : text;
}

std::string FirstQuotedNames(std::span<const std::string> names, std::span<const size_t> ids, size_t most) {
  std::vector<std::string> quoted;
  for (const size_t id : ids) quoted.push_back("'" + names[id] + "'");
  return FirstNames(quoted, most);
}

}  // namespace winnow
