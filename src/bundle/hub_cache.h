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

/// Returns true if `name` is a file that Winnow uses of a model in a repository or package.
bool IsModelFile(std::string_view name);

/// The part of the cache that belongs to one model. Immutable; thread-safe.
class HubCache {
 public:
  /// Creates access to the part of the cache that belongs to one model. `repository` is "owner/name" or "name"; see
  /// IsRepositoryName.
  HubCache(const std::filesystem::path& cache, std::string_view repository);

  std::filesystem::path blob(const std::string& etag) const { return root_ / "blobs" / etag; }
  std::filesystem::path snapshot(const std::string& commit) const { return root_ / "snapshots" / commit; }

  /// Returns the snapshot of `revision` (or of a commit) if it contains a config, the file `weights` and a tokenizer.
  /// Contents that have not been checked yet are compared with the digests in their names, once. Errors: kInvalidModel
  /// for a file whose contents do not match its name; kIo.
  Result<std::optional<std::filesystem::path>> Find(const std::string& revision,
                                                    std::string_view weights = "model.safetensors") const;

  /// Compares a file of a snapshot with the digest in the name of its blob. A file that is missing or not a link
  /// passes. Errors: those of Find.
  Result<void> CheckFile(const std::filesystem::path& snapshot, std::string_view file) const;

  /// Creates the directories of the cache. Errors: kIo.
  Result<void> Prepare() const;

  /// Moves a file into blobs/ (by rename), compares it with the etag and records that it was checked. Errors: kNetwork
  /// if it does not match the etag (the file is then removed), kIo.
  Result<void> Adopt(const std::filesystem::path& file, const std::string& etag) const;

  /// Compares a blob that is in the cache already with its etag. Errors: those of Adopt.
  Result<void> CheckBlob(const std::string& etag) const;

  /// Makes `file` of a snapshot a link to a blob. Errors: kIo.
  Result<void> Link(const std::string& commit, const std::string& file, const std::string& etag) const;

  /// Makes `revision` refer to `commit`. This is the last step; Find succeeds afterwards. Errors: kIo.
  Result<void> SetRevision(const std::string& revision, const std::string& commit) const;

  /// A lock that is held while a blob is downloaded, against other processes including huggingface_hub's.
  /// LockBlob waits until it is free. Errors: kIo.
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

/// Returns true if `name` is "owner/name" or "name" of letters, digits, '-', '_' and '.', as the hub allows.
bool IsRepositoryName(std::string_view name);

}  // namespace winnow
