#include "base/options_toml.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <optional>

#include "base/files.h"
#include "base/option_values.h"
#include "base/toml_depth.h"

namespace winnow {
namespace {

std::optional<std::string> ScalarText(const toml::node& node) {
  if (const auto* value = node.as_string()) return value->get();
  if (const auto* value = node.as_boolean()) return FormatOptionValue(value->get());
  if (const auto* value = node.as_integer()) return FormatOptionValue(value->get());
  if (const auto* value = node.as_floating_point()) return FormatOptionValue(value->get());
  return std::nullopt;
}

Result<TomlEntry> ReadEntry(const std::string& file, std::string key, const toml::node& node, uint32_t line) {
  TomlEntry entry{std::move(key), {}, line};
  const auto refuse = [&](std::string_view what) {
    return Fail(ErrorCode::kInvalidArgument, fmt::format("{}, line {}: {}: {}", file, line, entry.key, what),
                "write one option per line: name = value");
  };
  if (std::optional<std::string> text = ScalarText(node)) {
    entry.values.push_back(*std::move(text));
    return entry;
  }
  const toml::array* array = node.as_array();
  if (array == nullptr)
    return refuse(node.is_table() ? "an option cannot be a table" : "an option cannot be a date or time");
  for (const toml::node& element : *array) {
    std::optional<std::string> text = ScalarText(element);
    if (!text) return refuse("list elements must be strings, numbers or booleans");
    entry.values.push_back(*std::move(text));
  }
  return entry;
}

}  // namespace

Result<std::vector<TomlEntry>> ParseTomlOptions(const std::string& contents, const std::string& file) {
  if (const std::optional<size_t> line = LineOfLongTomlKey(contents, kMaxTomlKeyParts)) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("{}, line {}: a key has more than {} parts", file, *line, kMaxTomlKeyParts),
                "write one option per line: name = value");
  }
  std::vector<TomlEntry> entries;
  try {
    const toml::table table = toml::parse(contents, file);
    for (const auto& [key, node] : table) {
      entries.push_back(TRY(ReadEntry(file, std::string(key.str()), node, key.source().begin.line)));
    }
  } catch (const toml::parse_error& error) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("{}, line {}, column {}: {}", file, error.source().begin.line, error.source().begin.column,
                            error.description()),
                "write one option per line, texts in quotes: epochs = 3, label-field = \"category\"");
  }
  std::stable_sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.line < b.line; });
  return entries;
}

Result<std::vector<TomlEntry>> ReadTomlOptions(const std::filesystem::path& path) {
  return ParseTomlOptions(TRY(ReadFile(path)), path.string());
}

}  // namespace winnow
