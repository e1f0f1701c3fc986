#include "backup/backup.h"

#include <fmt/format.h>

#include <set>
#include <system_error>
#include <utility>

#include "backup/copy_tree.h"
#include "base/files.h"
#include "base/machine.h"
#include "base/path_error.h"
#include "registry/registry.h"
#include "store/store_url.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

constexpr char kManifest[] = "backup.json";
constexpr int kFormat = 1;

Result<fs::path> SqliteFileOf(const std::string& url, const char* what) {
  const StoreAddress address = TRY(ParseStoreUrl(url));
  if (address.kind == StoreAddress::kSqlite) return address.path;
  return Fail(ErrorCode::kUnsupported, fmt::format("the {} is in PostgreSQL, which has backups of its own", what),
              "run 'pg_dump --format=custom --file=winnow.dump URL', and 'pg_restore' to restore it");
}

Result<fs::path> DirectoryOfRegistry(const std::string& url) {
  const RegistryPlaces places = TRY(PlacesOf(url, ""));
  if (!places.directory.empty()) return places.directory;
  return Fail(ErrorCode::kUnsupported, "the records of this registry are in a store, its files are elsewhere",
              "back up the store with --store, and the artifacts with the tools of their storage");
}

/// The directory of a backup that is being written: removed unless it is renamed at the end.
class NewDirectory {
 public:
  static Result<NewDirectory> Make(const fs::path& target) {
    NewDirectory made(target, target.parent_path() / fmt::format(".{}.tmp-{}", target.filename().string(), ::getpid()));
    std::error_code error;
    if (fs::exists(fs::symlink_status(target, error))) {
      return Fail(ErrorCode::kExists, target.string() + " exists", "name a directory that does not exist");
    }
    // A backup that was killed may have had the same process id, as in a container, and left files that are removed
    // now.
    fs::remove_all(made.path_, error);
    if (!error) fs::create_directories(made.path_, error);
    if (error) return std::unexpected(PathError(made.path_, error));
    fs::permissions(made.path_, fs::perms::owner_all, error);  // it has what people wrote, and keys
    return made;
  }
  NewDirectory(NewDirectory&& other) noexcept
      : target_(std::move(other.target_)), path_(std::exchange(other.path_, {})) {}
  NewDirectory& operator=(NewDirectory&&) = delete;
  ~NewDirectory() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }

  const fs::path& path() const { return path_; }
  /// Makes the backup durable and gives it its name.
  Result<void> Commit() {
    TRY(SyncTree(path_));
    std::error_code error;
    fs::rename(path_, target_, error);
    if (error) return std::unexpected(PathError(target_, error));
    SyncDirectory(target_.parent_path());
    path_.clear();
    return {};
  }

 private:
  NewDirectory(fs::path target, fs::path path) : target_(std::move(target)), path_(std::move(path)) {}
  fs::path target_, path_;
};

/// Collects the parts of a backup and their files.
class BackupWriter {
 public:
  explicit BackupWriter(fs::path directory) : directory_(std::move(directory)) {}

  void Add(const std::string& kind, const std::string& from, std::vector<CopiedFile> files) {
    BackupPart part{.kind = kind, .from = from};
    Json list = Json::array();
    for (const CopiedFile& file : files) {
      part.bytes += file.bytes;
      list.push_back({{"name", file.name}, {"bytes", file.bytes}, {"sha256", file.sha256}});
    }
    part.files = files.size();
    report_.parts.push_back(part);
    parts_.push_back({{"kind", kind}, {"from", from}, {"files", std::move(list)}});
  }

  Result<BackupReport> Write() {
    report_.created = TimestampUtc();
    const Json manifest{
        {"format", kFormat}, {"winnow", WINNOW_VERSION}, {"created", report_.created}, {"parts", parts_}};
    TRY(WriteFileAtomically(directory_ / kManifest, manifest.dump() + "\n"));
    return report_;
  }

  fs::path Directory(const char* kind) const { return directory_ / kind; }

 private:
  const fs::path directory_;
  Json parts_ = Json::array();
  BackupReport report_;
};

Result<void> MakeDirectory(const fs::path& directory) {
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) return std::unexpected(PathError(directory, error));
  return {};
}

Result<std::vector<CopiedFile>> CopyFiles(const std::vector<fs::path>& files, const fs::path& to) {
  TRY(MakeDirectory(to));
  std::vector<CopiedFile> copied;
  std::set<fs::path> names;
  for (const fs::path& file : files) {
    if (!names.insert(file.filename()).second) {
      return Fail(ErrorCode::kInvalidArgument, fmt::format("two files are named {}", file.filename().string()),
                  "back them up separately");
    }
    copied.push_back(TRY(CopyOneFile(file, to / file.filename())));
  }
  return copied;
}

}  // namespace

Json BackupReportJson(const BackupReport& report) {
  Json parts = Json::array();
  for (const BackupPart& part : report.parts) {
    parts.push_back({{"kind", part.kind}, {"from", part.from}, {"files", part.files}, {"bytes", part.bytes}});
  }
  return {{"created", report.created}, {"parts", std::move(parts)}};
}

Result<BackupReport> BackUp(const BackupPlan& plan) {
  if (!plan.store && !plan.registry && !plan.workspace && !plan.models && plan.files.empty()) {
    return Fail(ErrorCode::kInvalidArgument, "there is nothing to back up",
                "pass --store, --registry, --workspace, --models or --file");
  }
  std::optional<fs::path> store, registry;
  if (plan.store) store = TRY(SqliteFileOf(*plan.store, "store"));
  if (plan.registry) registry = TRY(DirectoryOfRegistry(*plan.registry));
  NewDirectory directory = TRY(NewDirectory::Make(fs::absolute(plan.output).lexically_normal()));
  BackupWriter writer(directory.path());
  if (store) writer.Add("store", store->string(), TRY(CopyFiles({*store}, writer.Directory("store"))));
  const auto add_tree = [&](const char* kind, const std::optional<fs::path>& from) -> Result<void> {
    if (from) writer.Add(kind, from->string(), TRY(CopyTree(*from, writer.Directory(kind), plan.keep_going)));
    return {};
  };
  TRY(add_tree("registry", registry));
  TRY(add_tree("workspace", plan.workspace));
  TRY(add_tree("models", plan.models));
  if (!plan.files.empty()) writer.Add("files", "", TRY(CopyFiles(plan.files, writer.Directory("files"))));
  BackupReport report = TRY(writer.Write());
  TRY(directory.Commit());
  return report;
}

}  // namespace winnow
