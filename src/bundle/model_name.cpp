#include "bundle/model_name.h"

#include <algorithm>

#include "base/ascii.h"
#include "bundle/model_version.h"

namespace winnow {
namespace {

/// Takes the part up to the next `divider` off `text`, with the divider, and returns the part.
std::string_view TakePart(std::string_view& text, char divider) {
  const size_t end = std::min(text.find(divider), text.size());
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

int Sign(auto order) { return order < 0 ? -1 : order > 0 ? 1 : 0; }

/// Compares two whole numbers without leading zeros, of any length.
int CompareNumbers(std::string_view a, std::string_view b) {
  return a.size() != b.size() ? (a.size() < b.size() ? -1 : 1) : Sign(a.compare(b));
}

int CompareIdentifiers(std::string_view a, std::string_view b) {
  if (AreAsciiDigits(a) != AreAsciiDigits(b)) return AreAsciiDigits(a) ? -1 : 1;
  return AreAsciiDigits(a) ? CompareNumbers(a, b) : Sign(a.compare(b));
}

}  // namespace

ModelSpec ParseModelSpec(std::string_view spec) {
  if (const size_t at = spec.rfind('@'); at != std::string_view::npos) {
    return {.name = std::string(spec.substr(0, at)), .version = {}, .alias = std::string(spec.substr(at + 1))};
  }
  if (const size_t colon = spec.rfind(':'); colon != std::string_view::npos) {
    const std::string_view version = spec.substr(colon + 1);
    if (IsSemanticVersion(version)) {
      return {.name = std::string(spec.substr(0, colon)), .version = std::string(version), .alias = {}};
    }
  }
  return {.name = std::string(spec), .version = {}, .alias = {}};
}

int CompareVersions(std::string_view a, std::string_view b) {
  a = TakePart(a, '+');
  b = TakePart(b, '+');
  std::string_view numbers_a = TakePart(a, '-'), numbers_b = TakePart(b, '-');
  for (int part = 0; part < 3; ++part) {
    if (const int order = CompareNumbers(TakePart(numbers_a, '.'), TakePart(numbers_b, '.')); order != 0) return order;
  }
  if (a.empty() || b.empty()) return a.empty() == b.empty() ? 0 : a.empty() ? 1 : -1;
  while (!a.empty() && !b.empty()) {
    if (const int order = CompareIdentifiers(TakePart(a, '.'), TakePart(b, '.')); order != 0) return order;
  }
  return a.empty() == b.empty() ? 0 : a.empty() ? -1 : 1;
}

Result<ModelAlias> ParseModelAlias(std::string_view text) {
  const size_t equals = text.find('=');
  const std::string_view alias = text.substr(0, equals);
  const ModelSpec target = ParseModelSpec(equals == std::string_view::npos ? "" : text.substr(equals + 1));
  if (alias.empty() || alias.find_first_of("@:") != std::string_view::npos || target.name.empty() ||
      !target.alias.empty()) {
    return Fail(ErrorCode::kInvalidArgument, "'" + std::string(text) + "' is not a valid alias",
                "write ALIAS=NAME:VERSION, as in champion=spam:1.2.0; requests then use spam@champion");
  }
  return ModelAlias{std::string(alias), target.name, target.version};
}

}  // namespace winnow
