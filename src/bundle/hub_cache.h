/// Hugging Face's cache of models on disk, laid out as huggingface_hub does, so that either's files serve the other:
///   <cache>/models--owner--name/blobs/<etag>             contents, named by SHA-256 (large files) or Git's SHA-1
///                              /snapshots/<commit>/<file> -> ../../blobs/<etag>
///                              /refs/<revision>           the commit
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace winnow {

/// The files that Winnow uses of a model, of those that a repository or package may hold.
bool IsModelFile(std::string_view name);

class HubCache {
 public:
  /// One model's part of the cache. `repository` is "owner/name" or a bare "name"; see IsRepositoryName.
  HubCache(const std::filesystem::path& cache, std::string_view repository);

  std::filesystem::path blob(const std::string& etag) const { return root_ / "blobs" / etag; }
  std::filesystem::path snapshot(const std::string& commit) const { return root_ / "snapshots" / commit; }

  /// The snapshot that `revision` (or a commit itself) names, if it holds a config, the file `weights` and a tokenizer.
  /// Contents that nobody has checked yet are checked against their names, once. Errors: kInvalidModel for a file that
  /// is not what its name says; kIo.
  Result<std::optional<std::filesystem::path>> Find(const std::string& revision,
                                                    std::string_view weights = "model.safetensors") const;

  /// Checks a snapshot's file against the name of its contents. One that is missing or no link passes. Errors: as Find.
  Result<void> CheckFile(const std::filesystem::path& snapshot, std::string_view file) const;

  /// Makes the directories. Errors: kIo.
  Result<void> Prepare() const;

  /// Takes a file into blobs/ (by rename), checks it against the etag and remembers that. Errors: kNetwork when it is
  /// not what the etag says (the file is then removed), kIo.
  Result<void> Adopt(const std::filesystem::path& file, const std::string& etag) const;

  /// Checks a blob that is in its place already. Errors: as Adopt.
  Result<void> CheckBlob(const std::string& etag) const;

  /// Makes `file` of a snapshot lead to a blob. Errors: kIo.
  Result<void> Link(const std::string& commit, const std::string& file, const std::string& etag) const;

  /// Makes `revision` name `commit`: the last step, after which Find finds it. Errors: kIo.
  Result<void> SetRevision(const std::string& revision, const std::string& commit) const;

  /// Held while a blob is fetched, against other processes, huggingface_hub's too. Waits. Errors: kIo.
  class Lock {
   public:
    Lock(Lock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Lock& operator=(Lock&&) = delete;
    ~Lock();

   private:
    friend class HubCache;
    explicit Lock(int fd) : fd_(fd) {}
    int fd_;
  };
  Result<Lock> LockBlob(const std::string& etag) const;

 private:
  bool IsChecked(const std::string& etag) const;
  void RememberChecked(const std::string& etag) const;

  std::filesystem::path root_;
  std::filesystem::path locks_;
};

/// "owner/name" or "name" of letters, digits, '-', '_', '.', as the hub allows.
bool IsRepositoryName(std::string_view name);

}  // namespace winnow
