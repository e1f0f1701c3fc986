#include "store/sqlite_backup.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>
#include <string>

namespace winnow {
namespace {

namespace fs = std::filesystem;

constexpr int kPagesAtOnce = 1024;
constexpr int kPause = 10;         // milliseconds, if a writer is in the way
constexpr int kMostPauses = 3000;  // half a minute

struct CloseDatabase {
  void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
};
using Database = std::unique_ptr<sqlite3, CloseDatabase>;

Error FailureOf(const fs::path& path, sqlite3* database) {
  return {ErrorCode::kIo,
          fmt::format("{}: {}", path.string(), database != nullptr ? sqlite3_errmsg(database) : "out of memory"), ""};
}

Result<Database> Open(const fs::path& path, int flags) {
  sqlite3* opened = nullptr;
  const int code = sqlite3_open_v2(fs::absolute(path).c_str(), &opened, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  Database database(opened);
  if (code != SQLITE_OK) return std::unexpected(FailureOf(path, opened));
  sqlite3_busy_timeout(opened, kPause * kMostPauses);
  return database;
}

/// One transaction for all steps of a copy: without it, each step after a write of another connection begins the copy
/// anew, which beside a server that writes all the time would never end. Writers go on meanwhile, in the log.
Result<void> BeginReading(sqlite3* from, const fs::path& path) {
  if (sqlite3_exec(from, "BEGIN; SELECT count(*) FROM sqlite_master", nullptr, nullptr, nullptr) == SQLITE_OK)
    return {};
  return std::unexpected(FailureOf(path, from));
}

Result<void> Copy(sqlite3* from, sqlite3* to, const fs::path& path, const fs::path& target) {
  TRY(BeginReading(from, path));
  sqlite3_backup* const backup = sqlite3_backup_init(to, "main", from, "main");
  if (backup == nullptr) return std::unexpected(FailureOf(path, to));
  int code = SQLITE_OK;
  for (int pauses = 0; pauses < kMostPauses;) {
    code = sqlite3_backup_step(backup, kPagesAtOnce);
    if (code == SQLITE_BUSY || code == SQLITE_LOCKED) {
      sqlite3_sleep(kPause);
      ++pauses;
    } else if (code != SQLITE_OK) {
      break;
    }
  }
  sqlite3_backup_finish(backup);
  if (code == SQLITE_FULL) {
    return Fail(ErrorCode::kIo, target.string() + ": the disk is full", "free disk space, or choose another disk");
  }
  if (code != SQLITE_DONE) {
    return Fail(ErrorCode::kIo, fmt::format("{}: {}", path.string(), sqlite3_errstr(code)));
  }
  return {};
}

/// A copy is one file: the write-ahead log of its source is in it.
Result<void> Check(sqlite3* copy, const fs::path& source) {
  if (sqlite3_exec(copy, "PRAGMA journal_mode=DELETE", nullptr, nullptr, nullptr) != SQLITE_OK) {
    return std::unexpected(FailureOf(source, copy));
  }
  std::string finding;
  const auto take = [](void* to, int, char** values, char**) {
    *static_cast<std::string*>(to) = values[0] != nullptr ? values[0] : "";
    return 0;
  };
  if (sqlite3_exec(copy, "PRAGMA quick_check(1)", take, &finding, nullptr) != SQLITE_OK || finding != "ok") {
    return Fail(ErrorCode::kInvalidData, fmt::format("{}: the database is damaged: {}", source.string(), finding),
                "restore an earlier backup, or recover what can be read with 'sqlite3 FILE .recover'");
  }
  return {};
}

/// An empty file that its owner alone can read: SQLite would create one that others can read, too.
Result<void> CreatePrivateFile(const fs::path& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return Fail(ErrorCode::kIo, fmt::format("{}: {}", path.string(), std::strerror(errno)));
  ::close(fd);
  return {};
}

Result<void> MakeDurable(const fs::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const bool synced = fd >= 0 && ::fsync(fd) == 0;
  if (fd >= 0) ::close(fd);
  if (!synced) return Fail(ErrorCode::kIo, path.string() + ": cannot be made durable");
  return {};
}

}  // namespace

bool IsSqliteFile(const fs::path& path) {
  char begin[16] = {};
  std::ifstream(path, std::ios::binary).read(begin, sizeof begin);
  return std::string_view(begin, sizeof begin) == std::string_view("SQLite format 3\0", 16);
}

Result<void> CopySqlite(const fs::path& from, const fs::path& to) {
  std::error_code error;
  if (!fs::exists(from, error))
    return Fail(ErrorCode::kNotFound, from.string() + ": there is no such file", "check the path");
  {
    // Not read-only: a database whose last user was killed has a log that must be applied first.
    const Database source = TRY(Open(from, SQLITE_OPEN_READWRITE));
    TRY(CreatePrivateFile(to));
    const Database copy = TRY(Open(to, SQLITE_OPEN_READWRITE));
    TRY(Copy(source.get(), copy.get(), from, to));
    TRY(Check(copy.get(), from));
  }
  return MakeDurable(to);
}

}  // namespace winnow
