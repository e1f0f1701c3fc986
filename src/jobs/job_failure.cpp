#include "jobs/job_failure.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <csignal>

#include "base/ascii.h"
#include "base/files.h"
#include "base/lines.h"
#include "base/temporary_directory.h"

namespace winnow {
namespace {

constexpr int kMostSeconds = 10;  // that nvidia-smi may take

bool Contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

bool IsOutOfMemory(std::string_view message) {
  constexpr std::array<std::string_view, 4> kWords = {"out of memory", "cannot allocate memory", "bad_alloc",
                                                      "memory exhausted"};
  const std::string lower = LowerAscii(message);
  return std::ranges::any_of(kWords, [&](std::string_view words) { return Contains(lower, words); });
}

bool IsAboutGpu(std::string_view message) { return Contains(message, "CUDA") || Contains(message, "GPU"); }

}  // namespace

void FailureReason::Add(std::string_view message) {
  if (message.starts_with("  ") && !message_.empty()) {
    message_ += fmt::format("; {}", message.substr(message.find_first_not_of(' ')));
    return;
  }
  // "winnow train: error: the reason"
  constexpr std::string_view kError = "error: ";
  const size_t at = message.starts_with("winnow") ? message.find(kError) : std::string_view::npos;
  message_ = at == std::string_view::npos ? message : message.substr(at + kError.size());
}

std::string FailureReason::Text(const ProgramEnd& end, std::chrono::seconds time_limit, uint64_t memory_bytes) const {
  constexpr char kAdvice[] = "try a smaller batch size, a shorter maximum length or a smaller base model";
  if (end.how == ProgramEnd::kTimedOut) {
    return fmt::format("the job was ended, because it exceeded the time limit of {} s (--job-hours)",
                       time_limit.count());
  }
  if (IsAboutGpu(message_) && IsOutOfMemory(message_)) {
    const std::string holders = GpuMemoryHolders();
    return fmt::format("{}; {}{}{}", message_, kAdvice, holders.empty() ? "" : ". ", holders);
  }
  // Libraries that get no memory often crash.
  const int signal = end.status > 128 ? end.status - 128 : 0;
  const bool crashed = memory_bytes > 0 && (signal == SIGSEGV || signal == SIGABRT || signal == SIGBUS);
  if (IsOutOfMemory(message_) || signal == SIGKILL || (crashed && message_.empty())) {
    const std::string most = memory_bytes == 0 ? "this machine had"
                                               : fmt::format("the limit of {:.0f} MB (--job-memory-mb)",
                                                             static_cast<double>(memory_bytes) / 1e6);
    return fmt::format("the job {}needed more memory than {}; {}", message_.empty() ? "probably " : "", most, kAdvice);
  }
  if (!message_.empty()) return message_;
  if (signal > 0) return fmt::format("the process ended by signal {}", signal);
  return fmt::format("the process ended with exit code {}", end.status);
}

std::string GpuMemoryHolders() {
  Result<ScopedTemporaryDirectory> directory = ScopedTemporaryDirectory::Make("gpu");
  if (!directory) return "";
  const std::filesystem::path log = directory->path() / "log";
  const Result<ProgramEnd> end =
      RunProgram({"nvidia-smi", "--query-compute-apps=pid,process_name,used_memory", "--format=csv,noheader"},
                 {.log = log, .timeout_seconds = kMostSeconds});
  if (!end || !end->succeeded()) return "";
  const Result<std::string> listed = ReadFile(log);
  if (!listed) return "";
  std::string holders;
  for (const std::string& line : Lines(*listed)) holders += (holders.empty() ? "" : "; ") + line;
  return holders.empty() ? "" : "memory of the GPU is held by (process, name, memory): " + holders;
}

}  // namespace winnow
