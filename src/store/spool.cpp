#include "store/spool.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>

#include "base/files.h"
#include "base/hash.h"
#include "base/json.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

constexpr size_t kChecksumDigits = 16;
constexpr std::string_view kPrefix = "spool-", kSuffix = ".lines";

std::unexpected<Error> SystemError(const fs::path& path, std::string_view what) {
  const int error = errno;
  return Fail(ErrorCode::kIo, fmt::format("{}: {}: {}", path.string(), what, std::strerror(error)),
              error == ENOSPC || error == EDQUOT || error == EFBIG
                  ? "free disk space, or move the spool to a larger disk"
                  : "");
}

std::string Checksum(std::string_view record) { return Sha256(record).substr(0, kChecksumDigits); }

/// Returns the record of a line, or nothing if the line is not valid.
std::optional<std::string_view> RecordOf(std::string_view line) {
  if (line.size() <= kChecksumDigits || line[kChecksumDigits] != ' ') return std::nullopt;
  const std::string_view record = line.substr(kChecksumDigits + 1);
  if (Checksum(record) != line.substr(0, kChecksumDigits)) return std::nullopt;
  return record;
}

/// Returns the number of a segment's file name, or nothing for other files.
std::optional<uint64_t> SegmentNumber(std::string_view name) {
  if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix)) return std::nullopt;
  name = name.substr(kPrefix.size(), name.size() - kPrefix.size() - kSuffix.size());
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
  return number;
}

bool WriteAll(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

}  // namespace

void ReadSpoolRecords(std::string_view contents, SpoolSegment& segment) {
  bool invalid = false;
  while (!contents.empty()) {
    const size_t end = contents.find('\n');
    const bool complete = end != std::string_view::npos;
    const auto record = complete ? RecordOf(contents.substr(0, end)) : std::nullopt;
    if (record) {
      segment.damaged = segment.damaged || invalid;
      segment.records.emplace_back(*record);
    } else {
      invalid = true;
      // A write that was lost leaves zeros; anything else on a complete line was once written.
      if (complete && contents.find_first_not_of('\0') < end) segment.damaged = true;
    }
    contents.remove_prefix(complete ? end + 1 : contents.size());
  }
}

Result<std::unique_ptr<Spool>> Spool::Open(const fs::path& directory, const SpoolLimits& limits) {
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST)
    return SystemError(directory, "cannot create the directory of the spool");
  const int lock = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (lock < 0) return SystemError(directory, "cannot open the directory of the spool");
  std::unique_ptr<Spool> spool(new Spool(directory, limits, lock));  // closes the descriptor
  if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return SystemError(directory, "cannot lock the directory of the spool");
    return Fail(ErrorCode::kExists, directory.string() + ": another process uses this spool",
                "each server needs a spool directory of its own");
  }
  TRY(spool->Scan());
  return spool;
}

Spool::~Spool() {
  if (file_ >= 0) ::close(file_);
  ::close(lock_);
}

/// Segments of earlier processes are delivered, never appended to: their last line may be incomplete.
Result<void> Spool::Scan() {
  const MutexLock lock(mutex_);
  std::error_code error;
  std::vector<std::pair<uint64_t, File>> found;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory_, error)) {
    const auto number = SegmentNumber(entry.path().filename().string());
    if (!number) continue;
    std::error_code ignored;
    const auto bytes = static_cast<uint64_t>(entry.file_size(ignored));
    found.push_back({*number, {entry.path(), ignored ? 0 : bytes}});
  }
  if (error)
    return Fail(ErrorCode::kIo, fmt::format("{}: cannot read the directory: {}", directory_.string(), error.message()));
  std::ranges::sort(found, {}, [](const auto& item) { return item.first; });
  for (auto& [number, file] : found) {
    segments_.push_back(std::move(file));
    next_segment_ = number + 1;
  }
  return {};
}

Result<void> Spool::BeginSegment() {
  const fs::path path = directory_ / fmt::format("{}{:010}{}", kPrefix, next_segment_, kSuffix);
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0) return SystemError(path, "cannot create the file");
  ++next_segment_;
  if (::fsync(lock_) != 0) {  // the name, before any record counts on it
    const auto error = SystemError(directory_, "cannot write the directory to the disk");
    ::close(file);
    ::unlink(path.c_str());
    return error;
  }
  file_ = file;
  segments_.push_back({path, 0});
  return {};
}

