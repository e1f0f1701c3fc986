/// An artifact store in a bucket of AWS S3, or of a service that speaks its protocol: MinIO, Ceph, Google Cloud
/// Storage.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "artifacts/artifact_store.h"
#include "artifacts/s3_client.h"

namespace winnow {

/// Keeps the file of the key KEY as the object PREFIX/KEY, with its SHA-256 as metadata ("sha256"). That a key is never
/// replaced is ensured by the service where it offers conditional writes (If-None-Match: AWS, MinIO, Ceph); otherwise
/// the key is looked up before it is written, and of two processes that store one key within that moment both succeed.
class S3Store : public ArtifactStore {
 public:
  /// Parses the URL and reads settings of the environment. Errors: those of ParseS3Url and ReadAwsSettings.
  static Result<std::unique_ptr<S3Store>> Open(std::string_view url, ArtifactOptions options);

  Result<void> Put(std::string_view key, const std::filesystem::path& file, const std::string& digest) override;
  Result<void> Get(std::string_view key, const std::filesystem::path& target, const std::string& digest) override;
  Result<std::vector<ArtifactEntry>> List(std::string_view prefix) override;
  Result<void> Remove(std::string_view key) override;

 private:
  struct Stored;

  S3Store(const S3Address& address, const AwsSettings& settings, ArtifactOptions options);

  std::string KeyInBucket(std::string_view key) const { return client_.address().prefix + std::string(key); }
  Result<std::optional<Stored>> Find(const std::string& key);
  Result<void> RequireEqual(const std::string& key, const Stored& stored, uint64_t bytes, const std::string& digest);
  Result<bool> PutWhole(std::string_view key, const std::filesystem::path& file, const std::string& digest);
  Result<bool> PutInParts(std::string_view key, const std::filesystem::path& file, uint64_t bytes,
                          const std::string& digest);
  std::function<bool(uint64_t done, uint64_t total)> ProgressOf(std::string_view key) const;

  S3Client client_;
  ArtifactOptions options_;
  std::atomic<bool> conditional_;  // whether the service offers conditional writes, as far as is known
};

}  // namespace winnow
