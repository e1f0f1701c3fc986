#include "workspace/file_name.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.h"
#include "text/character_classes.h"
#include "text/utf8.h"

namespace winnow {

namespace fs = std::filesystem;

namespace {

constexpr size_t kMostNameBytes = 100;

bool IsNameCharacter(char32_t c) {
  if (c == U' ' || c == U'.' || c == U'_' || c == U'-') return true;
  if (c < 0x80) return IsAsciiAlphanumeric(c);
  const CharacterClass of = ClassOf(c);
  return of == CharacterClass::kLetter || of == CharacterClass::kNumber || IsCombiningMark(c);
}

}  // namespace

Result<void> CheckDataFileName(std::string_view name) {
  bool valid = !name.empty() && name.size() <= kMostNameBytes && !name.starts_with('.') && !name.starts_with(' ') &&
               !name.ends_with(' ');
  for (size_t i = 0; valid && i < name.size();) valid = IsNameCharacter(NextCodePoint(name, i));
  if (valid) return {};
  return Fail(
      ErrorCode::kInvalidArgument,
      fmt::format("the name of a data file has letters, digits, spaces, '.', '_' and '-', at most {} bytes, and "
                  "begins with no dot and no space",
                  kMostNameBytes));
}

Result<fs::path> FindInDirectory(const fs::path& directory, const std::string& name, std::string_view what) {
  const fs::path relative(name);
  const bool plain = !name.empty() && name.find('\0') == std::string::npos && relative.is_relative() &&
                     std::ranges::none_of(
                         relative, [](const fs::path& part) { return part.empty() || part.native().starts_with('.'); });
  if (!plain) {
    return Fail(ErrorCode::kInvalidArgument, fmt::format("'{}' is not the name of a {} in the workspace", name, what));
  }
  std::error_code error;
  const fs::path found = fs::canonical(directory / relative, error);
  const fs::path root = fs::canonical(directory, error);
  const auto [end, ignored] = std::ranges::mismatch(root, found);
  if (error || end != root.end()) {
    return Fail(ErrorCode::kNotFound, fmt::format("the workspace has no {} '{}'", what, name));
  }
  return found;
}

}  // namespace winnow
