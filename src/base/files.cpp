#include "base/files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <utility>
#include <vector>

#include "base/mapped_memory.h"
#include "base/path_error.h"

namespace winnow {
namespace {

constexpr size_t kMaxFileBytes = size_t{1} << 30;  // that are read into memory as a whole

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  ~FileDescriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }
  int Release() { return std::exchange(fd_, -1); }
  /// Closes now and tells whether that succeeded: some file systems report a full disk only here.
  bool Close() { return ::close(std::exchange(fd_, -1)) == 0; }

 private:
  int fd_;
};

/// Opens a regular file, and tells its size. A pipe or a device has no end that is known beforehand, and a bundle from
/// elsewhere must not make its reader wait for one.
Result<int> OpenRegularFile(const std::filesystem::path& path, size_t& size) {
  // O_NONBLOCK: opening a pipe does not wait for its writer; for regular files it means nothing.
  FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (fd.get() < 0) return std::unexpected(SystemErrorAt(path, "cannot open"));
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return std::unexpected(SystemErrorAt(path, "cannot open"));
  if (!S_ISREG(status.st_mode)) return Fail(ErrorCode::kIo, path.string() + ": not a regular file");
  size = static_cast<size_t>(status.st_size);
  return fd.Release();
}

bool WriteAll(int fd, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
  return true;
}

/// Creates a file beside `path` under a name that no file has, and returns it open. A writer that was killed may have
/// had the same process id, as in a container, where each first process has the number 1: its file is passed over.
Result<int> OpenTemporary(const std::filesystem::path& path, mode_t mode, std::filesystem::path& temporary) {
  constexpr int kAttempts = 1000;
  static std::atomic<unsigned> counter = 0;
  for (int attempt = 1;; ++attempt) {
    temporary = path;
    temporary += ".tmp" + std::to_string(::getpid()) + "." + std::to_string(counter++);
    const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd >= 0) return fd;
    if (errno != EEXIST || attempt == kAttempts) return std::unexpected(SystemErrorAt(path, "cannot write"));
  }
}

/// `prepare` is called with the new file before anything is in it.
Result<void> WriteWhole(const std::filesystem::path& path, mode_t mode, const std::function<void(int fd)>& prepare,
                        const std::function<Result<void>(const FileSink&)>& write) {
  // What is no file is not replaced by one: a pipe or a device that stands there is somebody else's.
  struct stat old {};
  if (::lstat(path.c_str(), &old) == 0 && !S_ISREG(old.st_mode) && !S_ISLNK(old.st_mode))
    return Fail(ErrorCode::kIo, path.string() + ": cannot write: it exists and is not a regular file",
                "remove it, or specify another file");
  std::filesystem::path temporary;
  FileDescriptor fd(TRY(OpenTemporary(path, mode, temporary)));
  if (prepare) prepare(fd.get());
  const auto give_up = [&](Error error) {
    ::unlink(temporary.c_str());
    return std::unexpected(std::move(error));
  };
  const FileSink sink = [&](std::span<const std::byte> bytes) -> Result<void> {
    if (!WriteAll(fd.get(), bytes)) return std::unexpected(SystemErrorAt(path, "cannot write"));
    return {};
  };
  if (Result<void> result = write(sink); !result) return give_up(std::move(result).error());
  if (::fsync(fd.get()) != 0 || !fd.Close()) return give_up(SystemErrorAt(path, "cannot write"));
  if (::rename(temporary.c_str(), path.c_str()) != 0)
    return give_up(SystemErrorAt(path, "cannot move the new file to its final name"));
  SyncDirectory(path.parent_path());
  return {};
}

}  // namespace

