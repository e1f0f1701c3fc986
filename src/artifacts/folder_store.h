/// An artifact store in a folder of this machine, or of one that is mounted.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "artifacts/artifact_store.h"

namespace winnow {

/// Keeps the file of the key "a/b/c" as FOLDER/a/b/c. A file is written to FOLDER/.incoming, fsynced, and renamed to
/// its name without replacing one; then the directories are fsynced. What writers that were killed have left in
/// .incoming is removed after a day. The folder itself may be a symbolic link; links inside it are neither followed nor
/// listed, so that no key leads out of the folder.
class FolderStore : public ArtifactStore {
 public:
  /// `folder` is created, with its missing parents, by the first Put.
  FolderStore(std::filesystem::path folder, ArtifactOptions options);

  Result<void> Put(std::string_view key, const std::filesystem::path& file, const std::string& digest) override;
  Result<void> Get(std::string_view key, const std::filesystem::path& target, const std::string& digest) override;
  Result<std::vector<ArtifactEntry>> List(std::string_view prefix) override;
  Result<void> Remove(std::string_view key) override;

 private:
  std::filesystem::path PathOf(std::string_view key) const { return folder_ / key; }
  /// Reports the progress. Errors: kCancelled.
  Result<void> Continue(std::string_view key, uint64_t done, uint64_t total) const;

  std::filesystem::path folder_;
  ArtifactOptions options_;
};

}  // namespace winnow
