#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <system_error>
#include <utility>
#include <vector>

#include "backup/backup.h"
#include "backup/copy_tree.h"
#include "base/files.h"
#include "base/format_version.h"
#include "base/hash.h"
#include "base/path_error.h"
#include "registry/registry.h"
#include "store/sqlite_backup.h"
#include "store/store_url.h"
#include "store/time_text.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

struct SavedFile {
  std::string name, sha256;
};
struct SavedPart {
  std::string kind, from;
  std::vector<SavedFile> files;
};

Error Damaged(const fs::path& path, const std::string& what) {
  return {ErrorCode::kInvalidData, fmt::format("{}: {}", path.string(), what), "this backup cannot be restored"};
}

std::string TextIn(const Json& object, const char* field) {
  const Json* const found = object.Find(field);
  return found != nullptr && found->is_string() ? found->str() : "";
}

/// A name in a backup leads nowhere but into it.
bool IsInside(const std::string& name) {
  const fs::path path(name);
  return !name.empty() && path.is_relative() &&
         std::ranges::none_of(path, [](const fs::path& part) { return part == ".." || part == "." || part.empty(); });
}

Result<std::vector<SavedPart>> PartsOf(const Json& manifest, const fs::path& path) {
  const Json* const parts = manifest.Find("parts");
  const Json* const format = manifest.Find("format");
  if (format == nullptr || !format->is_number_integer()) {
    return std::unexpected(Damaged(path, "it does not state its format"));
  }
  if (const int64_t number = format->get<int64_t>(); number != 1) {
    return std::unexpected(NewerFormatError(path.string(), "the backup", number, 1, TextIn(manifest, "winnow")));
  }
  if (parts == nullptr || !parts->is_array()) return std::unexpected(Damaged(path, "it does not list its parts"));
  std::vector<SavedPart> read;
  for (const Json& part : *parts) {
    const Json* const files = part.is_object() ? part.Find("files") : nullptr;
    if (files == nullptr || !files->is_array() || !IsInside(TextIn(part, "kind"))) {
      return std::unexpected(Damaged(path, "a part is not described as it should be"));
    }
    SavedPart saved{.kind = TextIn(part, "kind"), .from = TextIn(part, "from"), .files = {}};
    for (const Json& file : *files) {
      if (!file.is_object() || !IsInside(TextIn(file, "name"))) {
        return std::unexpected(Damaged(path, "a file is not described as it should be"));
      }
      saved.files.push_back({.name = TextIn(file, "name"), .sha256 = TextIn(file, "sha256")});
    }
    read.push_back(std::move(saved));
  }
  return read;
}

struct SavedBackup {
  std::string created;
  std::vector<SavedPart> parts;
};

Result<SavedBackup> ReadBackupManifest(const fs::path& backup) {
  const fs::path path = backup / "backup.json";
  if (!Exists(path)) {
    return Fail(ErrorCode::kNotFound, path.string() + ": no such file, so this is not a backup",
                "specify a directory that 'winnow backup' has written");
  }
  const Json manifest = TRY(ParseJson(TRY(ReadFile(path)), path.string()));
  if (!manifest.is_object()) return std::unexpected(Damaged(path, "it is not a JSON object"));
  return SavedBackup{.created = TextIn(manifest, "created"), .parts = TRY(PartsOf(manifest, path))};
}

Result<BackupReport> CheckFiles(const fs::path& backup, const SavedBackup& saved) {
  BackupReport report{.created = saved.created, .parts = {}};
  for (const SavedPart& part : saved.parts) {
    BackupPart counted{.kind = part.kind, .from = part.from, .files = part.files.size()};
    for (const SavedFile& file : part.files) {
      const fs::path path = backup / part.kind / file.name;
      const Result<std::string> digest = Sha256OfFile(path);
      if (!digest) return std::unexpected(Damaged(path, "the file is missing or cannot be read"));
      if (*digest != file.sha256) return std::unexpected(Damaged(path, "the file is not what was saved"));
      std::error_code error;
      counted.bytes += fs::file_size(path, error);
    }
    report.parts.push_back(counted);
  }
  return report;
}

fs::path KeptName(const fs::path& target) {
  fs::path kept = target;
  return kept += ".before-restore";
}

