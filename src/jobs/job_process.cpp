#include "jobs/job_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <thread>
#include <utility>

namespace winnow {
namespace {

using std::chrono::steady_clock;

constexpr auto kPoll = std::chrono::milliseconds(50);
constexpr size_t kMostLine = size_t{1} << 20;  // of a line in bytes; what is longer is divided

/// An open file descriptor.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { Close(); }
  int get() const { return fd_; }
  void Close() {
    if (const int fd = std::exchange(fd_, -1); fd >= 0) ::close(fd);
  }

 private:
  int fd_;
};

/// Returns the start time of a process: the 22nd field of /proc/ID/stat, whose second field may contain spaces and
/// brackets (proc(5)). 0 if there is no such process.
int64_t StartTimeOf(pid_t process) {
  std::ifstream in(fmt::format("/proc/{}/stat", process));
  std::string line;
  std::getline(in, line);
  size_t at = line.rfind(')');
  for (int field = 2; field < 22 && at != std::string::npos; ++field) at = line.find(' ', at + 1);
  return at == std::string::npos ? 0 : std::strtoll(line.c_str() + at, nullptr, 10);
}

/// Makes the job, rather than the server, give way when memory is short.
void GiveWay(pid_t process) { std::ofstream(fmt::format("/proc/{}/oom_score_adj", process)) << 500; }

/// The command that limits its own memory before it becomes the program: a limit that the server would set after the
/// start comes too late for what the program does first. `ulimit` counts in KiB.
std::vector<std::string> WithMemoryLimit(const std::vector<std::string>& arguments, uint64_t memory_bytes) {
  if (memory_bytes == 0) return arguments;
  std::vector<std::string> command{"sh", "-c", R"(ulimit -d "$0" && exec "$@")", std::to_string(memory_bytes / 1024)};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return command;
}

/// Divides what arrives into lines.
class LineDivider {
 public:
  explicit LineDivider(const std::function<void(std::string_view)>& take) : take_(take) {}
  void Add(std::string_view bytes) {
    for (size_t end; (end = bytes.find('\n')) != std::string_view::npos; bytes.remove_prefix(end + 1)) {
      pending_ += bytes.substr(0, end);
      Flush();
    }
    pending_ += bytes;
    if (pending_.size() >= kMostLine) Flush();
  }
  void Flush() {
    if (!pending_.empty()) take_(std::exchange(pending_, {}));
  }

 private:
  const std::function<void(std::string_view)>& take_;
  std::string pending_;
};

/// Asks a process group to end, at last by force.
class Ending {
 public:
  Ending(pid_t process, std::chrono::milliseconds patience) : process_(process), patience_(patience) {}
  bool begun() const { return begun_; }
  void Begin() {
    if (std::exchange(begun_, true)) return;
    ::kill(-process_, SIGTERM);
    deadline_ = steady_clock::now() + patience_;
  }
  void Poll() {
    if (begun_ && steady_clock::now() >= deadline_) ::kill(-process_, SIGKILL);
  }

 private:
  const pid_t process_;
  const std::chrono::milliseconds patience_;
  steady_clock::time_point deadline_;
  bool begun_ = false;
};

/// Kills a process and waits for its end, unless somebody else has done so: nobody would if an exception came first.
class Reaper {
 public:
  explicit Reaper(pid_t process) : process_(process) {}
  Reaper(const Reaper&) = delete;
  Reaper& operator=(const Reaper&) = delete;
  ~Reaper() {
    if (process_ <= 0) return;
    ::kill(-process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }
  void Release() { process_ = 0; }

 private:
  pid_t process_;
};

/// Reads what there is, for at most one poll. Returns false at the end.
bool ReadSome(int fd, LineDivider& lines) {
  pollfd waiting{.fd = fd, .events = POLLIN, .revents = 0};
  if (::poll(&waiting, 1, static_cast<int>(kPoll.count())) <= 0) return true;
  std::array<char, 65536> buffer;
  const ssize_t read = ::read(fd, buffer.data(), buffer.size());
  if (read < 0) return errno == EINTR || errno == EAGAIN;
  lines.Add({buffer.data(), static_cast<size_t>(read)});
  return read > 0;
}

}  // namespace

Result<ProgramEnd> RunJobProcess(const JobProcessOptions& options,
                                 const std::function<void(const ProcessIdentity&)>& started,
                                 const std::function<void(std::string_view line)>& take_line,
                                 const std::function<bool()>& keep_going) {
  const Descriptor output(::open(options.output.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (output.get() < 0) {
    return Fail(ErrorCode::kIo, fmt::format("cannot write {}: {}", options.output.string(), std::strerror(errno)));
  }
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return Fail(ErrorCode::kIo, fmt::format("pipe: {}", std::strerror(errno)));
  const Descriptor reading(ends[0]);
  Descriptor writing(ends[1]);
  const std::vector<std::string> command = WithMemoryLimit(options.arguments, options.memory_bytes);
  const pid_t process = TRY(StartProgram(command, {.out = output.get(), .err = writing.get()}, options.variables));
  Reaper reaper(process);
  writing.Close();
  GiveWay(process);
  started({process, StartTimeOf(process)});
  LineDivider lines(take_line);
  Ending ending(process, options.patience);
  const auto deadline = steady_clock::now() + options.time_limit;
  ProgramEnd end;
  int status = 0;
  bool open = true, exited = false;
  while (!exited) {
    if (open) {
      open = ReadSome(reading.get(), lines);
    } else {
      std::this_thread::sleep_for(kPoll);
    }
    if (!ending.begun() && !keep_going()) {
      end.how = ProgramEnd::kStopped;
      ending.Begin();
    } else if (!ending.begun() && steady_clock::now() >= deadline) {
      end.how = ProgramEnd::kTimedOut;
      ending.Begin();
    }
    ending.Poll();
    exited = ::waitpid(process, &status, WNOHANG) == process;
  }
  reaper.Release();
  ::kill(-process, SIGKILL);  // what the process has started and left
  while (open && ReadSome(reading.get(), lines)) {
    pollfd waiting{.fd = reading.get(), .events = POLLIN, .revents = 0};
    if (::poll(&waiting, 1, 0) <= 0) break;
  }
  lines.Flush();
  end.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return end;
}

void EndLeftProcess(const ProcessIdentity& process, std::chrono::milliseconds patience) {
  const auto runs = [&] { return process.id > 0 && StartTimeOf(process.id) == process.start && process.start != 0; };
  if (!runs()) return;
  Ending ending(process.id, patience);
  ending.Begin();
  for (const auto begin = steady_clock::now(); runs() && steady_clock::now() - begin < patience + patience;) {
    ending.Poll();
    std::this_thread::sleep_for(kPoll);
  }
}

}  // namespace winnow
