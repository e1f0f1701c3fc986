/// A bundle that is about to be pushed: what its row says of it, and its files, of which those that state the version
/// are written again where the registry gives it another one.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/temporary_directory.h"
#include "bundle/manifest.h"
#include "bundle/training_info.h"
#include "store/registry_records.h"

namespace winnow {

struct StagedFile {
  ModelFile file = {};
  std::filesystem::path source = {};
};

/// The bundle itself is not changed. Not thread-safe.
class StagedBundle {
 public:
  /// Verifies a bundle against its digests; of a directory without winnow.json, the files that Winnow reads are taken.
  /// `name` is that of the model; empty: the bundle's. Errors: kNotFound; kInvalidModel; kInvalidArgument for a name
  /// that a registry cannot have; kIo.
  static Result<StagedBundle> Open(const std::filesystem::path& bundle, const std::string& name);

  const std::string& name() const { return manifest_.name; }
  /// Returns the version that the bundle states.
  const std::string& version() const { return manifest_.version; }
  /// Returns false for a directory without winnow.json, whose version is the default one.
  bool states_version() const { return sealed_; }
  /// Returns the SHA-256 of the contents without the version: two bundles with the same one are the same model.
  const std::string& digest() const { return digest_; }

  /// Fills what the row of a version says about the contents: digest, kind, architecture, labels, metrics, digest of
  /// the data, version of the program.
  void Describe(ModelVersion& version) const;
  const std::string& architecture() const { return architecture_; }
  const std::vector<std::string>& labels() const { return labels_; }

  /// Returns the files of the model as this version, sorted by path. They are valid until the next call. Errors: kIo,
  /// kInvalidModel.
  Result<std::vector<StagedFile>> FilesAs(const std::string& version) const;

 private:
  StagedBundle(std::filesystem::path bundle, Manifest manifest, ScopedTemporaryDirectory stage)
      : bundle_(std::move(bundle)), manifest_(std::move(manifest)), stage_(std::move(stage)) {}
  Result<void> ReadDescription();
  Result<void> ComputeDigest();
  Result<void> Stage(const std::string& version) const;
  Result<StagedFile> FileOf(const std::string& path) const;

  std::filesystem::path bundle_;
  Manifest manifest_;
  ScopedTemporaryDirectory stage_;  // of the files that state the version
  bool sealed_ = false;             // true if the bundle has a manifest with digests
  bool renamed_ = false;
  std::string digest_, architecture_;
  std::vector<std::string> labels_;
  TrainingInfo info_;
};

}  // namespace winnow
