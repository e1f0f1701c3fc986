#include "artifacts/s3_download.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/hash.h"
#include "base/parse_number.h"
#include "net/partial_file.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kRead = "cannot read", kGetPermission = "s3:GetObject";

/// Takes the body of one attempt: appends what continues the file, and starts over where the service sends it whole.
class Receiver {
 public:
  Receiver(const S3Client& client, const std::string& key, PartialFile& part, const S3Progress& progress)
      : client_(client), key_(key), part_(part), progress_(progress) {
    if (part.size() == 0) hasher_.emplace(Hasher::Kind::kSha256);
  }

  void Begin(S3Pairs& headers) {
    begun_ = false;
    if (part_.size() == 0) return;
    headers.emplace_back("range", fmt::format("bytes={}-", part_.size()));
    if (part_.validator().starts_with('"')) headers.emplace_back("if-match", part_.validator());
  }

  Result<void> Take(const HttpAnswer& head, int status, std::string_view bytes) {
    if (!begun_) {
      begun_ = true;
      if (status == 206 && !RangeBeginsAt(head, part_.size())) {
        return Fail(ErrorCode::kNetwork,
                    fmt::format("{}: the storage service sent another range than requested", client_.Shown(key_)));
      }
      if (status == 200) TRY(Restart());
      if (status == 200) part_.SetValidator(head);
      const auto length = ParseNumber<uint64_t>(head.LastHeader("content-length").value_or(""));
      total_ = length ? part_.size() + *length : 0;
    }
    if (!part_.Append(bytes)) return std::unexpected(part_.Failure("cannot write"));
    if (hasher_) hasher_->Update(bytes);
    return {};
  }

  Result<void> Restart() {
    if (part_.size() > 0 && !part_.Restart()) return std::unexpected(part_.Failure("cannot truncate"));
    hasher_.emplace(Hasher::Kind::kSha256);
    return {};
  }

  /// Returns the SHA-256 of the file, which is read again only if it had a beginning. Called once, at the end.
  Result<std::string> Digest(const fs::path& path) {
    if (hasher_) return hasher_->Hex();
    return Sha256OfFile(path);
  }

  bool Continue() const { return !progress_ || progress_(part_.size(), total_); }
  bool begun() const { return begun_; }

 private:
  const S3Client& client_;
  const std::string& key_;
  PartialFile& part_;
  const S3Progress& progress_;
  bool begun_ = false;
  uint64_t total_ = 0;
  std::optional<Hasher> hasher_;  // of all bytes of the file, if they came through here
};

/// All bytes of the object, over as many attempts as it takes. Their digest is not looked at here.
Result<void> Fetch(S3Client& client, const std::string& key, const PartialFile& part, Receiver& receiver) {
  S3Request request{.key = key};
  request.before_attempt = [&](S3Pairs& headers) { receiver.Begin(headers); };
  request.sink = [&](const HttpAnswer& head, int status, std::string_view bytes) {
    return receiver.Take(head, status, bytes);
  };
  request.progress = [&](uint64_t) { return receiver.Continue(); };
  constexpr int kMostReplacements = 3;
  for (int replaced = 0;; ++replaced) {
    const S3Answer answer = TRY(client.Send(request));
    if (answer.ok()) {
      // An empty object brings no bytes, so that nobody has seen its status.
      if (answer.status() == 200 && !receiver.begun()) TRY(receiver.Restart());
      return {};
    }
    // The file is complete, or longer than the object: its digest decides.
    if (answer.status() == 416 && part.size() > 0) return {};
    if (answer.status() == 412 && replaced < kMostReplacements) {
      TRY(receiver.Restart());  // the beginning is that of another object
      continue;
    }
    return std::unexpected(client.Refusal(answer, key, kRead, kGetPermission));
  }
}

}  // namespace

Result<void> S3Download(S3Client& client, const std::string& key, const fs::path& target, const std::string& digest,
                        const S3Progress& progress) {
  if (target.has_parent_path()) {
    std::error_code error;
    fs::create_directories(target.parent_path(), error);
    if (error) {
      return Fail(ErrorCode::kIo,
                  fmt::format("{}: cannot create the directory: {}", target.parent_path().string(), error.message()));
    }
  }
  const fs::path path = target.string() + ".incomplete";
  std::string found;
  for (int attempt = 0; attempt < 2; ++attempt) {
    PartialFile part = TRY(PartialFile::Open(path));
    Receiver receiver(client, key, part, progress);
    if (const Result<void> fetched = Fetch(client, key, part, receiver); !fetched) {
      if (part.size() == 0 || fetched.error().code == ErrorCode::kNotFound) part.Remove();
      return fetched;
    }
    found = TRY(receiver.Digest(path));
    if (found == digest) return part.Finish(target);
    part.Remove();
  }
  return Fail(ErrorCode::kInvalidData,
              fmt::format("{}: the stored file has SHA-256 {}, expected {}", client.Shown(key), found, digest),
              "the file was damaged or replaced in the artifact store, or something between here and there changes it; "
              "restore it from a backup, or store the model under a new version");
}

Result<std::string> S3DigestOf(S3Client& client, const std::string& key) {
  // Bytes that arrived are not asked for again after a cut.
  uint64_t done = 0;
  bool begun = false;
  std::string etag;
  Hasher hasher(Hasher::Kind::kSha256);
  S3Request request{.key = key};
  request.before_attempt = [&](S3Pairs& headers) {
    begun = false;
    if (done == 0 || etag.empty()) return;
    headers.emplace_back("range", fmt::format("bytes={}-", done));
    headers.emplace_back("if-match", etag);
  };
  request.sink = [&](const HttpAnswer& head, int status, std::string_view bytes) -> Result<void> {
    if (!begun && status == 206 && !RangeBeginsAt(head, done)) {
      return Fail(ErrorCode::kNetwork,
                  fmt::format("{}: the storage service sent another range than requested", client.Shown(key)));
    }
    if (!begun && status == 200) {
      etag = head.LastHeader("etag").value_or("");
      hasher = Hasher(Hasher::Kind::kSha256);
      done = 0;
    }
    begun = true;
    hasher.Update(bytes);
    done += bytes.size();
    return {};
  };
  const S3Answer answer = TRY(client.Send(request));
  if (!answer.ok()) return std::unexpected(client.Refusal(answer, key, kRead, kGetPermission));
  return hasher.Hex();
}

}  // namespace winnow
