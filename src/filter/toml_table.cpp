#include "filter/toml_table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

#include "base/suggest.h"

namespace winnow {
namespace {

/// Returns a value as an error shows it: "a string", "the number 3".
std::string Found(const toml::node& node) {
  if (const auto* value = node.as_integer()) return fmt::format("the number {}", value->get());
  if (const auto* value = node.as_floating_point()) return fmt::format("the number {:g}", value->get());
  if (const auto* value = node.as_boolean()) return value->get() ? "true" : "false";
  if (node.is_string()) return "a string";
  if (node.is_array()) return "a list";
  return node.is_table() ? "a table" : "a date or time";
}

std::optional<double> NumberOf(const toml::node& node) {
  if (const auto* value = node.as_integer()) return static_cast<double>(value->get());
  if (const auto* value = node.as_floating_point()) return value->get();
  return std::nullopt;
}

}  // namespace

size_t LineOf(const toml::node& node) { return node.source().begin.line; }

void TomlTable::Bind(std::string key, std::string* field) {
  setters_[std::move(key)] = [field](const toml::node& node) -> std::optional<std::string> {
    const auto* value = node.as_string();
    if (value == nullptr) return "a string";
    *field = value->get();
    return std::nullopt;
  };
}

void TomlTable::Bind(std::string key, std::optional<std::string>* field) {
  setters_[std::move(key)] = [field](const toml::node& node) -> std::optional<std::string> {
    const auto* value = node.as_string();
    if (value == nullptr) return "a string";
    *field = value->get();
    return std::nullopt;
  };
}

void TomlTable::Bind(std::string key, std::vector<std::string>* field) {
  setters_[std::move(key)] = [field](const toml::node& node) -> std::optional<std::string> {
    const toml::array* array = node.as_array();
    if (array == nullptr) return "a list of strings";
    field->clear();
    for (const toml::node& element : *array) {
      const auto* value = element.as_string();
      if (value == nullptr) return "a list of strings";
      field->push_back(value->get());
    }
    return std::nullopt;
  };
}

void TomlTable::Bind(std::string key, bool* field) {
  setters_[std::move(key)] = [field](const toml::node& node) -> std::optional<std::string> {
    const auto* value = node.as_boolean();
    if (value == nullptr) return "true or false";
    *field = value->get();
    return std::nullopt;
  };
}

void TomlTable::Bind(std::string key, double* field, double least, double most) {
  setters_[std::move(key)] = [field, least, most](const toml::node& node) -> std::optional<std::string> {
    const std::optional<double> value = NumberOf(node);
    if (!value || !(*value >= least && *value <= most)) return fmt::format("a number from {:g} to {:g}", least, most);
    *field = *value;
    return std::nullopt;
  };
}

void TomlTable::Bind(std::string key, std::optional<double>* field, double least, double most) {
  setters_[std::move(key)] = [field, least, most](const toml::node& node) -> std::optional<std::string> {
    const std::optional<double> value = NumberOf(node);
    if (!value || !(*value >= least && *value <= most)) return fmt::format("a number from {:g} to {:g}", least, most);
    *field = value;
    return std::nullopt;
  };
}

void TomlTable::Bind(std::string key, std::optional<uint64_t>* field) {
  setters_[std::move(key)] = [field](const toml::node& node) -> std::optional<std::string> {
    const auto* value = node.as_integer();
    if (value == nullptr || value->get() < 0) return "a whole number of at least 0";
    *field = static_cast<uint64_t>(value->get());
    return std::nullopt;
  };
}

Result<void> TomlTable::Read(const toml::table& table) const {
  for (const auto& [key, node] : table) {
    const auto setter = setters_.find(std::string(key.str()));
    if (setter == setters_.end()) {
      std::vector<std::string> known;
      for (const auto& [name, unused] : setters_) known.push_back(name);
      return Refuse(key.source().begin.line, fmt::format("unknown key '{}'", key.str()),
                    DidYouMean(key.str(), known, fmt::format("the keys are: {}", fmt::join(known, ", "))));
    }
    if (const std::optional<std::string> expected = setter->second(node)) {
      return Refuse(LineOf(node), fmt::format("{}: expected {}, found {}", key.str(), *expected, Found(node)));
    }
  }
  return {};
}

std::unexpected<Error> TomlTable::Refuse(size_t line, const std::string& message, std::string hint) const {
  return Fail(ErrorCode::kInvalidData, fmt::format("{}, line {}: {}: {}", file_, line, owner_, message),
              std::move(hint));
}

}  // namespace winnow
