#include "base/input_file.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/interrupt.h"

namespace winnow {
namespace {

constexpr int kPollMs = 50;

/// Opens without waiting: an open that waits for the writer of a pipe could not be ended by a signal, since signals are
/// taken on a thread of their own.
int OpenWithoutWaiting(const std::filesystem::path& path) {
  return ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

std::unexpected<Error> CannotOpen(const std::string& name) {
  const int number = errno;
  return Fail(number == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo,
              name + ": cannot open: " + std::strerror(number),
              number == ENOENT ? "check the path; it is relative to the current directory" : "check its permissions");
}

}  // namespace

Result<InputFile> InputFile::Open(const std::filesystem::path& path) {
  InputFile file;
  const bool standard_input = path == "-";
  file.name_ = standard_input ? "standard input" : path.string();
  file.fd_ = standard_input ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0) : OpenWithoutWaiting(path);
  if (file.fd_ < 0) return CannotOpen(file.name_);
  struct stat status {};
  if (::fstat(file.fd_, &status) != 0) return CannotOpen(file.name_);
  if (S_ISDIR(status.st_mode))
    return Fail(ErrorCode::kInvalidData, file.name_ + ": is a directory", "specify the data files in it");
  file.may_stall_ = !S_ISREG(status.st_mode) && !S_ISBLK(status.st_mode);
  return file;
}

InputFile& InputFile::operator=(InputFile&& other) noexcept {
  std::swap(name_, other.name_);
  std::swap(fd_, other.fd_);
  std::swap(may_stall_, other.may_stall_);
  return *this;
}

InputFile::~InputFile() {
  if (fd_ >= 0) ::close(fd_);
}

Result<size_t> InputFile::Read(char* bytes, size_t count) {
  const auto failed = [&] { return Fail(ErrorCode::kIo, name_ + ": cannot read: " + std::strerror(errno)); };
  for (;;) {
    if (may_stall_) {
      // A pipe without a writer becomes readable, or is hung up, only once one has come (pipe(7), poll(2)).
      TRY(CheckInterrupted());
      pollfd wanted = {.fd = fd_, .events = POLLIN, .revents = 0};
      const int ready = ::poll(&wanted, 1, kPollMs);
      if (ready < 0 && errno != EINTR) return failed();
      if (ready <= 0) continue;
    }
    const ssize_t got = ::read(fd_, bytes, count);
    if (got >= 0) return static_cast<size_t>(got);
    if (errno != EINTR && errno != EAGAIN) return failed();
  }
}

Result<void> CheckRegularFile(const std::filesystem::path& path, size_t max_bytes) {
  const int fd = OpenWithoutWaiting(path);
  if (fd < 0) return CannotOpen(path.string());
  struct stat status {};
  const bool known = ::fstat(fd, &status) == 0;
  ::close(fd);
  if (!known || !S_ISREG(status.st_mode)) return Fail(ErrorCode::kIo, path.string() + ": not a regular file");
  if (static_cast<size_t>(status.st_size) > max_bytes) {
    return Fail(ErrorCode::kInvalidData,
                path.string() + ": the file is larger than the limit of " + std::to_string(max_bytes) + " bytes",
                "check that the right file is specified");
  }
  return {};
}

}  // namespace winnow
