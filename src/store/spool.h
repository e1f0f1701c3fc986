/// A spool: records on disk that wait for delivery. Records are appended to files (segments), each as one line with a
/// checksum, and are durable when Append returns. What a crash or a lost write leaves of an incomplete line is
/// recognized by its checksum and passed over.
#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"

namespace winnow {

struct SpoolLimits {
  uint64_t segment_bytes = uint64_t{8} << 20;  ///< size from which a new segment is begun
  uint64_t total_bytes = uint64_t{1} << 30;    ///< size of all segments from which records are refused
};

/// Records of a segment that was read.
struct SpoolSegment {
  std::filesystem::path path;
  std::vector<std::string> records;
  /// True if there are valid records behind an invalid one, or a complete line is invalid: more than a torn end, which
  /// a crash leaves.
  bool damaged = false;
};

/// Divides the contents of a segment into records, which are appended to segment.records; sets segment.damaged.
void ReadSpoolRecords(std::string_view contents, SpoolSegment& segment);

/// Returns the number of records in the files of a spool's directory, which other processes may be using, for which
/// `counts` returns true. A missing directory has none. Errors: kIo.
Result<int64_t> CountInSpool(const std::filesystem::path& directory,
                             const std::function<bool(std::string_view record)>& counts);

/// Thread-safe. One process at a time uses a spool's directory.
class Spool {
 public:
  /// Opens the spool; a missing directory is created, readable by its owner alone. Errors: kExists if another process
  /// uses the directory; kIo.
  static Result<std::unique_ptr<Spool>> Open(const std::filesystem::path& directory, const SpoolLimits& limits = {});
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;
  ~Spool();

  /// Appends a record, which must not contain a line end, and returns when it is on the disk. Concurrent callers share
  /// one fsync. Errors: kIo, such as a full disk; then the record is not in the spool.
  Result<void> Append(std::string_view record);

  /// Returns the oldest segment with its records, or nothing if the spool is empty. Records that are appended from now
  /// on go to later segments. Errors: kIo.
  Result<std::unique_ptr<SpoolSegment>> Oldest();

  /// Removes a segment whose records are delivered. A damaged one is renamed to *.damaged instead. Errors: kIo.
  Result<void> Remove(const SpoolSegment& segment);

  /// Keeps a record that cannot be delivered, with the reason, in the file rejected.jsonl of the directory. Errors:
  /// kIo.
  Result<void> Reject(std::string_view record, std::string_view reason);

  /// Removes the records, also of rejected.jsonl and *.damaged, for which `forgets` returns true, and returns their
  /// number. Errors: kIo.
  Result<int64_t> Forget(const std::function<bool(std::string_view record)>& forgets);

  /// Returns true if no segment has records.
  bool empty() const;
  uint64_t bytes() const;

 private:
  struct File {
    std::filesystem::path path;
    uint64_t bytes = 0;
  };

  Spool(std::filesystem::path directory, const SpoolLimits& limits, int lock)
      : directory_(std::move(directory)), limits_(limits), lock_(lock) {}
  Result<void> Scan();
  Result<void> Write(std::string_view line) REQUIRES(mutex_);
  Result<void> BeginSegment() REQUIRES(mutex_);
  void EndSegment() REQUIRES(mutex_);
  Result<void> AwaitSync(uint64_t number) REQUIRES(mutex_);

  const std::filesystem::path directory_;
  const SpoolLimits limits_;
  const int lock_;  // descriptor of the locked directory
  mutable Mutex mutex_;
  ConditionVariable synced_changed_;
  std::deque<File> segments_ GUARDED_BY(mutex_);  // oldest first; the last is being written if file_ is open
  int file_ GUARDED_BY(mutex_) = -1;
  uint64_t next_segment_ GUARDED_BY(mutex_) = 1;
  uint64_t written_ GUARDED_BY(mutex_) = 0;  // records so far
  uint64_t synced_ GUARDED_BY(mutex_) = 0;   // records that are on the disk
  uint64_t failed_ GUARDED_BY(mutex_) = 0;   // records up to this number were not synced, since fsync failed
  bool syncing_ GUARDED_BY(mutex_) = false;
};

}  // namespace winnow
