/// Where the files of a registry's versions are kept: a folder, or a bucket of a storage service that speaks S3's
/// protocol. Files are found by keys (artifacts/artifact_key.h), are never changed, and are checked by their SHA-256 on
/// the way in and on the way out, so that a store that returns other bytes than it was given is found out.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/http.h"

namespace winnow {

struct ArtifactOptions {
  /// Called now and then during Put and Get, by the thread that called them, with the bytes transferred so far and the
  /// total of the file. Returning false stops the transfer with kCancelled; the next call resumes it.
  std::function<bool(std::string_view key, uint64_t done, uint64_t total)> progress;
  /// Number of parts of a large file that are sent to a storage service at the same time. Each takes 16 MiB of memory.
  int connections = 4;
  /// Retries, pauses and timeouts of requests to a storage service; the other fields have no effect.
  HttpOptions http;
};

struct ArtifactEntry {
  std::string key;
  uint64_t bytes = 0;
  std::chrono::sys_time<std::chrono::milliseconds> modified;  ///< the time when the file was stored
};

/// A store of files. Thread-safe; several processes may use the same store at the same time.
class ArtifactStore {
 public:
  /// Opens the store at `url`: the path of a directory, file:///absolute/path, s3://BUCKET/PREFIX/ or
  /// gs://BUCKET/PREFIX/ (docs/artifacts.md). Nothing is created and no request is sent before the first call. Errors:
  /// kInvalidArgument for a URL that is not valid, which is not quoted where it may contain a password; kUnsupported
  /// for another scheme.
  static Result<std::unique_ptr<ArtifactStore>> Open(std::string_view url, ArtifactOptions options = {});

  virtual ~ArtifactStore() = default;

  /// Stores a copy of `file`, whose SHA-256 is `digest` (64 lower-case hexadecimal digits), under `key`. When Put
  /// returns success, the copy is whole and durable; a reader never sees a part of it, whatever happens to this
  /// process. A key that exists is never replaced: Put succeeds if the stored file has the same digest, so it may be
  /// repeated, and fails with kExists otherwise. Large files of a storage service are sent in parts, and a later Put of
  /// the same file sends only the parts that are missing. Errors: kInvalidArgument for the key; kNotFound, kIo for
  /// `file`; kInvalidData if `file` does not have the digest; kExists; kIo, kNetwork for the store; kCancelled.
  virtual Result<void> Put(std::string_view key, const std::filesystem::path& file, const std::string& digest) = 0;

  /// Writes the file stored under `key` to `target`, replacing a file there atomically and durably; missing parent
  /// directories are created. Bytes whose SHA-256 is not `digest` are refused, and leave `target` as it was. From a
  /// storage service, an interrupted download is resumed by the next call (`target`.incomplete holds its beginning).
  /// Errors: kInvalidArgument for the key; kNotFound if there is no such key; kInvalidData if the stored file has
  /// another digest; kIo, kNetwork, kCancelled.
  virtual Result<void> Get(std::string_view key, const std::filesystem::path& target, const std::string& digest) = 0;

  /// Returns all files whose keys begin with `prefix`, in the order of their keys' bytes; nothing if there are none. A
  /// prefix is a text, not a directory: end it with '/' for the files of one directory. Errors: kInvalidArgument, kIo,
  /// kNetwork.
  virtual Result<std::vector<ArtifactEntry>> List(std::string_view prefix) = 0;

  /// Removes the file stored under `key`, durably. A key that does not exist is success, so that an interrupted removal
  /// may be repeated. Errors: kInvalidArgument, kIo, kNetwork.
  virtual Result<void> Remove(std::string_view key) = 0;

  /// Returns the store's address for people and logs, without credentials.
  const std::string& url() const { return url_; }

 protected:
  explicit ArtifactStore(std::string url) : url_(std::move(url)) {}

 private:
  std::string url_;
};

}  // namespace winnow
