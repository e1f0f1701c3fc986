/// Downloads of large files to disk, with resumption of interrupted downloads. Thread-safe.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "net/http.h"

namespace winnow {

struct DownloadOptions {
  HttpOptions http;
  std::optional<uint64_t> size;  ///< the expected size in bytes, if known
  std::string sha256;            ///< the expected digest, 64 hexadecimal digits, or empty
};

/// Downloads to `path`.incomplete, going on where an earlier attempt stopped if the server says that the file is the
/// same (Range with If-Range; where `sha256` is given, that decides), then checks, fsyncs and renames to `path`. A file
/// with a wrong digest is deleted and downloaded once more from its start; a second mismatch is an error. Errors:
/// kNetwork, also for every status but 2xx; kIo; kCancelled (the partial file is kept for the next attempt).
Result<HttpAnswer> HttpDownload(const std::string& url, const std::filesystem::path& path,
                                const DownloadOptions& options);

}  // namespace winnow
