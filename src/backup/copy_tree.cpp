#include "backup/copy_tree.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <system_error>

#include "base/files.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/path_error.h"
#include "store/sqlite_backup.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

constexpr int kMostAttempts = 5;  // at a directory that is replaced again and again
constexpr size_t kPiece = size_t{1} << 20;

bool IsLeftOut(const fs::path& name) {
  const std::string text = name.filename().string();
  if (text == ".former" || text == ".trash") return false;  // of a workspace's data files: what people may want back
  return text.starts_with('.') || text.ends_with("-wal") || text.ends_with("-shm") || text.ends_with("-journal");
}

/// What tells a directory from another one that has taken its place.
struct Identity {
  dev_t device = 0;
  ino_t inode = 0;
  bool operator==(const Identity&) const = default;
};
Identity IdentityOf(const fs::path& path) {
  struct stat status = {};
  if (::stat(path.c_str(), &status) != 0) return {};
  return {status.st_dev, status.st_ino};
}

Error GoneError(const fs::path& path) { return {ErrorCode::kNotFound, path.string() + ": there is no such file", ""}; }

Result<void> CopyBytes(const fs::path& from, const fs::path& to) {
  const MappedFile source = TRY(MappedFile::Open(from));
  return WriteFileAtomically(to, [&](const FileSink& sink) -> Result<void> {
    for (std::span<const std::byte> rest = source.bytes(); !rest.empty();) {
      const size_t size = std::min(rest.size(), kPiece);
      TRY(sink(rest.first(size)));
      rest = rest.subspan(size);
    }
    return {};
  });
}

class TreeCopy {
 public:
  TreeCopy(fs::path from, fs::path to, const std::function<bool()>& keep_going, const std::set<std::string>* only)
      : from_(std::move(from)), to_(std::move(to)), keep_going_(keep_going), only_(only) {}

  Result<void> CopyDirectory(const fs::path& relative) {
    for (int attempt = 1;; ++attempt) {
      const Identity before = IdentityOf(from_ / relative);
      const size_t files = files_.size();
      const Result<void> copied = CopyEntries(relative);
      if (copied && IdentityOf(from_ / relative) == before) return {};
      // What could not be read may have been replaced: then the error says nothing.
      if (!copied && (copied.error().code != ErrorCode::kNotFound || attempt == kMostAttempts)) return copied;
      if (attempt == kMostAttempts) {
        return Fail(ErrorCode::kIo, fmt::format("{} is replaced all the time", (from_ / relative).string()),
                    "repeat the backup when nothing is trained");
      }
      files_.resize(files);
      std::error_code error;
      fs::remove_all(to_ / relative, error);
      if (!fs::exists(from_ / relative, error)) return {};  // it was removed
    }
  }

  std::vector<CopiedFile> TakeFiles() { return std::move(files_); }

 private:
  Result<void> CopyEntries(const fs::path& relative) {
    std::error_code error;
    fs::create_directories(to_ / relative, error);
    if (error) return std::unexpected(PathError(to_ / relative, error));
    std::vector<fs::directory_entry> entries;
    for (fs::directory_iterator entry(from_ / relative, error), end; !error && entry != end; entry.increment(error)) {
      entries.push_back(*entry);
    }
    if (error == std::errc::no_such_file_or_directory) return std::unexpected(GoneError(from_ / relative));
    if (error) return std::unexpected(PathError(from_ / relative, error));
    // Files first: the records of a registry name artifacts, which never change, and must not be newer than these.
    std::ranges::sort(entries, {}, [&](const fs::directory_entry& entry) {
      return std::pair(entry.is_directory(error), entry.path());
    });
    for (const fs::directory_entry& entry : entries) {
      if (IsLeftOut(entry.path())) continue;
      if (entry.is_symlink(error)) {
        LogWarning("{} is a symbolic link, and is not copied", entry.path().string());
        continue;
      }
      const fs::path name = relative / entry.path().filename();
      if (entry.is_directory(error)) {
        TRY(CopyDirectory(name));
      } else if (entry.is_regular_file(error)) {
        if (only_ != nullptr && !only_->contains(name.generic_string())) continue;
        if (!keep_going_()) return Fail(ErrorCode::kIo, "the copy was interrupted");
        CopiedFile file = TRY(CopyOneFile(entry.path(), to_ / name));
        file.name = name.generic_string();
        files_.push_back(std::move(file));
      }
    }
    return {};
  }

  const fs::path from_, to_;
  const std::function<bool()>& keep_going_;
  const std::set<std::string>* const only_;
  std::vector<CopiedFile> files_;
};

}  // namespace

Result<CopiedFile> CopyOneFile(const fs::path& from, const fs::path& to) {
  TRY(IsSqliteFile(from) ? CopySqlite(from, to) : CopyBytes(from, to));
  std::error_code error;
  fs::permissions(to, fs::status(from, error).permissions(), error);
  fs::last_write_time(to, fs::last_write_time(from, error),
                      error);  // what a job without data reads is what changed last
  CopiedFile file{.name = to.filename().string(), .bytes = fs::file_size(to, error), .sha256 = TRY(Sha256OfFile(to))};
  if (error) return std::unexpected(PathError(to, error));
  return file;
}

Result<std::vector<CopiedFile>> CopyTree(const fs::path& from, const fs::path& to,
                                         const std::function<bool()>& keep_going, const std::set<std::string>* only) {
  std::error_code error;
  if (!fs::is_directory(from, error)) return std::unexpected(GoneError(from));
  TreeCopy copy(from, to, keep_going, only);
  TRY(copy.CopyDirectory(""));
  return copy.TakeFiles();
}

}  // namespace winnow
