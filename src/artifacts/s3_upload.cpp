#include "artifacts/s3_upload.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <map>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "artifacts/directory_tree.h"
#include "artifacts/s3_checksum.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/mutex.h"
#include "base/path_error.h"

namespace winnow {
namespace {

constexpr uint64_t kMinPartBytes = 16 << 20, kMaxParts = 10'000;
constexpr std::string_view kUpload = "cannot write", kUploadPermission = "s3:PutObject";
constexpr int kMaxPages = 1000;

/// One file on its way, over one or two uploads.
class Upload {
 public:
  Upload(S3Client& client, const S3UploadJob& job)
      : client_(client),
        job_(job),
        part_bytes_(S3PartBytes(job.bytes)),
        file_(::open(job.file.c_str(), O_RDONLY | O_CLOEXEC)) {}

  Result<S3UploadResult> Run();

 private:
  uint64_t NumParts() const { return (job_.bytes + part_bytes_ - 1) / part_bytes_; }
  uint64_t BytesOf(uint64_t number) const { return std::min(part_bytes_, job_.bytes - (number - 1) * part_bytes_); }
  Result<std::string> ReadPart(uint64_t number) const;
  Result<std::vector<S3Upload>> ListUploads() const;
  Result<std::vector<S3Part>> ListParts(const std::string& id) const;
  Result<bool> IsOurs(const std::vector<S3Part>& parts) const;
  Result<std::string> Resume(std::map<uint64_t, S3Part>& present) const;
  Result<std::string> Create() const;
  struct Flight;
  Result<std::optional<S3Part>> SendPart(const std::string& id, uint64_t number, std::string_view bytes,
                                         const std::string& sha256, Flight& flight) const;
  void SendParts(const std::string& id, const std::map<uint64_t, S3Part>& present, Flight& flight) const;
  Result<void> Watch(Flight& flight) const;
  Result<S3UploadResult> SendAndComplete(const std::string& id, const std::map<uint64_t, S3Part>& present);
  Result<S3UploadResult> Complete(const std::string& id, const std::vector<S3Part>& parts) const;
  void AbortAll(const std::string& id) const;

  S3Client& client_;
  const S3UploadJob& job_;
  const uint64_t part_bytes_;
  const OwnedDescriptor file_;
};

/// The parts on their way, each by one of several threads.
struct Upload::Flight {
  explicit Flight(uint64_t num_parts, int threads) : parts(num_parts), sent(num_parts), running(threads) {}