/// Makes room for `target`: what is there is kept as `kept`.
Result<void> MakeRoom(const fs::path& target, const fs::path& kept, bool overwrite) {
  std::error_code error;
  if (!fs::exists(fs::symlink_status(target, error))) return {};
  if (fs::is_directory(target, error) && fs::is_empty(target, error)) {
    fs::remove(target, error);
    return {};
  }
  if (!overwrite) {
    return Fail(ErrorCode::kExists, target.string() + " exists",
                "stop the server that uses it, and pass --overwrite, which keeps it as NAME.before-restore");
  }
  fs::remove_all(kept, error);
  fs::rename(target, kept, error);
  if (error) return std::unexpected(PathError(kept, error));
  return {};
}

/// Makes room for a database. Its logs belong to it: SQLite would apply them to the restored one, and finds them beside
/// the kept one only under the name of that. The database is moved first, so that a restore that is repeated after it
/// was killed finds at most logs, which belong to what is kept.
Result<void> MakeRoomForDatabase(const fs::path& target, bool overwrite) {
  const fs::path kept = KeptName(target);
  const auto with = [](const fs::path& path, const char* end) { return fs::path(path.string() + end); };
  std::error_code ignored;
  const bool exists = fs::exists(fs::symlink_status(target, ignored));
  TRY(MakeRoom(target, kept, overwrite));
  for (const char* const end : {"-wal", "-shm", "-journal"}) {
    if (exists) fs::remove(with(kept, end), ignored);  // of what an earlier restore kept
    TRY(MakeRoom(with(target, end), with(kept, end), overwrite));
  }
  return {};
}

/// Gives what root restores to the owner of what it replaces, else to that of the directory: the server is seldom run
/// by root, and could not open it otherwise.
Result<void> GiveToOwner(const fs::path& restored, const fs::path& target) {
  if (::geteuid() != 0) return {};
  struct stat owner = {};
  if (::stat(target.c_str(), &owner) != 0 && ::stat(target.parent_path().c_str(), &owner) != 0) return {};
  std::vector<fs::path> paths = {restored};
  std::error_code error;
  if (fs::is_directory(restored, error)) {
    for (fs::recursive_directory_iterator entry(restored, error), end; !error && entry != end; entry.increment(error)) {
      paths.push_back(entry->path());
    }
  }
  if (error) return std::unexpected(PathError(restored, error));
  for (const fs::path& path : paths) {
    if (::lchown(path.c_str(), owner.st_uid, owner.st_gid) != 0)
      return std::unexpected(PathError(path, std::error_code(errno, std::generic_category())));
  }
  return {};
}

Result<void> RenameInto(const fs::path& temporary, const fs::path& target) {
  std::error_code error;
  fs::rename(temporary, target, error);
  if (error) return std::unexpected(PathError(target, error));
  SyncDirectory(target.parent_path());
  return {};
}

fs::path TemporaryBeside(const fs::path& target) {
  return target.parent_path() / fmt::format(".{}.tmp-{}", target.filename().string(), ::getpid());
}

Result<void> MakeParent(const fs::path& target) {
  std::error_code error;
  fs::create_directories(target.parent_path(), error);
  if (error) return std::unexpected(PathError(target.parent_path(), error));
  return {};
}

/// Restores the files of a part that the backup lists, and no others that lie among them.
Result<void> RestoreDirectory(const fs::path& from, const SavedPart& part, const fs::path& to, bool overwrite) {
  const fs::path target = fs::absolute(to).lexically_normal();
  const fs::path temporary = TemporaryBeside(target);
  TRY(MakeParent(target));
  std::error_code ignored;
  fs::remove_all(temporary, ignored);
  std::set<std::string> names;
  for (const SavedFile& file : part.files) names.insert(file.name);
  const std::function<bool()> always = [] { return true; };
  const Result<std::vector<CopiedFile>> copied = CopyTree(from, temporary, always, &names);
  Result<void> done = copied ? GiveToOwner(temporary, target) : std::unexpected(copied.error());
  if (done) done = SyncTree(temporary);
  if (done) done = MakeRoom(target, KeptName(target), overwrite);
  if (done) done = RenameInto(temporary, target);
  if (!done) fs::remove_all(temporary, ignored);
  return done;
}

Result<void> RestoreStore(const fs::path& from, const std::string& url, bool overwrite) {
  const StoreAddress address = TRY(ParseStoreUrl(url));
  if (address.kind != StoreAddress::kSqlite) {
    return Fail(ErrorCode::kUnsupported, "the store of a backup is a SQLite file", "pass --store sqlite:FILE");
  }
  const fs::path target = fs::absolute(address.path).lexically_normal();
  TRY(MakeParent(target));
  const fs::path temporary = TemporaryBeside(target);
  std::error_code ignored;
  fs::remove(temporary, ignored);
  const Result<CopiedFile> copied = CopyOneFile(from, temporary);
  Result<void> done = copied ? GiveToOwner(temporary, target) : std::unexpected(copied.error());
  if (done) done = MakeRoomForDatabase(target, overwrite);
  if (done) done = RenameInto(temporary, target);
  if (!done) fs::remove(temporary, ignored);
  return done;
}

