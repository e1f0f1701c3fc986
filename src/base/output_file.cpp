#include "base/output_file.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>
#include <optional>
#include <string>
#include <thread>

#include "base/interrupt.h"
#include "base/parse_number.h"
#include "base/path_error.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

constexpr int kPollMs = 50;

/// What a name stands for.
struct Destination {
  fs::path file;        ///< the name without symbolic links at its end
  int descriptor = -1;  ///< the number, for the name of an open descriptor
  bool stream = false;  ///< a named pipe or a character device
};

/// The number of a descriptor of this process that `path` names, as /proc/self/fd/1 does (where /dev/stdout points to).
std::optional<int> DescriptorOf(const fs::path& path) {
  const std::string name = path.filename().string();
  const std::optional<int> number = ParseNumber<int>(name);
  if (!number || *number < 0) return {};
  std::error_code failed;
  const fs::path own = fs::canonical("/proc/self/fd", failed);
  if (failed || fs::canonical(path.parent_path(), failed) != own || failed) return {};
  return number;
}

Result<Destination> Resolve(const fs::path& path) {
  constexpr int kMostLinks = 40;  // as Linux follows
  fs::path place = path;
  for (int links = 0; links <= kMostLinks; ++links) {
    if (const auto number = DescriptorOf(place)) return Destination{.file = place, .descriptor = *number};
    struct stat status {};
    if (::lstat(place.c_str(), &status) != 0) {
      // A file to be made; what else is missing, writing tells.
      if (errno == ENOENT) return Destination{.file = place};
      return std::unexpected(SystemErrorAt(path, "cannot write"));
    }
    if (S_ISREG(status.st_mode)) return Destination{.file = place};
    if (S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode)) return Destination{.file = place, .stream = true};
    if (!S_ISLNK(status.st_mode)) {
      const std::string_view kind = S_ISDIR(status.st_mode)    ? "a directory"
                                    : S_ISSOCK(status.st_mode) ? "a socket"
                                                               : "a block device";
      return Fail(ErrorCode::kIo, path.string() + ": is " + std::string(kind) + ", which cannot be written as a file",
                  "specify the name of a file, of a named pipe or of a character device");
    }
    std::error_code error;
    place = place.parent_path() / fs::read_symlink(place, error);
    if (error) return Fail(ErrorCode::kIo, path.string() + ": cannot follow the link: " + error.message());
  }
  return Fail(ErrorCode::kIo, path.string() + ": too many levels of symbolic links");
}

/// A descriptor for the stream that is closed in the end. Opening a pipe waits until somebody reads it.
Result<int> OpenStream(const Destination& destination, const fs::path& output) {
  if (destination.descriptor >= 0) {
    const int copy = ::fcntl(destination.descriptor, F_DUPFD_CLOEXEC, 0);
    if (copy < 0) return std::unexpected(SystemErrorAt(output, "cannot write"));
    return copy;
  }
  for (;;) {
    // Without waiting, since a signal could not end the wait: it is taken on another thread.
    const int fd = ::open(destination.file.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd >= 0) return fd;
    if (errno != ENXIO && errno != EINTR) return std::unexpected(SystemErrorAt(output, "cannot write"));
    std::error_code ignored;
    if (errno == ENXIO && !fs::is_fifo(destination.file, ignored)) {
      errno = ENXIO;
      return std::unexpected(SystemErrorAt(output, "cannot write"));
    }
    TRY(CheckInterrupted());
    std::this_thread::sleep_for(std::chrono::milliseconds(kPollMs));
  }
}

Result<void> WriteToStream(int fd, std::span<const std::byte> bytes, const fs::path& output) {
  while (!bytes.empty()) {
    TRY(CheckInterrupted());
    pollfd wanted = {.fd = fd, .events = POLLOUT, .revents = 0};
    const int ready = ::poll(&wanted, 1, kPollMs);
    if (ready < 0 && errno != EINTR) return std::unexpected(SystemErrorAt(output, "cannot write"));
    if (ready <= 0) continue;
    // A pipe that is writable takes PIPE_BUF bytes without waiting.
    const ssize_t written = ::write(fd, bytes.data(), std::min<size_t>(bytes.size(), PIPE_BUF));
    if (written < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (written < 0) return std::unexpected(SystemErrorAt(output, "cannot write"));
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
  return {};
}

}  // namespace

Result<void> CheckOutputFile(const fs::path& output, std::span<const fs::path> inputs) {
  const Destination destination = TRY(Resolve(output));
  struct stat own {};
  const bool exists = destination.descriptor >= 0 ? ::fstat(destination.descriptor, &own) == 0
                                                  : ::stat(destination.file.c_str(), &own) == 0;
  if (!exists || !(S_ISREG(own.st_mode) || S_ISFIFO(own.st_mode))) return {};
  for (const fs::path& input : inputs) {
    struct stat other {};
    const bool found = input == "-" ? ::fstat(STDIN_FILENO, &other) == 0 : ::stat(input.c_str(), &other) == 0;
    if (!found || own.st_dev != other.st_dev || own.st_ino != other.st_ino) continue;
    return Fail(ErrorCode::kInvalidArgument,
                output.string() + ": is the output and also an input ('" + input.string() +
                    "'), and files that are read are never changed in place",
                "specify another file as the output");
  }
  return {};
}

Result<void> WriteOutputFile(const fs::path& output, const std::function<Result<void>(const FileSink&)>& write) {
  const Destination destination = TRY(Resolve(output));
  if (destination.descriptor < 0 && !destination.stream) return WriteFileAtomically(destination.file, write);
  const int fd = TRY(OpenStream(destination, output));
  Result<void> result =
      write([&](std::span<const std::byte> bytes) -> Result<void> { return WriteToStream(fd, bytes, output); });
  if (::close(fd) != 0 && result) result = std::unexpected(SystemErrorAt(output, "cannot write"));
  return result;
}

Result<void> WriteOutputFile(const fs::path& output, std::string_view contents) {
  return WriteOutputFile(output, [&](const FileSink& sink) { return sink(std::as_bytes(std::span(contents))); });
}

Result<void> AppendOutputLine(const fs::path& output, std::string_view line) {
  const Destination destination = TRY(Resolve(output));
  const bool stream = destination.descriptor >= 0 || destination.stream;
  return stream ? WriteOutputFile(output, std::string(line) + "\n") : AppendLine(destination.file, line);
}

}  // namespace winnow
