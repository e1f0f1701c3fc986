#include "artifacts/s3_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "artifacts/artifact_key.h"
#include "artifacts/s3_download.h"
#include "artifacts/s3_upload.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/parse_number.h"
#include "base/path_error.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMaxWholeBytes = 16 << 20;
constexpr std::string_view kWrite = "cannot write", kPutPermission = "s3:PutObject";

Result<uint64_t> SizeOf(const fs::path& file) {
  std::error_code error;
  const fs::file_status status = fs::status(file, error);
  if (!fs::exists(status)) return Fail(ErrorCode::kNotFound, file.string() + ": no such file");
  if (!fs::is_regular_file(status)) return Fail(ErrorCode::kIo, file.string() + ": not a regular file");
  const uint64_t bytes = fs::file_size(file, error);
  if (error) return std::unexpected(PathError(file, error));
  return bytes;
}

}  // namespace

/// What is known of an object without reading it.
struct S3Store::Stored {
  std::optional<uint64_t> bytes;
  std::string digest;  // of its metadata; empty if another program has stored it
};

S3Store::S3Store(const S3Address& address, const AwsSettings& settings, ArtifactOptions options)
    : ArtifactStore(address.name),
      client_(address, settings, options.http),
      options_(std::move(options)),
      conditional_(!address.is_google) {}

Result<std::unique_ptr<S3Store>> S3Store::Open(std::string_view url, ArtifactOptions options) {
  const S3Address address = TRY(ParseS3Url(url));
  const AwsSettings settings = TRY(ReadAwsSettings(address));
  return std::unique_ptr<S3Store>(new S3Store(address, settings, std::move(options)));
}

std::function<bool(uint64_t done, uint64_t total)> S3Store::ProgressOf(std::string_view key) const {
  if (!options_.progress) return nullptr;
  return [this, name = std::string(key), most = uint64_t{0}](uint64_t done, uint64_t total) mutable {
    most = std::max(most, done);  // attempts begin again, and what people see does not
    return options_.progress(name, most, total);
  };
}

Result<std::optional<S3Store::Stored>> S3Store::Find(const std::string& key) {
  S3Request request{.method = HttpMethod::kHead, .key = key};
  S3Answer answer = TRY(client_.Send(request));
  if (answer.status() == 404) return std::nullopt;
  if (answer.ok()) {
    const std::string digest = answer.http.LastHeader("x-amz-meta-sha256").value_or("");
    return Stored{ParseNumber<uint64_t>(answer.http.LastHeader("content-length").value_or("")), digest};
  }
  if (answer.status() >= 500) return std::unexpected(client_.Refusal(answer, key, "cannot read", "s3:GetObject"));
  // Answers to HEAD have no body, so that another request has to ask for the reason.
  request.method = HttpMethod::kGet;
  request.headers = {{"range", "bytes=0-0"}};
  const S3Answer explained = TRY(client_.Send(request));
  if (explained.status() == 404) return std::nullopt;
  if (explained.error) answer = explained;
  return std::unexpected(client_.Refusal(answer, key, "cannot read", "s3:GetObject and s3:ListBucket"));
}

Result<void> S3Store::RequireEqual(const std::string& key, const Stored& stored, uint64_t bytes,
                                   const std::string& digest) {
  std::string found = stored.digest;
  if (stored.bytes.value_or(bytes) == bytes && found.empty()) found = TRY(S3DigestOf(client_, key));
  if (stored.bytes.value_or(bytes) == bytes && found == digest) return {};
  return Fail(
      ErrorCode::kExists,
      fmt::format("{}: exists with other contents: {} bytes, SHA-256 {}; {} bytes, SHA-256 {} were to be stored",
                  client_.Shown(key), stored.bytes.value_or(0), found.empty() ? "unknown" : found, bytes, digest),
      "stored files are never replaced; store the new one under another version");
}

/// Returns false if the key exists meanwhile.
Result<bool> S3Store::PutWhole(std::string_view key, const fs::path& file, const std::string& digest) {
  const std::string body = TRY(ReadFile(file));
  const std::string found = Sha256(body);
  if (found != digest) {
    return Fail(ErrorCode::kInvalidData, fmt::format("{}: has SHA-256 {}, expected {}", file.string(), found, digest),
                "the file was changed after its digest was computed");
  }
  const std::string full = KeyInBucket(key);
  S3Request request{.method = HttpMethod::kPut,
                    .key = full,
                    .headers = S3ChecksumHeaders(body, digest, !client_.address().is_google),
                    .body = body,
                    .body_sha256 = digest};
  request.headers.emplace_back("content-type", "application/octet-stream");
  request.headers.emplace_back("x-amz-meta-sha256", digest);
  if (const auto progress = ProgressOf(key)) {
    request.progress = [progress, total = body.size()](uint64_t sent) mutable {
      return progress(std::min<uint64_t>(sent, total), total);
    };
  }
  for (;;) {
    const bool conditional = conditional_;
    S3Request attempt = request;
    if (conditional) attempt.headers.emplace_back("if-none-match", "*");
    const S3Answer answer = TRY(client_.Send(attempt));
    if (answer.ok()) return true;
    if (conditional && answer.status() == 412) return false;
    if (conditional && answer.Is("NotImplemented")) {
      LogDebug("{}: the storage service offers no conditional writes", url());
      conditional_ = false;
      continue;
    }
    return std::unexpected(client_.Refusal(answer, full, kWrite, kPutPermission));
  }
}

