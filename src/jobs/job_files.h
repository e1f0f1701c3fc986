/// The files of jobs: DIRECTORY/ID/job.json, events.jsonl and output.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "jobs/job.h"

namespace winnow {

inline constexpr char kJobFile[] = "job.json";
inline constexpr char kEventsFile[] = "events.jsonl";
inline constexpr char kOutputFile[] = "output";

/// Reads the records of all jobs of a directory, oldest first. Directories that have none are left alone; a record that
/// is damaged is reported in the log and skipped. Errors: kIo.
Result<std::vector<Job>> ReadJobs(const std::filesystem::path& directory);

/// Writes the record of a job, atomically; creates its directory. Errors: kIo.
Result<void> WriteJob(const std::filesystem::path& directory, const Job& job);

/// Returns at most `limit` events of a job with ids above `after`. An unfinished last line, of a server that was
/// killed, is left out. Errors: kIo.
Result<std::vector<JobEvent>> ReadEvents(const std::filesystem::path& directory, std::string_view id, int64_t after,
                                         size_t limit);

/// Reads the events of one job while they are written. Not thread-safe.
class EventTail {
 public:
  /// Begins after the event `after`. A file that does not exist yet has no events.
  EventTail(const std::filesystem::path& directory, std::string_view id, int64_t after);

  /// Returns at most `limit` events that were written since the last call.
  std::vector<JobEvent> Read(size_t limit);
  /// Returns the id of the last event that was read or skipped.
  int64_t last() const { return last_; }

 private:
  std::filesystem::path file_;
  uint64_t place_ = 0;
  int64_t last_ = 0, after_;
};

/// Writes the events of one job. Not thread-safe.
class JobEventFile {
 public:
  /// Opens the file for appending; an unfinished last line is removed. Errors: kIo.
  static Result<JobEventFile> Open(const std::filesystem::path& directory, std::string_view id);
  JobEventFile(JobEventFile&& other) noexcept;
  JobEventFile& operator=(JobEventFile&&) = delete;
  ~JobEventFile();

  /// Appends an event and returns it with its id. Errors: kIo.
  Result<JobEvent> Append(Json data);
  /// Returns the id of the last event; 0 if there is none.
  int64_t last() const { return last_; }

 private:
  JobEventFile(int fd, int64_t last) : fd_(fd), last_(last) {}
  int fd_;
  int64_t last_;
};

}  // namespace winnow