Result<std::string> ReadFile(const std::filesystem::path& path) {
  size_t size = 0;
  FileDescriptor fd(TRY(OpenRegularFile(path, size)));
  if (size > kMaxFileBytes) {
    return Fail(ErrorCode::kIo, path.string() + ": too large for a file of its kind: more than 1 GiB");
  }
  std::string contents;
  contents.reserve(size);
  char buffer[1 << 16];
  for (;;) {
    const ssize_t count = ::read(fd.get(), buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return std::unexpected(SystemErrorAt(path, "cannot read"));
    if (count == 0) return contents;
    contents.append(buffer, static_cast<size_t>(count));
    if (contents.size() > kMaxFileBytes)
      return Fail(ErrorCode::kIo, path.string() + ": the file was changed while it was being read");
  }
}

void SyncDirectory(const std::filesystem::path& directory) {
  const char* const name = directory.empty() ? "." : directory.c_str();
  FileDescriptor fd(::open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() >= 0) ::fsync(fd.get());
}

Result<void> SyncTree(const std::filesystem::path& root) {
  std::vector<std::filesystem::path> paths = {root};
  std::error_code error;
  auto entry = std::filesystem::recursive_directory_iterator(root, error);
  for (; !error && entry != std::filesystem::recursive_directory_iterator(); entry.increment(error)) {
    // Opening a named pipe would wait for its writer, and there is nothing in it to make durable.
    if (!entry->is_symlink() && (entry->is_regular_file() || entry->is_directory())) paths.push_back(entry->path());
  }
  if (error) {
    errno = error.value();
    return std::unexpected(SystemErrorAt(root, "cannot list"));
  }
  for (const std::filesystem::path& path : paths) {
    FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (fd.get() < 0) return std::unexpected(SystemErrorAt(path, "cannot open"));
    if (::fsync(fd.get()) != 0 && errno != EINVAL) return std::unexpected(SystemErrorAt(path, "cannot write to disk"));
  }
  return {};
}

Result<void> WriteFileAtomically(const std::filesystem::path& path, std::string_view contents) {
  return WriteFileAtomically(path, [&](const FileSink& sink) { return sink(std::as_bytes(std::span(contents))); });
}

Result<void> WriteFileAtomically(const std::filesystem::path& path,
                                 const std::function<Result<void>(const FileSink&)>& write) {
  return WriteWhole(path, 0666, nullptr, write);
}

Result<SecretFile> ReadSecretFile(const std::filesystem::path& path, size_t max_bytes) {
  // Non-blocking, so that a named pipe is refused instead of waited for.
  FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status {};
  if (fd.get() < 0 || ::fstat(fd.get(), &status) != 0) return std::unexpected(SystemErrorAt(path, "cannot open"));
  if (!S_ISREG(status.st_mode)) return Fail(ErrorCode::kIo, path.string() + ": not a regular file");
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return Fail(ErrorCode::kIo, path.string() + ": the file must not be writable by users other than its owner",
                "check its contents, then run: chmod go-w " + path.string());
  }
  SecretFile file;
  file.others_read = (status.st_mode & S_IROTH) != 0;
  char buffer[1 << 16];
  for (;;) {
    const ssize_t count = ::read(fd.get(), buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return std::unexpected(SystemErrorAt(path, "cannot read"));
    if (count == 0) return file;
    if (file.contents.size() + static_cast<size_t>(count) > max_bytes) {
      return Fail(ErrorCode::kInvalidData,
                  path.string() + ": the file is larger than the limit of " + std::to_string(max_bytes) + " bytes",
                  "check that the right file is specified");
    }
    file.contents.append(buffer, static_cast<size_t>(count));
  }
}

Result<void> UpdateSecretFile(
    const std::filesystem::path& path, size_t max_bytes,
    const std::function<Result<std::string>(const std::optional<std::string>& contents)>& change) {
  std::filesystem::path target = path;
  std::error_code error;
  constexpr int kMostLinks = 40;  // as Linux follows
  for (int i = 0; i < kMostLinks && std::filesystem::is_symlink(target, error); ++i) {
    target = target.parent_path() / std::filesystem::read_symlink(target, error);
    if (error) return std::unexpected(PathError(path, error));
  }
  const std::filesystem::path directory = target.has_parent_path() ? target.parent_path() : std::filesystem::path(".");
  // Not the file itself: it is replaced, and who waited for it would then hold the lock of one that is gone.
  FileDescriptor lock(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (lock.get() < 0) return std::unexpected(SystemErrorAt(directory, "cannot open"));
  while (::flock(lock.get(), LOCK_EX) != 0) {
    if (errno == EINTR) continue;
    return std::unexpected(SystemErrorAt(directory, "cannot lock"));
  }
  struct stat old {};
  const bool exists = ::stat(target.c_str(), &old) == 0;
  std::optional<std::string> contents;
  if (exists) contents = TRY(ReadSecretFile(target, max_bytes)).contents;
  const std::string changed = TRY(change(contents));
  const auto keep_owner = [&](int fd) {
    if (!exists) return;
    // Only root can give a file away; a member of its group can keep at least that. Where neither can be had, the new
    // file is its writer's alone.
    const bool group =
        ::fchown(fd, old.st_uid, old.st_gid) == 0 || ::fchown(fd, static_cast<uid_t>(-1), old.st_gid) == 0;
    if (group && (old.st_mode & S_IRGRP) != 0) ::fchmod(fd, S_IRUSR | S_IWUSR | S_IRGRP);
  };
  return WriteWhole(target, S_IRUSR | S_IWUSR, keep_owner,
                    [&](const FileSink& sink) { return sink(std::as_bytes(std::span(changed))); });
}

Result<void> AppendLine(const std::filesystem::path& path, std::string_view line) {
  FileDescriptor fd(::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666));
  if (fd.get() < 0) return std::unexpected(SystemErrorAt(path, "cannot write"));
  while (::flock(fd.get(), LOCK_EX) != 0) {
    if (errno != EINTR) return std::unexpected(SystemErrorAt(path, "cannot lock"));
  }
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return std::unexpected(SystemErrorAt(path, "cannot write"));
  std::string text;
  if (char last = '\n'; S_ISREG(status.st_mode) && status.st_size > 0) {
    if (::pread(fd.get(), &last, 1, status.st_size - 1) != 1)
      return std::unexpected(SystemErrorAt(path, "cannot read"));
    if (last != '\n') text += '\n';
  }
  text.append(line) += '\n';
  if (!WriteAll(fd.get(), std::as_bytes(std::span(text))) || (::fsync(fd.get()) != 0 && S_ISREG(status.st_mode))) {
    Error error = SystemErrorAt(path, "cannot write");
    // Where even this fails, the next line begins by ending the half one.
    if (::ftruncate(fd.get(), status.st_size) != 0) error.message += "; a part of the line may have been written";
    return std::unexpected(std::move(error));
  }
  if (status.st_size == 0) SyncDirectory(path.parent_path());
  return {};
}

Result<MappedFile> MappedFile::Open(const std::filesystem::path& path) {
  MappedFile file;
  size_t size = 0;
  FileDescriptor fd(TRY(OpenRegularFile(path, size)));
  file.size_ = size;
  if (file.size_ == 0) return file;
  void* data = ::mmap(nullptr, file.size_, PROT_READ, MAP_PRIVATE, fd.get(), 0);
  if (data == MAP_FAILED) return std::unexpected(SystemErrorAt(path, "cannot map into memory"));
  file.data_ = static_cast<const std::byte*>(data);
  RegisterMapping(file.bytes(), fd.Release(), path);
  return file;
}

void MappedFile::ReleaseMemory() const {
  if (data_ != nullptr) ::madvise(const_cast<std::byte*>(data_), size_, MADV_DONTNEED);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

MappedFile::~MappedFile() {
  if (data_ == nullptr) return;
  ForgetMapping(bytes());
  ::munmap(const_cast<std::byte*>(data_), size_);
}

}  // namespace winnow
