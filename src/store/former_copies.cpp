#include "store/former_copies.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <map>
#include <string>
#include <system_error>

#include "base/parse_number.h"
#include "store/sqlite_backup.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

Error FailureOf(const fs::path& path) {
  return {ErrorCode::kIo, fmt::format("{}: {}", path.string(), std::strerror(errno)), ""};
}

fs::path DirectoryOf(const fs::path& store) { return fs::absolute(store).parent_path(); }

/// The copies of a store by their schema version.
std::map<int, fs::path> CopiesOf(const fs::path& store) {
  std::map<int, fs::path> copies;
  const std::string prefix = store.filename().string() + ".schema-";
  std::error_code error;
  for (auto entry = fs::directory_iterator(DirectoryOf(store), error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (!name.starts_with(prefix)) continue;
    const auto version = ParseNumber<int>(std::string_view(name).substr(prefix.size()));
    if (version) copies[*version] = store.parent_path() / name;
  }
  return copies;
}

Result<void> RenameDurably(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return std::unexpected(FailureOf(to));
  const fs::path directory = DirectoryOf(to);
  const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = fd >= 0 && ::fsync(fd) == 0;
  const Error failure = FailureOf(directory);
  if (fd >= 0) ::close(fd);
  if (!synced) return std::unexpected(failure);
  return {};
}

}  // namespace

Result<fs::path> KeepFormerCopy(const fs::path& store, int version) {
  fs::path copy = store;
  copy += fmt::format(".schema-{}", version);
  fs::path temporary = copy;
  temporary += ".tmp";
  std::error_code ignored;
  fs::remove(temporary, ignored);  // of a migration that was killed; the lock of the migration excludes others
  Result<void> done = CopySqlite(store, temporary);
  if (done) done = RenameDurably(temporary, copy);
  if (!done) {
    fs::remove(temporary, ignored);
    Error error = done.error();
    if (error.hint.empty()) {
      error.hint =
          "a store is copied before its tables change: free as much disk space as it has, and let its directory "
          "be writable";
    }
    return std::unexpected(std::move(error));
  }
  return copy;
}

std::optional<fs::path> FindFormerCopy(const fs::path& store, int version) {
  const std::map<int, fs::path> copies = CopiesOf(store);
  const auto above = copies.upper_bound(version);
  if (above == copies.begin()) return std::nullopt;
  return std::prev(above)->second;
}

Result<void> RemoveFormerCopies(const fs::path& store) {
  for (const auto& [version, copy] : CopiesOf(store)) {
    std::error_code error;
    fs::remove(copy, error);
    if (error)
      return Fail(ErrorCode::kIo, fmt::format("{}: cannot remove: {}", copy.string(), error.message()),
                  "check the permissions of its directory, or remove the file yourself");
  }
  return {};
}

}  // namespace winnow