/// A copy of a store that a migration has left (store/former_copies.h) has no digests; SQLite checks it.
Result<BackupReport> RestoreCopyOfStore(const RestorePlan& plan) {
  if (!plan.store || plan.registry || plan.workspace || plan.models || plan.files) {
    return Fail(ErrorCode::kInvalidArgument, plan.backup.string() + " is a SQLite file, which is a store alone",
                "pass --store, and no other place");
  }
  struct stat status = {};
  if (::stat(plan.backup.c_str(), &status) != 0) return std::unexpected(Damaged(plan.backup, "it cannot be read"));
  TRY(RestoreStore(plan.backup, *plan.store, plan.overwrite));
  return BackupReport{
      .created = TimeText(StoreTime(std::chrono::seconds(status.st_mtime))),
      .parts = {
          {.kind = "store", .from = plan.backup.string(), .files = 1, .bytes = static_cast<uint64_t>(status.st_size)}}};
}

}  // namespace

Result<BackupReport> VerifyBackup(const fs::path& backup) {
  return CheckFiles(backup, TRY(ReadBackupManifest(backup)));
}

Result<BackupReport> Restore(const RestorePlan& plan) {
  if (IsSqliteFile(plan.backup)) return RestoreCopyOfStore(plan);
  const SavedBackup saved = TRY(ReadBackupManifest(plan.backup));
  const BackupReport checked = TRY(CheckFiles(plan.backup, saved));
  BackupReport report{.created = saved.created, .parts = {}};
  const auto part_of = [&](const std::string& kind) -> Result<const SavedPart*> {
    const auto found = std::ranges::find(saved.parts, kind, &SavedPart::kind);
    if (found == saved.parts.end()) {
      std::vector<std::string> kinds;
      for (const SavedPart& part : saved.parts) kinds.push_back(part.kind);
      return Fail(ErrorCode::kNotFound, fmt::format("{} does not contain the part '{}'", plan.backup.string(), kind),
                  fmt::format("its parts are: {}", fmt::join(kinds, ", ")));
    }
    report.parts.push_back(*std::ranges::find(checked.parts, kind, &BackupPart::kind));
    return &*found;
  };
  if (!plan.store && !plan.registry && !plan.workspace && !plan.models && !plan.files) {
    return Fail(ErrorCode::kInvalidArgument, "there is no place to restore to",
                "pass --store, --registry, --workspace, --models or --files");
  }
  // All that is asked for must be there before anything is written.
  const SavedPart* const store = plan.store ? TRY(part_of("store")) : nullptr;
  const SavedPart* const registry = plan.registry ? TRY(part_of("registry")) : nullptr;
  const SavedPart* const workspace = plan.workspace ? TRY(part_of("workspace")) : nullptr;
  const SavedPart* const models = plan.models ? TRY(part_of("models")) : nullptr;
  const SavedPart* const files = plan.files ? TRY(part_of("files")) : nullptr;
  if (store != nullptr && store->files.size() != 1) return std::unexpected(Damaged(plan.backup, "a store is one file"));
  if (workspace != nullptr) {
    TRY(RestoreDirectory(plan.backup / "workspace", *workspace, *plan.workspace, plan.overwrite));
  }
  if (models != nullptr) TRY(RestoreDirectory(plan.backup / "models", *models, *plan.models, plan.overwrite));
  if (registry != nullptr) {
    const RegistryPlaces places = TRY(PlacesOf(*plan.registry, ""));
    if (places.directory.empty()) {
      return Fail(ErrorCode::kUnsupported, "the registry of a backup is a directory", "pass --registry DIR");
    }
    TRY(RestoreDirectory(plan.backup / "registry", *registry, places.directory, plan.overwrite));
  }
  if (store != nullptr) {
    TRY(RestoreStore(plan.backup / "store" / store->files.front().name, *plan.store, plan.overwrite));
  }
  if (files != nullptr) TRY(RestoreDirectory(plan.backup / "files", *files, *plan.files, plan.overwrite));
  return report;
}

}  // namespace winnow
