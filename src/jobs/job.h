/// Jobs: commands of this program that run for a server in processes of their own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace winnow {

enum class JobState {
  kQueued,
  kRunning,
  kSucceeded,
  kFailed,
  kCancelled,    ///< ended because somebody asked for it
  kInterrupted,  ///< ended because the server stopped, or was killed
};

std::string_view NameOf(JobState state);
/// Returns the state of that name, or nothing.
std::optional<JobState> ParseJobState(std::string_view name);
/// Returns true for the states of jobs that have ended.
bool HasEnded(JobState state);

/// What a job runs.
struct JobPlan {
  std::string kind = {};                    ///< "train", "evaluate", "doctor" and so on: job_plan.cpp has all
  std::vector<std::string> arguments = {};  ///< arguments of the program, the command first
  std::string title = {};                   ///< line for people: "fine-tune minilm on messages.csv"
  std::string owner = {};                   ///< who started it: the name of an API key, or empty
  /// Arguments that are added when the job is started again after its end; empty: it starts from the beginning.
  std::vector<std::string> resume_arguments = {};
  bool keep_result = false;  ///< whether the result is kept when the job is removed, as that of a benchmark is
};

struct Job {
  std::string id = {};  ///< 16 hexadecimal digits
  JobPlan plan = {};
  JobState state = JobState::kQueued;
  double created = 0, started = 0, ended = 0;  ///< seconds since 1970; 0: not yet
  std::optional<int> exit_code = {};
  std::string error = {};     ///< why it failed, and what to do about it; empty otherwise
  int64_t runs = 0;           ///< number of times that it was started
  int64_t process = 0;        ///< process id while it runs
  int64_t process_start = 0;  ///< start time of that process in clock ticks since the machine's start
};

Json JobJson(const Job& job);
/// Errors: kInvalidData for what JobJson does not make.
Result<Job> JobOfJson(const Json& json);

/// One line of the history of a job. Ids of a job count from 1.
struct JobEvent {
  int64_t id = 0;
  /// {"type": "state", "state"}, {"type": "progress", "work", "done", "total", ...}, {"type": "evaluation", ...},
  /// {"type": "log", "level", "message"}.
  Json data = {};
};

}  // namespace winnow