  Mutex mutex;
  ConditionVariable ended;
  uint64_t next GUARDED_BY(mutex) = 1;                     // the part that a thread takes next
  Hasher hasher GUARDED_BY(mutex){Hasher::Kind::kSha256};  // of the whole file, since parts are read in order
  std::vector<S3Part> parts GUARDED_BY(mutex);             // as the service has them
  std::vector<uint64_t> sent GUARDED_BY(mutex);            // bytes per part
  std::optional<Error> failure GUARDED_BY(mutex);          // the first one
  bool gone GUARDED_BY(mutex) = false;                     // somebody has ended the upload
  int running GUARDED_BY(mutex);                           // threads
  std::atomic<bool> stopped = false;
};

/// True for a part that the service has as it is here: by SHA-256 where it keeps that, otherwise by the ETag, which is
/// the MD5 unless the service encrypts with keys of its own.
bool IsSame(const S3Part& there, std::string_view bytes, const std::string& sha256) {
  if (there.bytes != bytes.size()) return false;
  if (!there.sha256.empty()) return there.sha256 == Base64OfHex(sha256);
  std::string etag = there.etag;
  std::erase(etag, '"');
  return !etag.empty() && etag == Md5(bytes);
}

Result<std::string> Upload::ReadPart(uint64_t number) const {
  std::string bytes(static_cast<size_t>(BytesOf(number)), '\0');
  const auto begin = static_cast<off_t>((number - 1) * part_bytes_);
  for (size_t done = 0; done < bytes.size();) {
    const ssize_t count =
        ::pread(file_.get(), bytes.data() + done, bytes.size() - done, begin + static_cast<off_t>(done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return std::unexpected(SystemErrorAt(job_.file, "cannot read"));
    if (count == 0)
      return Fail(ErrorCode::kInvalidData, job_.file.string() + ": the file became shorter while it was read");
    done += static_cast<size_t>(count);
  }
  return bytes;
}

/// The uploads of this key that were begun and neither completed nor aborted.
Result<std::vector<S3Upload>> Upload::ListUploads() const {
  std::vector<S3Upload> uploads;
  S3UploadPage page;
  for (int i = 0; i < kMaxPages; ++i) {
    S3Request request{.query = {{"uploads", ""}, {"prefix", job_.key}, {"encoding-type", "url"}},
                      .expects_document = true};
    if (!page.next_key.empty()) request.query.emplace_back("key-marker", page.next_key);
    if (!page.next_id.empty()) request.query.emplace_back("upload-id-marker", page.next_id);
    const S3Answer answer = TRY(client_.Send(request));
    if (!answer.ok())
      return std::unexpected(client_.Refusal(answer, job_.key, "cannot list uploads", "s3:ListBucketMultipartUploads"));
    page = TRY(ParseUploadPage(answer.http.body));
    for (S3Upload& upload : page.uploads) {
      if (upload.key == job_.key && !upload.id.empty()) uploads.push_back(std::move(upload));
    }
    if (page.next_key.empty() || page.next_key > job_.key) break;
  }
  return uploads;
}

Result<std::vector<S3Part>> Upload::ListParts(const std::string& id) const {
  std::vector<S3Part> parts;
  S3PartPage page;
  for (int i = 0; i < kMaxPages; ++i) {
    S3Request request{.key = job_.key, .query = {{"uploadId", id}}, .expects_document = true};
    if (!page.next.empty()) request.query.emplace_back("part-number-marker", page.next);
    const S3Answer answer = TRY(client_.Send(request));
    if (!answer.ok())
      return std::unexpected(client_.Refusal(answer, job_.key, "cannot list parts", "s3:ListMultipartUploadParts"));
    page = TRY(ParsePartPage(answer.http.body));
    std::ranges::move(page.parts, std::back_inserter(parts));
    if (page.next.empty()) break;
  }
  return parts;
}

/// True if an upload can be continued with this file: all parts fit, and the first one is compared. An upload that
/// another process makes of another file is left alone this way; parts of two files never become one object in any
/// case, since the upload is completed with the ETags of the parts of this file.
Result<bool> Upload::IsOurs(const std::vector<S3Part>& parts) const {
  if (parts.empty()) return false;
  for (const S3Part& part : parts) {
    if (part.number < 1 || part.number > NumParts() || part.bytes != BytesOf(part.number)) return false;
  }
  const std::string bytes = TRY(ReadPart(parts.front().number));
  return IsSame(parts.front(), bytes, Sha256(bytes));
}

/// Returns the id of an upload to continue and its parts, or an empty id. A service that does not list uploads, or not
/// to us, is no reason to fail: the file is then sent as a whole.
Result<std::string> Upload::Resume(std::map<uint64_t, S3Part>& present) const {
  const Result<std::vector<S3Upload>> uploads = ListUploads();
  if (!uploads && uploads.error().code == ErrorCode::kCancelled) return std::unexpected(uploads.error());
  if (!uploads) {
    LogDebug("{}; uploads are not resumed", uploads.error().message);
    return std::string();
  }
  for (const S3Upload& upload : *uploads) {
    const Result<std::vector<S3Part>> parts = ListParts(upload.id);
    if (!parts && parts.error().code == ErrorCode::kCancelled) return std::unexpected(parts.error());
    if (!parts || !TRY(IsOurs(*parts))) continue;
    for (const S3Part& part : *parts) present[part.number] = part;
    LogInfo("{}: continuing an upload that was cut off, with {} of {} parts", client_.Shown(job_.key), parts->size(),
            NumParts());
    return upload.id;
  }
  return std::string();
}

Result<std::string> Upload::Create() const {
  S3Request request{.method = HttpMethod::kPost,
                    .key = job_.key,
                    .query = {{"uploads", ""}},
                    .headers = {{"content-type", "application/octet-stream"}, {"x-amz-meta-sha256", job_.digest}},
                    .expects_document = true};
  if (job_.checksums) request.headers.emplace_back("x-amz-checksum-algorithm", "SHA256");
  const S3Answer answer = TRY(client_.Send(request));
  if (!answer.ok()) return std::unexpected(client_.Refusal(answer, job_.key, kUpload, kUploadPermission));
  return ParseUploadId(answer.http.body);
}

/// Returns the part as the service has it, or nothing if the upload is gone.
Result<std::optional<S3Part>> Upload::SendPart(const std::string& id, uint64_t number, std::string_view bytes,
                                               const std::string& sha256, Flight& flight) const {
  S3Request request{.method = HttpMethod::kPut,
                    .key = job_.key,
                    .query = {{"partNumber", std::to_string(number)}, {"uploadId", id}},
                    .headers = S3ChecksumHeaders(bytes, sha256, job_.checksums),
                    .body = bytes,
                    .body_sha256 = sha256};
  request.progress = [&](uint64_t sent) {
    const MutexLock lock(flight.mutex);
    flight.sent[number - 1] = std::min<uint64_t>(sent, bytes.size());
    return !flight.stopped.load();
  };
  const S3Answer answer = TRY(client_.Send(request));
  if (answer.Is("NoSuchUpload")) return std::nullopt;
  if (!answer.ok()) return std::unexpected(client_.Refusal(answer, job_.key, kUpload, kUploadPermission));
  S3Part part{number, bytes.size(), answer.http.LastHeader("etag").value_or(""), {}};
  if (part.etag.empty()) {
    return Fail(ErrorCode::kNetwork,
                fmt::format("{}: the storage service did not return the ETag of a part", client_.Shown(job_.key)));
  }
  if (job_.checksums) part.sha256 = Base64OfHex(sha256);
  return part;
}

/// What each thread does: takes the next part, until there is none.
void Upload::SendParts(const std::string& id, const std::map<uint64_t, S3Part>& present, Flight& flight) const {
  const auto next = [&](uint64_t& number) -> Result<std::string> {
    const MutexLock lock(flight.mutex);
    number = flight.next++;
    if (number > NumParts() || flight.stopped) return std::string();
    std::string bytes = TRY(ReadPart(number));
    flight.hasher.Update(bytes);
    return bytes;
  };
  const auto send = [&](uint64_t number, const std::string& bytes) -> Result<std::optional<S3Part>> {
    const std::string sha256 = Sha256(bytes);
    const auto there = present.find(number);
    if (there != present.end() && IsSame(there->second, bytes, sha256)) return there->second;
    return SendPart(id, number, bytes, sha256, flight);
  };
  for (uint64_t number = 0;;) {
    const Result<std::string> bytes = next(number);
    Result<std::optional<S3Part>> part;
    if (!bytes) {
      part = std::unexpected(bytes.error());
    } else if (!bytes->empty()) {
      part = send(number, *bytes);
    }
    const MutexLock lock(flight.mutex);
    if (part && *part) {
      flight.parts[number - 1] = **part;
      flight.sent[number - 1] = bytes->size();
      continue;
    }
    if (!part && !flight.failure && !flight.stopped) flight.failure = part.error();
    if (part && !bytes->empty()) flight.gone = true;
    if (!part || !bytes->empty()) flight.stopped = true;
    if (--flight.running == 0) flight.ended.NotifyAll();
    return;
  }
}

/// Reports the progress until the threads have ended.
Result<void> Upload::Watch(Flight& flight) const {
  constexpr std::chrono::milliseconds kPause(100);
  bool cancelled = false;
  for (bool running = true; running;) {
    uint64_t sent = 0;
    {
      const MutexLock lock(flight.mutex);
      if (flight.running > 0) flight.ended.WaitUntil(flight.mutex, std::chrono::steady_clock::now() + kPause);
      running = flight.running > 0;
      for (const uint64_t bytes : flight.sent) sent += bytes;
    }
    if (cancelled || !job_.progress || job_.progress(sent, job_.bytes)) continue;
    cancelled = true;
    flight.stopped = true;
  }
  const MutexLock lock(flight.mutex);
  if (cancelled) return Fail(ErrorCode::kCancelled, client_.Shown(job_.key) + ": cancelled");
  if (flight.failure) return std::unexpected(*flight.failure);
  return {};
}

Result<S3UploadResult> Upload::SendAndComplete(const std::string& id, const std::map<uint64_t, S3Part>& present) {
  const auto threads = static_cast<int>(std::min<uint64_t>(NumParts(), static_cast<uint64_t>(job_.connections)));
  Flight flight(NumParts(), threads);
  std::vector<std::jthread> senders;
  senders.reserve(static_cast<size_t>(threads));
  for (int i = 0; i < threads; ++i) senders.emplace_back([&] { SendParts(id, present, flight); });
  const Result<void> sent = Watch(flight);
  senders.clear();  // waits for them
  TRY(sent);
  const MutexLock lock(flight.mutex);
  if (flight.gone) return S3UploadResult::kUnknown;
  if (const std::string digest = flight.hasher.Hex(); digest != job_.digest) {
    return Fail(ErrorCode::kInvalidData,
                fmt::format("{}: has SHA-256 {}, expected {}", job_.file.string(), digest, job_.digest),
                "the file was changed after its digest was computed");
  }
  return Complete(id, flight.parts);
}

Result<S3UploadResult> Upload::Complete(const std::string& id, const std::vector<S3Part>& parts) const {
  const std::string document = CompleteUploadDocument(parts);
  S3Request request{.method = HttpMethod::kPost,
                    .key = job_.key,
                    .query = {{"uploadId", id}},
                    .headers = {{"content-type", "application/xml"}},
                    .body = document,
                    .expects_document = true};
  if (job_.conditional) request.headers.emplace_back("if-none-match", "*");
  S3Answer answer = TRY(client_.Send(request));
  if (job_.conditional && answer.Is("NotImplemented")) {
    request.headers.pop_back();
    answer = TRY(client_.Send(request));
  }
  if (answer.ok()) return S3UploadResult::kStored;
  if (answer.status() == 412) return S3UploadResult::kExists;
  // Completed by an attempt whose answer was lost, or by somebody else; or a part was replaced by somebody else.
  if (answer.Is("NoSuchUpload") || answer.Is("InvalidPart")) return S3UploadResult::kUnknown;
  return std::unexpected(client_.Refusal(answer, job_.key, kUpload, kUploadPermission));
}

/// Aborts the upload and all others of the key, whose parts are paid for and of no use any more. Where that fails, a
/// rule of the bucket removes them (docs/artifacts.md).
void Upload::AbortAll(const std::string& id) const {
  std::vector<S3Upload> uploads = ListUploads().value_or(std::vector<S3Upload>());
  if (uploads.empty() && !id.empty()) uploads.push_back({job_.key, id});
  for (const S3Upload& upload : uploads) {
    const Result<S3Answer> answer =
        client_.Send({.method = HttpMethod::kDelete, .key = job_.key, .query = {{"uploadId", upload.id}}});
    if (!answer) LogDebug("{}: an upload could not be aborted: {}", client_.Shown(job_.key), answer.error().message);
  }
}

Result<S3UploadResult> Upload::Run() {
  if (file_.get() < 0) return std::unexpected(SystemErrorAt(job_.file, "cannot open"));
  std::map<uint64_t, S3Part> present;
  std::string id = TRY(Resume(present));
  if (id.empty()) id = TRY(Create());
  const Result<S3UploadResult> result = SendAndComplete(id, present);
  const bool cut_off =
      !result && (result.error().code == ErrorCode::kCancelled || result.error().code == ErrorCode::kNetwork);
  if (!cut_off) AbortAll(result == S3UploadResult::kStored ? std::string() : id);
  return result;
}

}  // namespace

uint64_t S3PartBytes(uint64_t bytes) {
  constexpr uint64_t kMebibyte = 1 << 20;
  const uint64_t needed = (bytes + kMaxParts - 1) / kMaxParts;
  return std::max(kMinPartBytes, (needed + kMebibyte - 1) / kMebibyte * kMebibyte);
}

S3Pairs S3ChecksumHeaders(std::string_view body, const std::string& sha256, bool checksums) {
  // The signature covers the body's SHA-256, too, which services check.
  if (checksums) return {{"x-amz-checksum-sha256", Base64OfHex(sha256)}, {"x-amz-sdk-checksum-algorithm", "SHA256"}};
  const std::string md5 = Md5(body);
  return md5.empty() ? S3Pairs() : S3Pairs{{"content-md5", Base64OfHex(md5)}};
}

Result<S3UploadResult> S3UploadInParts(S3Client& client, const S3UploadJob& job) { return Upload(client, job).Run(); }

}  // namespace winnow
