/// What the store keeps of models: their versions, and what their aliases mean and meant.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "store/time_text.h"

namespace winnow {

/// A file of a version.
struct ModelFile {
  std::string path = {};    ///< relative, with '/'
  std::string sha256 = {};  ///< 64 hexadecimal digits
  uint64_t bytes = 0;
  friend bool operator==(const ModelFile&, const ModelFile&) = default;
};

/// A version of a model. It never changes.
struct ModelVersion {
  std::string name = {}, version = {};
  std::string digest = {};               ///< digest of the contents without the version (registry/staged_bundle.h)
  std::string uri = {};                  ///< what the keys of its files begin with, relative to the artifact store
  std::string metrics = "{}";            ///< a JSON object
  std::string kind = {};                 ///< "transformer", "lr" or "svm"
  std::string architecture = {};         ///< models with the same one have weights of the same shapes
  std::vector<std::string> labels = {};  ///< labels by id
  std::optional<std::string> data_sha256 = {};   ///< digest of the training texts
  std::optional<std::string> parent = {};        ///< version that this one was made from
  std::optional<std::string> command = {};       ///< command that made it
  std::optional<std::string> code_version = {};  ///< version of the program that made it
  std::vector<ModelFile> files = {};
  uint64_t bytes = 0;  ///< sum of the files
  std::string pushed_by = {};
  bool removing = false;      ///< true if the version is being removed
  StoreTime created_at = {};  ///< the epoch: when it is added
};

/// Conditions that all must hold; empty ones are not checked.
struct ModelFilter {
  std::optional<std::string> name = {}, digest = {};
  bool removing = false;    ///< true: versions that are being removed, instead of the others
  bool names_only = false;  ///< true: only name, version, digest, uri, created_at and bytes are read
};

/// One row of an alias: from its time on, until that of the next row, the alias meant the version.
struct AliasRow {
  std::string name = {}, alias = {};
  int64_t sequence = 0;                          ///< 1, 2, 3 ... for each alias
  std::optional<std::string> version = {};       ///< nothing: the alias was removed
  std::optional<std::string> from_version = {};  ///< version that the alias meant before
  std::string actor = {}, reason = {};
  StoreTime created_at = {};
  friend bool operator==(const AliasRow&, const AliasRow&) = default;
};

/// A change of an alias.
struct AliasChange {
  std::string name = {}, alias = {};
  std::optional<std::string> version = {};  ///< nothing: remove the alias
  /// The sequence of the row that the caller has seen, 0 for none: the change fails if there is a newer one.
  std::optional<int64_t> expected_sequence = {};
  std::string actor = {}, reason = {};
  std::string action = "registry.promote";  ///< for the audit log
  StoreTime at = {};                        ///< the epoch: now
};

struct AliasChanged {
  AliasRow row = {};
  bool changed = false;
};

/// Conditions that all must hold.
struct AliasFilter {
  std::string name = {};
  std::optional<std::string> alias = {};
  std::optional<StoreTime> until = {};  ///< rows of this time and earlier ones
  int limit = 100;
};

/// The removal of a version.
struct ModelRemoval {
  std::string name = {}, version = {};
  StoreTime in_use_since = {};  ///< a version that an alias meant since then stays
  std::string actor = {};
  StoreTime at = {};  ///< the epoch: now
};

}  // namespace winnow
