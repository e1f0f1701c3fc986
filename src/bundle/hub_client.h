/// Requests to the Hugging Face hub, or to a mirror of it: GET /api/models/ID/revision/REVISION, and HEAD and GET of
/// /ID/resolve/COMMIT/FILE.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "bundle/pull.h"
#include "net/http.h"

namespace winnow {

/// What a branch, tag or commit of a repository means.
struct HubRevision {
  std::string commit;              ///< 40 hexadecimal digits
  std::vector<std::string> files;  ///< names of all files of the commit
};

/// What the hub says about one file.
struct HubFile {
  std::string etag;  ///< SHA-256 of a large file (64 hexadecimal digits), SHA-1 of a Git blob (40) otherwise
  std::optional<uint64_t> size;  ///< in bytes, if the hub states it
};

/// A repository of the hub. Not thread-safe.
class HubClient {
 public:
  /// `options` must outlive the client.
  HubClient(std::string repository, const PullOptions& options);
  HubClient(const HubClient&) = delete;
  HubClient& operator=(const HubClient&) = delete;

  /// Returns what options.revision means. Errors: kNotFound; kNetwork, also for a server that is no hub; kCancelled.
  Result<HubRevision> List() const;

  /// Returns what is known of a file before it is downloaded. Errors: kNotFound; kNetwork, also if the server sends no
  /// digest; kCancelled.
  Result<HubFile> Describe(const std::string& commit, const std::string& file) const;

  /// Downloads a file to `target`, checking its SHA-256 if `about` has it. Errors: HttpDownload's.
  Result<void> Fetch(const std::string& commit, const std::string& file, const HubFile& about,
                     const std::filesystem::path& target) const;

 private:
  std::string FileUrl(std::string_view commit, const std::string& file) const;
  Result<void> RequireOkOfHub(const std::string& url, const HttpAnswer& response) const;

  const std::string repository_;
  const PullOptions& options_;
  HttpOptions http_;
  std::string endpoint_;
};

}  // namespace winnow