/// Returns false if the key exists meanwhile.
Result<bool> S3Store::PutInParts(std::string_view key, const fs::path& file, uint64_t bytes,
                                 const std::string& digest) {
  const S3UploadJob job{KeyInBucket(key),
                        file,
                        bytes,
                        digest,
                        conditional_,
                        !client_.address().is_google,
                        std::max(1, options_.connections),
                        ProgressOf(key)};
  // The second attempt is for an upload that somebody else has aborted, or mixed with other parts.
  for (int attempt = 0; attempt < 2; ++attempt) {
    const S3UploadResult result = TRY(S3UploadInParts(client_, job));
    if (result == S3UploadResult::kStored) return true;
    if (result == S3UploadResult::kExists || TRY(Find(job.key))) return false;
  }
  return Fail(ErrorCode::kNetwork, fmt::format("{}: {}: the upload was aborted twice", client_.Shown(job.key), kWrite),
              "check whether another program aborts uploads of this bucket");
}

Result<void> S3Store::Put(std::string_view key, const fs::path& file, const std::string& digest) {
  TRY(CheckArtifactKey(key));
  const std::string full = KeyInBucket(key);
  const uint64_t bytes = TRY(SizeOf(file));
  if (const std::optional<Stored> stored = TRY(Find(full))) return RequireEqual(full, *stored, bytes, digest);
  const bool done =
      bytes <= kMaxWholeBytes ? TRY(PutWhole(key, file, digest)) : TRY(PutInParts(key, file, bytes, digest));
  if (done) return {};
  const std::optional<Stored> stored = TRY(Find(full));
  if (stored) return RequireEqual(full, *stored, bytes, digest);
  return Fail(ErrorCode::kNetwork,
              fmt::format("{}: {}: somebody stores and removes this key", client_.Shown(full), kWrite), "try again");
}

Result<void> S3Store::Get(std::string_view key, const fs::path& target, const std::string& digest) {
  TRY(CheckArtifactKey(key));
  return S3Download(client_, KeyInBucket(key), target, digest, ProgressOf(key));
}

Result<std::vector<ArtifactEntry>> S3Store::List(std::string_view prefix) {
  TRY(CheckArtifactPrefix(prefix));
  const std::string& own = client_.address().prefix;
  std::vector<ArtifactEntry> entries;
  for (std::string token;;) {
    S3Request request{.query = {{"list-type", "2"}, {"prefix", own + std::string(prefix)}, {"encoding-type", "url"}},
                      .expects_document = true};
    if (!token.empty()) request.query.emplace_back("continuation-token", token);
    const S3Answer answer = TRY(client_.Send(request));
    if (!answer.ok()) {
      return std::unexpected(
          client_.Refusal(answer, own + std::string(prefix), "cannot list the bucket", "s3:ListBucket"));
    }
    S3ObjectPage page = TRY(ParseObjectPage(answer.http.body));
    for (const S3Object& object : page.objects) {
      if (!object.key.starts_with(own)) continue;
      // Other programs' objects, such as the "directories" of consoles, may have names that are no keys.
      std::string key = object.key.substr(own.size());
      if (key.starts_with(prefix) && CheckArtifactKey(key))
        entries.push_back({std::move(key), object.bytes, object.modified});
    }
    if (page.next == token && !token.empty()) {
      return Fail(ErrorCode::kNetwork, fmt::format("{}: the storage service repeats a page of its listing", url()));
    }
    token = std::move(page.next);
    if (token.empty()) break;
  }
  std::ranges::sort(entries, {}, &ArtifactEntry::key);
  return entries;
}

Result<void> S3Store::Remove(std::string_view key) {
  TRY(CheckArtifactKey(key));
  const std::string full = KeyInBucket(key);
  const S3Answer answer = TRY(client_.Send({.method = HttpMethod::kDelete, .key = full}));
  if (answer.ok() || (answer.status() == 404 && !answer.Is("NoSuchBucket"))) return {};
  return std::unexpected(client_.Refusal(answer, full, "cannot remove", "s3:DeleteObject"));
}

}  // namespace winnow
