#include "net/download.h"

#include <fmt/format.h>

#include <utility>

#include "base/hash.h"
#include "net/partial_file.h"
#include "net/transfer.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

/// Takes the body of one attempt: appends what continues the part, starts over where the server sends the whole file,
/// keeps error pages out.
bool TakeBody(const std::string& url, std::string_view bytes, bool& begun, Transfer& transfer, PartialFile& part) {
  const long status = transfer.Status();
  if (status != 200 && status != 206) return true;
  if (!begun) {
    begun = true;
    if (status == 206 && !RangeBeginsAt(transfer.response, part.size())) {
      transfer.failure = Error{ErrorCode::kNetwork,
                               fmt::format("{}: the server sent a different byte range than requested", Shown(url)),
                               {}};
      return false;
    }
    if (status == 200 && part.size() > 0 && !part.Restart()) {
      transfer.failure = part.Failure("cannot truncate");
      return false;
    }
    if (status == 200) part.SetValidator(transfer.response);
  }
  if (part.Append(bytes)) return true;
  transfer.failure = part.Failure("cannot write");
  return false;
}

/// All bytes of the file, over as many attempts as it takes. Their digest is not looked at here.
Result<HttpAnswer> FetchAll(const std::string& url, PartialFile& part, const DownloadOptions& options) {
  Retries retries(options.http);
  CurlConnection connection;
  for (;;) {
    const uint64_t begin = part.size();
    if (options.size && begin > *options.size && !part.Restart())
      return std::unexpected(part.Failure("cannot truncate"));
    if (options.size && begin == *options.size && begin > 0 && !options.sha256.empty()) {
      HttpAnswer complete;  // cut off between the last byte and the rename; the digest decides
      complete.status = 200;
      return complete;
    }
    if (begin > 0 && part.validator().empty() && options.sha256.empty() && !part.Restart())
      return std::unexpected(part.Failure("cannot truncate"));
    std::vector<std::string> headers;
    if (part.size() > 0) {
      headers.push_back(fmt::format("Range: bytes={}-", part.size()));
      if (!part.validator().empty()) headers.push_back("If-Range: " + part.validator());
    }
    Transfer transfer;
    transfer.resumed_from = part.size();
    bool begun = false;
    transfer.sink = [&](std::string_view bytes) { return TakeBody(url, bytes, begun, transfer, part); };
    const Outcome outcome = connection.Perform(options.http, {.url = url, .headers = headers}, transfer);
    if (transfer.cancelled) return Cancelled(url, options.http);
    if (transfer.failure) return std::unexpected(std::move(*transfer.failure));
    HttpAnswer& response = transfer.response;
    if (outcome.code == CURLE_OK && response.status == 416 && transfer.resumed_from > 0) {
      if (!part.Restart()) return std::unexpected(part.Failure("cannot truncate"));
      continue;  // the part is no part of what the server has; a fresh request can't be answered so again
    }
    if (outcome.code == CURLE_OK && response.status == 200 && !begun && part.size() > 0 && !part.Restart())
      return std::unexpected(part.Failure("cannot truncate"));  // an empty file took the part's place
    bool cancelled = false;
    if (retries.Again(outcome, response, cancelled)) continue;
    if (cancelled) return Cancelled(url, options.http);
    if (outcome.code != CURLE_OK) return std::unexpected(NetworkError(url, options.http, outcome));
    TRY(RequireOk(url, response));
    return std::move(response);
  }
}

}  // namespace

Result<HttpAnswer> HttpDownload(const std::string& url, const fs::path& path, const DownloadOptions& options) {
  for (const bool last_attempt : {false, true}) {
    const fs::path part_path = path.string() + ".incomplete";
    PartialFile part = TRY(PartialFile::Open(part_path));
    Result<HttpAnswer> response = FetchAll(url, part, options);
    std::error_code ignored;
    if (!response) {
      if (part.size() == 0) fs::remove(part_path, ignored);
      return response;
    }
    std::string problem;
    if (options.size && part.size() != *options.size)
      problem = fmt::format("holds {} bytes, expected {}", part.size(), *options.size);
    if (problem.empty() && !options.sha256.empty()) {
      const std::string digest = TRY(Sha256OfFile(part_path));
      if (digest != options.sha256) problem = fmt::format("has SHA-256 {}, expected {}", digest, options.sha256);
    }
    if (problem.empty()) {
      TRY(part.Finish(path));
      return response;
    }
    fs::remove(part_path, ignored);
    fs::remove(part_path.string() + ".etag", ignored);
    if (last_attempt) {
      return Fail(ErrorCode::kNetwork, fmt::format("{}: the downloaded file {}", Shown(url), problem),
                  "a proxy or mirror between here and the server may be changing or truncating the file");
    }
  }
  return Fail(ErrorCode::kInternal, "internal error: HttpDownload: not reached");
}

}  // namespace winnow
