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

/// Downloads to `path`.incomplete, then checks, fsyncs and renames to `path`. An interrupted download is resumed if the
/// server says that the file is unchanged (Range with If-Range; with `sha256`, the digest decides). A file with a wrong
/// digest is deleted and downloaded once more from its start; a second mismatch is an error. Errors: kNetwork, also for
/// every status other than 2xx; kIo; kCancelled (the partial file is kept for the next attempt).
Result<HttpAnswer> HttpDownload(const std::string& url, const std::filesystem::path& path,
                                const DownloadOptions& options);

}  // namespace winnow
