#include "base/replace_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "base/path_error.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

bool WriteAll(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

/// The new file is readable by others no sooner than the old one was. A program without privileges cannot give a file
/// to another owner; the file is then its own, as with every program that replaces files.
bool Fill(int file, const struct stat& former, std::string_view contents) {
  if (::fchown(file, former.st_uid, former.st_gid) != 0 && errno != EPERM) return false;
  return ::fchmod(file, former.st_mode & 07777) == 0 && WriteAll(file, contents) && ::fsync(file) == 0;
}

}  // namespace

Result<void> ReplaceFile(const fs::path& path, std::string_view contents) {
  std::error_code error;
  const fs::path target = fs::canonical(path, error);
  struct stat former {};
  if (error || ::stat(target.c_str(), &former) != 0) return std::unexpected(SystemErrorAt(path, "cannot open"));
  fs::path replacement = target;
  replacement += ".replaced";
  const int file = ::open(replacement.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (file < 0) return std::unexpected(SystemErrorAt(replacement, "cannot write"));
  const bool filled = Fill(file, former, contents);
  const auto failed = filled ? std::unexpected(Error{}) : std::unexpected(SystemErrorAt(replacement, "cannot write"));
  ::close(file);
  if (!filled) {
    ::unlink(replacement.c_str());
    return failed;
  }
  if (::rename(replacement.c_str(), target.c_str()) != 0)
    return std::unexpected(SystemErrorAt(path, "cannot replace the file"));
  const int directory = ::open(target.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory >= 0) {
    ::fsync(directory);
    ::close(directory);
  }
  return {};
}

void RemoveReplacement(const fs::path& path) {
  std::error_code error;
  fs::path replacement = fs::canonical(path, error);
  if (error) return;
  replacement += ".replaced";
  fs::remove(replacement, error);
}

}  // namespace winnow
