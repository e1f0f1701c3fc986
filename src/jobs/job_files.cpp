#include "jobs/job_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

#include "base/files.h"
#include "base/log.h"
#include "base/path_error.h"

namespace winnow {

namespace fs = std::filesystem;

namespace {

/// Calls `take` with each whole line of a file from `begin` on, until it returns false. Returns the place behind the
/// last line that was taken.
template <class Take>
uint64_t ForEachWholeLine(const fs::path& file, uint64_t begin, const Take& take) {
  std::ifstream in(file, std::ios::binary);
  in.seekg(static_cast<std::streamoff>(begin));
  std::string line;
  uint64_t place = begin;
  while (std::getline(in, line)) {
    if (in.eof()) break;  // no line end: unfinished
    place += line.size() + 1;
    if (!take(line)) break;
  }
  return place;
}

}  // namespace

Result<std::vector<Job>> ReadJobs(const fs::path& directory) {
  std::vector<Job> jobs;
  std::error_code error;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error)) {
    const fs::path file = entry->path() / kJobFile;
    std::error_code ignored;
    if (!fs::is_regular_file(file, ignored)) continue;
    const Result<Job> job = [&]() -> Result<Job> {
      return JobOfJson(TRY(ParseJson(TRY(ReadFile(file)), file.string())));
    }();
    if (job && job->id == entry->path().filename().string()) {
      jobs.push_back(*job);
    } else {
      LogWarning("{}: the record of a job is skipped: {}", file.string(),
                 job ? "its id is not that of its directory" : job.error().message);
    }
  }
  if (error) return std::unexpected(PathError(directory, error));
  std::ranges::sort(jobs, {}, [](const Job& job) { return std::pair(job.created, job.id); });
  return jobs;
}

Result<void> WriteJob(const fs::path& directory, const Job& job) {
  std::error_code error;
  fs::create_directories(directory / job.id, error);
  if (error) return std::unexpected(PathError(directory / job.id, error));
  return WriteFileAtomically(directory / job.id / kJobFile, JobJson(job).dump(2) + "\n");
}

Result<std::vector<JobEvent>> ReadEvents(const fs::path& directory, std::string_view id, int64_t after, size_t limit) {
  return EventTail(directory, id, after).Read(limit);
}

EventTail::EventTail(const fs::path& directory, std::string_view id, int64_t after)
    : file_(directory / id / kEventsFile), after_(after) {}

std::vector<JobEvent> EventTail::Read(size_t limit) {
  std::vector<JobEvent> events;
  if (limit == 0) return events;
  place_ = ForEachWholeLine(file_, place_, [&](const std::string& line) {
    if (++last_ > after_) {
      Result<Json> data = ParseJson(line, kEventsFile);
      const bool is_event = data && data->is_object();
      events.push_back(
          {last_, is_event ? *std::move(data) : Json{{"type", "log"}, {"level", "info"}, {"message", line}}});
    }
    return events.size() < limit;
  });
  return events;
}

Result<JobEventFile> JobEventFile::Open(const fs::path& directory, std::string_view id) {
  const fs::path file = directory / id / kEventsFile;
  int64_t lines = 0;
  const uint64_t whole = ForEachWholeLine(file, 0, [&](const std::string&) {
    ++lines;
    return true;
  });
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0 || ::ftruncate(fd, static_cast<off_t>(whole)) != 0) {
    const int number = errno;
    if (fd >= 0) ::close(fd);
    return Fail(ErrorCode::kIo, fmt::format("{}: {}", file.string(), std::strerror(number)));
  }
  return JobEventFile(fd, lines);
}

JobEventFile::JobEventFile(JobEventFile&& other) noexcept : fd_(std::exchange(other.fd_, -1)), last_(other.last_) {}

JobEventFile::~JobEventFile() {
  if (fd_ >= 0) ::close(fd_);
}

Result<JobEvent> JobEventFile::Append(Json data) {
  const std::string line = DumpJsonLine(data) + "\n";
  std::string_view left = line;
  while (!left.empty()) {
    const ssize_t written = ::write(fd_, left.data(), left.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return Fail(ErrorCode::kIo, fmt::format("{}: {}", kEventsFile, std::strerror(errno)));
    left.remove_prefix(static_cast<size_t>(written));
  }
  return JobEvent{++last_, std::move(data)};
}

}  // namespace winnow
