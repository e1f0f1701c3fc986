/// Reading of a TOML table into the fields of a struct, with errors that name file, line and key. Of toml++ only.
#pragma once

#include <toml++/toml.h>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace winnow {

/// The keys that a table may have, and where their values go. A key that the table lacks leaves its field as it is.
class TomlTable {
 public:
  /// `owner` names the table in errors: "rule PRIZE".
  TomlTable(std::string file, std::string owner) : file_(std::move(file)), owner_(std::move(owner)) {}

  void Bind(std::string key, std::string* field);
  void Bind(std::string key, std::optional<std::string>* field);
  void Bind(std::string key, std::vector<std::string>* field);
  void Bind(std::string key, bool* field);
  /// Binds a number between `least` and `most`.
  void Bind(std::string key, double* field, double least, double most);
  void Bind(std::string key, std::optional<double>* field, double least, double most);
  /// Binds a whole number of at least 0.
  void Bind(std::string key, std::optional<uint64_t>* field);

  /// Reads the values. Errors: kInvalidData for a key that is not bound and for a value of another type.
  Result<void> Read(const toml::table& table) const;

  /// Returns an error: "rules.toml, line 3: rule PRIZE: MESSAGE".
  std::unexpected<Error> Refuse(size_t line, const std::string& message, std::string hint = {}) const;

 private:
  /// Stores a value, or returns what was expected.
  using Setter = std::function<std::optional<std::string>(const toml::node&)>;

  std::string file_, owner_;
  std::map<std::string, Setter> setters_;
};

/// Returns the line of a node in its file, counted from 1.
size_t LineOf(const toml::node& node);

}  // namespace winnow