/// Later records go to another segment. Waits for an fsync that is running.
void Spool::EndSegment() {
  while (syncing_) synced_changed_.Wait(mutex_);
  if (file_ < 0) return;
  if (synced_ < written_) {
    if (::fsync(file_) == 0) {
      synced_ = written_;
    } else {
      failed_ = synced_ = written_;
    }
    synced_changed_.NotifyAll();
  }
  ::close(file_);
  file_ = -1;
  if (!segments_.empty() && segments_.back().bytes == 0) {
    ::unlink(segments_.back().path.c_str());
    segments_.pop_back();
  }
}

Result<void> Spool::Write(std::string_view line) {
  uint64_t total = line.size();
  for (const File& segment : segments_) total += segment.bytes;
  if (total > limits_.total_bytes) {
    return Fail(
        ErrorCode::kIo,
        fmt::format("{}: the spool is full: {} bytes wait for delivery", directory_.string(), total - line.size()),
        "make the store available again");
  }
  if (file_ >= 0 && segments_.back().bytes >= limits_.segment_bytes) EndSegment();
  if (file_ < 0) TRY(BeginSegment());
  File& segment = segments_.back();
  if (!WriteAll(file_, line)) {
    const auto error = SystemError(segment.path, "cannot write feedback to the spool");
    // A part of the line may be there. Where it cannot be cut off, the next segment is begun behind it.
    if (::ftruncate(file_, static_cast<off_t>(segment.bytes)) != 0) EndSegment();
    return error;
  }
  segment.bytes += line.size();
  ++written_;
  return {};
}

Result<void> Spool::AwaitSync(uint64_t number) {
  while (synced_ < number) {
    if (syncing_) {
      synced_changed_.Wait(mutex_);
      continue;
    }
    syncing_ = true;
    const uint64_t target = written_;
    const int file = file_;
    mutex_.Unlock();
    const bool done = ::fdatasync(file) == 0;
    mutex_.Lock();
    syncing_ = false;
    synced_ = std::max(synced_, target);
    if (!done) failed_ = target;  // the system may have dropped the pages: nothing of them can be promised again
    synced_changed_.NotifyAll();
    if (!done) EndSegment();
  }
  if (number <= failed_)
    return Fail(ErrorCode::kIo, directory_.string() + ": cannot write feedback to the disk (fsync failed)");
  return {};
}

Result<void> Spool::Append(std::string_view record) {
  if (record.find('\n') != std::string_view::npos)
    return Fail(ErrorCode::kInternal, "a record of the spool contains a line end");
  std::string line = Checksum(record);
  line += ' ';
  line += record;
  line += '\n';
  const MutexLock lock(mutex_);
  TRY(Write(line));
  return AwaitSync(written_);
}

Result<std::unique_ptr<SpoolSegment>> Spool::Oldest() {
  auto segment = std::make_unique<SpoolSegment>();
  {
    const MutexLock lock(mutex_);
    if (segments_.size() == 1) EndSegment();
    if (segments_.empty()) return nullptr;
    segment->path = segments_.front().path;
  }
  ReadSpoolRecords(TRY(ReadFile(segment->path)), *segment);
  return segment;
}

Result<void> Spool::Remove(const SpoolSegment& segment) {
  const MutexLock lock(mutex_);
  const fs::path damaged = fs::path(segment.path).replace_extension(".damaged");
  const bool removed =
      segment.damaged ? ::rename(segment.path.c_str(), damaged.c_str()) == 0 : ::unlink(segment.path.c_str()) == 0;
  if (!removed) return SystemError(segment.path, "cannot remove the file");
  if (!segments_.empty() && segments_.front().path == segment.path) segments_.pop_front();
  return {};
}

Result<void> Spool::Reject(std::string_view record, std::string_view reason) {
  return AppendLine(directory_ / "rejected.jsonl", Json{{"reason", reason}, {"record", record}}.dump());
}

bool Spool::empty() const {
  const MutexLock lock(mutex_);
  return segments_.empty();
}

uint64_t Spool::bytes() const {
  const MutexLock lock(mutex_);
  uint64_t total = 0;
  for (const File& segment : segments_) total += segment.bytes;
  return total;
}

}  // namespace winnow
