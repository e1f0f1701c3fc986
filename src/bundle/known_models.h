/// Base models with a short name, and the packages of a package index that carry them.
#pragma once

#include <array>
#include <span>
#include <string_view>

namespace winnow {

struct KnownFile {
  std::string_view name;
  std::string_view sha256;
};

struct KnownModel {
  std::string_view repository;
  std::span<const std::string_view> aliases;  ///< short names, the shortest first
  std::string_view summary;                   ///< one line about the model: "English, 23 million parameters"
  std::string_view package;                   ///< pip requirement whose wheel holds the files, or empty
  std::span<const KnownFile> files;           ///< expected files of the wheel, whose publisher is not the model's
  /// Licence and language as the metadata of the model's card on the hub name them; empty: the card has none.
  std::string_view license, language;
};

/// Returns all known models, ordered by family and size.
std::span<const KnownModel> KnownModels();

/// Returns the model with that repository or alias, ignoring case, or null.
const KnownModel* FindKnownModel(std::string_view name);

}  // namespace winnow
