#include "store/spool.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

#include "base/files.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/lines.h"
#include "base/parse_number.h"
#include "base/replace_file.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

constexpr size_t kChecksumDigits = 16;
constexpr std::string_view kPrefix = "spool-", kSuffix = ".lines", kRejected = "rejected.jsonl";

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
  return ParseNumber<uint64_t>(name);
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

/// Returns the record in a line of any file of a spool.
std::optional<std::string> RecordOfAnyLine(std::string_view line) {
  if (const auto record = RecordOf(line)) return std::string(*record);
  const Result<Json> rejected = ParseJson(line, "rejected feedback");
  const Json* const record = rejected ? rejected->Find("record") : nullptr;
  return record != nullptr && record->is_string() ? std::optional(record->str()) : std::nullopt;
}

struct Filtered {
  std::string kept;
  int64_t removed = 0;
};

/// Leaves out the lines whose record is to be removed. A line that is not valid is passed on as it is.
Filtered FilterLines(std::string_view contents, const std::function<bool(std::string_view record)>& removes) {
  Filtered filtered;
  while (!contents.empty()) {
    const std::string_view line = TakeLineWithEnd(contents);
    const std::string_view text = line.ends_with('\n') ? line.substr(0, line.size() - 1) : line;
    if (removes(RecordOfAnyLine(text).value_or(std::string(text)))) {
      ++filtered.removed;
    } else {
      filtered.kept += line;
    }
  }
  return filtered;
}

/// Returns the files that contain records, or did before they were damaged.
Result<std::vector<fs::path>> FilesOf(const fs::path& directory) {
  std::vector<fs::path> files;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory, error)) {
    const std::string name = entry.path().filename().string();
    if (SegmentNumber(name) || name.ends_with(".damaged") || name == kRejected) files.push_back(entry.path());
  }
  if (error && error != std::errc::no_such_file_or_directory)
    return Fail(ErrorCode::kIo, fmt::format("{}: cannot read the directory: {}", directory.string(), error.message()),
                "check the permissions of the directory, or specify another one with --spool");
  return files;
}

}  // namespace

Result<int64_t> CountInSpool(const fs::path& directory, const std::function<bool(std::string_view record)>& counts) {
  int64_t count = 0;
  for (const fs::path& path : TRY(FilesOf(directory))) {
    const Result<std::string> contents = ReadFile(path);
    if (!contents && contents.error().code == ErrorCode::kNotFound) continue;  // delivered in the meantime
    count += FilterLines(TRY(contents), counts).removed;
  }
  return count;
}

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
    return Fail(ErrorCode::kIo, fmt::format("{}: cannot read the directory: {}", directory_.string(), error.message()),
                "check the permissions of the directory, or specify another one with --spool");
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
    return Fail(ErrorCode::kIo, directory_.string() + ": cannot write feedback to the disk (fsync failed)",
                "check the disk: the log of the system kernel says more");
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
  const MutexLock lock(mutex_);  // not while the file is replaced
  return AppendLine(directory_ / kRejected, Json{{"reason", reason}, {"record", record}}.dump());
}

Result<int64_t> Spool::Forget(const std::function<bool(std::string_view record)>& forgets) {
  const MutexLock lock(mutex_);
  EndSegment();
  int64_t forgotten = 0;
  for (const fs::path& path : TRY(FilesOf(directory_))) {
    const Filtered filtered = FilterLines(TRY(ReadFile(path)), forgets);
    if (filtered.removed == 0) continue;
    TRY(ReplaceFile(path, filtered.kept));
    forgotten += filtered.removed;
    for (File& segment : segments_) {
      if (segment.path == path) segment.bytes = filtered.kept.size();
    }
  }
  return forgotten;
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
