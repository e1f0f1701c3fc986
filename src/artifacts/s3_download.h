/// Downloads from S3 to files.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "artifacts/s3_client.h"
#include "base/result.h"

namespace winnow {

/// Receives the bytes of the file so far and its total (0: unknown). Returning false cancels.
using S3Progress = std::function<bool(uint64_t done, uint64_t total)>;

/// Downloads the object `key` to `target`.incomplete, resuming what is there (Range, with If-Match on the ETag), and
/// renames it to `target` when its SHA-256 is `digest`. Wrong bytes are removed and downloaded once more from the
/// start. Errors: those of ArtifactStore::Get.
Result<void> S3Download(S3Client& client, const std::string& key, const std::filesystem::path& target,
                        const std::string& digest, const S3Progress& progress);

/// Returns the SHA-256 of the object, which is read as a whole. Errors: kNotFound, kNetwork, kIo.
Result<std::string> S3DigestOf(S3Client& client, const std::string& key);

}  // namespace winnow
