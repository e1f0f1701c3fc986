#include "jobs/job_failure.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <utility>

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

/// Advice for a command line, and how a request follows it.
constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kAdviceForRequests = {{
    {"repeat the command with --resume to continue from it", "resume the job to continue from it"},
    {"omit --resume to start from the beginning", "start a new job"},
    {"train again without --resume", "start a new job"},
    {"--data FILE", "'data'"},
    {"with --data", "with 'data'"},
}};

bool IsOptionCharacter(char c) { return IsAsciiAlphanumeric(c) || c == '-'; }

/// Returns where the next command to run begins, or the end of the text; it reaches to the next semicolon.
size_t NextCommand(std::string_view text) {
  size_t next = text.size();
  for (const std::string_view program : {"winnow ", "eval "}) {
    for (size_t at = text.find(program); at < next; at = text.find(program, at + 1)) {
      if (at == 0 || !IsOptionCharacter(text[at - 1])) next = at;
    }
  }
  return next;
}

/// Returns text without commands in the words of requests.
std::string OptionsByName(std::string text) {
  for (const auto& [advice, request] : kAdviceForRequests) {
    if (const size_t at = text.find(advice); at != std::string::npos) text.replace(at, advice.size(), request);
  }
  for (size_t at = 0; (at = text.find("--", at)) != std::string::npos;) {
    size_t end = at + 2;
    while (end < text.size() && IsOptionCharacter(text[end])) ++end;
    const bool is_word = at == 0 || text[at - 1] == ' ' || text[at - 1] == '(';
    const std::string name = text.substr(at + 2, end - at - 2);
    const std::string named = is_word && !name.empty() ? "option '" + name + "'" : "--" + name;
    text.replace(at, end - at, named);
    at += named.size();
  }
  return text;
}

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
    return fmt::format(
        "the job was ended, because it exceeded the server's time limit of {} s (winnow serve --job-hours)",
        time_limit.count());
  }
  if (IsAboutGpu(message_) && IsOutOfMemory(message_)) {
    const std::string holders = GpuMemoryHolders();
    return fmt::format("{}; {}{}{}", RequestWords(message_), kAdvice, holders.empty() ? "" : ". ", holders);
  }
  // Libraries that get no memory often crash.
  const int signal = end.status > 128 ? end.status - 128 : 0;
  const bool crashed = memory_bytes > 0 && (signal == SIGSEGV || signal == SIGABRT || signal == SIGBUS);
  if (IsOutOfMemory(message_) || signal == SIGKILL || (crashed && message_.empty())) {
    const std::string most = memory_bytes == 0
                                 ? "this machine had"
                                 : fmt::format("the server's limit of {:.0f} MB (winnow serve --job-memory-mb)",
                                               static_cast<double>(memory_bytes) / 1e6);
    return fmt::format("the job {}needed more memory than {}; {}", message_.empty() ? "probably " : "", most, kAdvice);
  }
  if (!message_.empty()) return RequestWords(message_);
  if (signal > 0) return fmt::format("the process ended by signal {}", signal);
  return fmt::format("the process ended with exit code {}", end.status);
}

std::string RequestWords(std::string_view message) {
  std::string words;
  while (!message.empty()) {
    const size_t command = NextCommand(message), end = std::min(message.find(';', command), message.size());
    words += OptionsByName(std::string(message.substr(0, command)));
    words += message.substr(command, end - command);
    message.remove_prefix(end);
  }
  return words;
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
