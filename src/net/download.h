/// Large files to disk, going on where an earlier attempt stopped. Thread-safe.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "net/http.h"

namespace winnow {

struct DownloadOptions {
  HttpOptions http;
  std::optional<uint64_t> size;  ///< what the file must have
  std::string sha256;            ///< what the file must have, or empty; 64 digits
};

/// Downloads to `path`.incomplete, going on where an earlier attempt stopped if the server says that the file is the
/// same (Range with If-Range; where `sha256` is given, that decides), then checks, fsyncs and renames to `path`. A file
/// whose digest is wrong is thrown away, tried once more from its start, and then an error. Errors: kNetwork, also for
/// every status but 2xx; kIo; kCancelled (the part stays, for the next time).
Result<HttpAnswer> HttpDownload(const std::string& url, const std::filesystem::path& path,
                                const DownloadOptions& options);

}  // namespace winnow
