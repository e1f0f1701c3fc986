/// Uploads to S3 in parts, which are resumed: https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "artifacts/s3_client.h"
#include "artifacts/s3_download.h"
#include "base/result.h"

namespace winnow {

/// The bytes of a part of a file of `bytes` bytes: 16 MiB, or more if that would give more than 10,000 parts.
uint64_t S3PartBytes(uint64_t bytes);

struct S3UploadJob {
  std::string key;
  std::filesystem::path file;
  uint64_t bytes = 0;
  std::string digest;       ///< the SHA-256 that the file must have
  bool conditional = true;  ///< false: the service is known not to offer conditional writes
  bool checksums = true;    ///< false for Google, which has other headers for them
  int connections = 4;      ///< number of parts that are sent at the same time, at least 1
  S3Progress progress;      ///< called by the thread that called S3UploadInParts
};

enum class S3UploadResult {
  kStored,
  kExists,   ///< the key exists, with contents that were not looked at
  kUnknown,  ///< the upload is gone: somebody has completed or aborted it
};

/// Sends the file in parts and completes the upload. An upload of the same key that was cut off is continued if its
/// parts are those of this file: their sizes and checksums are compared, and only what is missing is sent. When the
/// upload ends or fails for good, the uploads of the key are aborted; when it is cut off, they stay for the next call.
/// Errors: kInvalidData if the file does not have the digest; kIo, kNotFound for the file; kNetwork; kCancelled.
Result<S3UploadResult> S3UploadInParts(S3Client& client, const S3UploadJob& job);

/// Returns the headers with the checksums of a body, whose SHA-256 is `sha256`. Without `checksums`, that is
/// Content-MD5.
S3Pairs S3ChecksumHeaders(std::string_view body, const std::string& sha256, bool checksums);

}  // namespace winnow
