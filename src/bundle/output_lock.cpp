#include "bundle/output_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <thread>
#include <utility>
#include <vector>

#include "base/path_error.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

/// A directory, opened and locked. `fd` is -1 if that failed, and `busy` then tells whether another process has the
/// lock.
struct LockedDirectory {
  int fd = -1;  // to be closed
  bool busy = false;
};

LockedDirectory LockDirectory(const fs::path& directory) {
  const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return {};
  if (::flock(fd, LOCK_EX | LOCK_NB) == 0) return {.fd = fd};
  const bool busy = errno == EWOULDBLOCK;
  ::close(fd);
  return {.busy = busy};
}

/// Writers of one directory take turns while they look for each other. Not for long: somebody else may hold such a lock
/// for reasons of their own, and without a turn, two writers that begin in the same moment may both give up, no more.
LockedDirectory TakeTurn(const fs::path& parent) {
  constexpr int kAttempts = 100;
  LockedDirectory turn = LockDirectory(parent);
  for (int i = 0; i < kAttempts && turn.busy; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    turn = LockDirectory(parent);
  }
  return turn;
}

/// Removes what killed writers left in `parent`, and returns true if a living one is at work.
bool RemoveLeftovers(const fs::path& target, const fs::path& parent) {
  std::error_code error;
  std::vector<fs::path> leftovers;
  for (auto entry = fs::directory_iterator(parent, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    if (entry->path().filename().string().starts_with(TemporaryPrefix(target))) leftovers.push_back(entry->path());
  }
  bool busy = false;
  for (const fs::path& leftover : leftovers) {
    const LockedDirectory lock = LockDirectory(leftover);
    busy = busy || lock.busy;
    if (lock.fd < 0) continue;
    if (leftover.filename().string().ends_with(kOldTarget) && !fs::exists(target, error)) {
      ::rename(leftover.c_str(), target.c_str());
    } else {
      fs::remove_all(leftover, error);
    }
    ::close(lock.fd);
  }
  return busy;
}

}  // namespace

std::string TemporaryPrefix(const fs::path& target) { return fmt::format(".{}.winnow-", target.filename().string()); }

bool IsMountPoint(const fs::path& target) {
  struct stat own {};
  struct stat above {};
  return ::stat(target.c_str(), &own) == 0 && ::stat(target.parent_path().c_str(), &above) == 0 &&
         own.st_dev != above.st_dev;
}

Result<fs::path> ResolveTarget(const fs::path& target) {
  std::error_code error;
  fs::path resolved = fs::weakly_canonical(target.empty() ? fs::path(".") : target, error);
  if (error) return std::unexpected(SystemErrorAt(target, "cannot resolve", error.value()));
  resolved = fs::absolute(resolved, error).lexically_normal();
  if (!resolved.has_filename()) resolved = resolved.parent_path();
  if (fs::is_symlink(resolved, error)) {  // what exists was followed
    return Fail(ErrorCode::kNotFound,
                fmt::format("{}: is a link to '{}', which does not exist", target.string(),
                            fs::read_symlink(resolved, error).string()),
                "make that directory, or remove the link");
  }
  return resolved;
}

Result<OutputLock> OutputLock::Take(const fs::path& target) {
  const fs::path parent = IsMountPoint(target) ? target : target.parent_path();
  std::error_code error;
  fs::create_directories(parent, error);
  if (error) return std::unexpected(SystemErrorAt(parent, "cannot create the directory", error.value()));
  const LockedDirectory turn = TakeTurn(parent);
  const auto take = [&]() -> Result<OutputLock> {
    if (RemoveLeftovers(target, parent)) {
      return Fail(ErrorCode::kExists, fmt::format("{}: another process is writing this directory", target.string()),
                  "wait until it is finished, or specify another output directory");
    }
    std::string name = (parent / (TemporaryPrefix(target) + "XXXXXX")).string();
    if (::mkdtemp(name.data()) == nullptr)
      return std::unexpected(SystemErrorAt(parent, "cannot create files in this directory"));
    OutputLock lock;
    lock.path_ = name;
    lock.fd_ = LockDirectory(lock.path_).fd;
    return lock;
  };
  Result<OutputLock> taken = take();
  if (turn.fd >= 0) ::close(turn.fd);
  return taken;
}

Result<OutputLock> OutputLock::TakeInPlace(const fs::path& bundle) {
  std::error_code ignored;
  const Result<fs::path> target = ResolveTarget(bundle);
  if (!target || !fs::is_directory(*target, ignored)) return OutputLock();
  Result<OutputLock> lock = Take(*target);
  if (!lock && lock.error().code != ErrorCode::kExists) return OutputLock();
  return lock;
}

OutputLock::OutputLock(OutputLock&& other) noexcept { *this = std::move(other); }

OutputLock& OutputLock::operator=(OutputLock&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(fd_, other.fd_);
  return *this;
}

OutputLock::~OutputLock() { Release(); }

void OutputLock::Release() {
  std::error_code ignored;
  if (!path_.empty()) fs::remove_all(path_, ignored);
  path_.clear();
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

}  // namespace winnow
