#include "net/download.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/files.h"
#include "base/hash.h"
#include "net/transfer.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

/// A file that arrives in pieces, and what proves that its server still has the same one.
class PartialFile {
 public:
  static Result<PartialFile> Open(const fs::path& path) {
    PartialFile file;
    file.path_ = path;
    file.validator_path_ = path.string() + ".etag";
    file.fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (file.fd_ < 0) return std::unexpected(file.Failure("cannot write"));
    file.size_ = static_cast<uint64_t>(std::max<off_t>(0, ::lseek(file.fd_, 0, SEEK_END)));
    if (file.size_ > 0) file.validator_ = ReadFile(file.validator_path_).value_or("");
    return file;
  }

  PartialFile(PartialFile&& other) noexcept
      : path_(std::move(other.path_)),
        validator_path_(std::move(other.validator_path_)),
        validator_(std::move(other.validator_)),
        fd_(std::exchange(other.fd_, -1)),
        size_(other.size_) {}
  PartialFile& operator=(PartialFile&&) = delete;
  ~PartialFile() {
    if (fd_ >= 0) ::close(fd_);
  }

  uint64_t size() const { return size_; }
  const std::string& validator() const { return validator_; }

  bool Restart() {
    if (::ftruncate(fd_, 0) != 0) return false;
    ::lseek(fd_, 0, SEEK_SET);
    size_ = 0;
    return true;
  }

  /// Remembers the strong ETag, or the date, of the file whose bytes follow.
  void SetValidator(const HttpAnswer& response) {
    std::string validator = response.LastHeader("etag").value_or("");
    if (validator.empty() || validator.starts_with("W/")) validator = response.LastHeader("last-modified").value_or("");
    if (validator == validator_) return;
    validator_ = validator;
    std::error_code ignored;
    if (validator_.empty()) {
      fs::remove(validator_path_, ignored);
      return;
    }
    // Without it the next attempt starts over: no reason to fail this one.
    [[maybe_unused]] const auto written = WriteFileAtomically(validator_path_, validator_);
  }

  bool Append(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return false;
      bytes.remove_prefix(static_cast<size_t>(written));
      size_ += static_cast<uint64_t>(written);
    }
    return true;
  }

  /// Durable and under its final name.
  Result<void> Finish(const fs::path& final_path) {
    if (::fsync(fd_) != 0) return std::unexpected(Failure("cannot write"));
    if (::rename(path_.c_str(), final_path.c_str()) != 0)
      return std::unexpected(Failure("cannot move the downloaded file to its final name"));
    std::error_code ignored;
    fs::remove(validator_path_, ignored);
    return {};
  }

  Error Failure(std::string_view doing) const {
    const int number = errno;
    return {ErrorCode::kIo, fmt::format("{}: {}: {}", path_.string(), doing, std::strerror(number)),
            number == ENOSPC ? "free some space; the partial download is kept and will be resumed" : ""};
  }

 private:
  PartialFile() = default;

  fs::path path_;
  fs::path validator_path_;
  std::string validator_;
  int fd_ = -1;
  uint64_t size_ = 0;
};

/// True where "bytes 100-199/200" begins at `offset`.
bool RangeBeginsAt(const HttpAnswer& response, uint64_t offset) {
  const std::string range = response.LastHeader("content-range").value_or("");
  constexpr std::string_view kUnit = "bytes ";
  if (!range.starts_with(kUnit)) return false;
  const size_t dash = range.find('-');
  return dash != std::string::npos &&
         ParseNumber(std::string_view(range).substr(kUnit.size(), dash - kUnit.size())) == offset;
}

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
