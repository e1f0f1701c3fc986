#include "workspace/data_versions.h"

#include <algorithm>
#include <system_error>

#include "base/path_error.h"
#include "base/temporary_directory.h"

namespace winnow {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kReplaced = ".replaced";  // of ReplaceFile

bool IsFile(const fs::directory_entry& entry) {
  std::error_code ignored;
  return !entry.is_symlink(ignored) && entry.is_regular_file(ignored);
}

/// Calls `take` with the entries of a directory, if there is one.
Result<void> ForEach(const fs::path& directory,
                     const std::function<Result<void>(const fs::directory_entry& entry)>& take) {
  std::error_code error;
  if (!fs::is_directory(directory, error)) return {};
  for (fs::directory_iterator each(directory, error), end; !error && each != end; each.increment(error)) {
    TRY(take(*each));
  }
  if (error) return std::unexpected(PathError(directory, error));
  return {};
}

Result<void> AddFiles(const fs::path& directory, std::vector<DataVersion>& versions) {
  std::error_code error;
  for (fs::recursive_directory_iterator each(directory, error), end; !error && each != end; each.increment(error)) {
    const std::string name = each->path().filename().string();
    if (name.starts_with('.') || each->is_symlink(error)) {
      each.disable_recursion_pending();
    } else if (IsFile(*each)) {
      versions.push_back({each->path(), name});
    }
  }
  if (error) return std::unexpected(PathError(directory, error));
  return {};
}

Result<void> AddFormer(const fs::path& directory, const std::string& name, std::vector<DataVersion>& versions) {
  return ForEach(directory, [&](const fs::directory_entry& entry) -> Result<void> {
    if (IsFile(entry)) versions.push_back({entry.path(), name});
    return {};
  });
}

}  // namespace

Result<std::vector<DataVersion>> AllDataVersions(const fs::path& directory) {
  std::vector<DataVersion> versions;
  std::error_code ignored;
  if (!fs::is_directory(directory, ignored)) return versions;
  TRY(AddFiles(directory, versions));
  TRY(ForEach(directory / ".former", [&](const fs::directory_entry& of_file) {
    return AddFormer(of_file.path(), of_file.path().filename().string(), versions);
  }));
  TRY(ForEach(directory / ".trash", [&](const fs::directory_entry& deleted) -> Result<void> {
    const std::string name = deleted.path().filename().string();
    const fs::path file = deleted.path() / "file";
    if (fs::is_regular_file(fs::symlink_status(file, ignored))) versions.push_back({file, name});
    return AddFormer(deleted.path() / "former", name, versions);
  }));
  std::erase_if(versions, [&](const DataVersion& version) {
    const std::string path = version.path.string();
    return path.ends_with(kReplaced) && fs::exists(path.substr(0, path.size() - kReplaced.size()), ignored);
  });
  std::ranges::sort(versions, {}, &DataVersion::path);
  return versions;
}

Result<void> UseByName(const DataVersion& version, const std::function<Result<void>(const fs::path& path)>& use) {
  if (version.path.filename() == version.name) return use(version.path);
  const ScopedTemporaryDirectory directory = TRY(ScopedTemporaryDirectory::Make("version"));
  const fs::path link = directory.path() / version.name;
  std::error_code error;
  const fs::path target = fs::canonical(version.path, error);
  if (!error) fs::create_symlink(target, link, error);
  if (error) return std::unexpected(PathError(version.path, error));
  return use(link);
}

Result<size_t> RemoveUnfinishedData(const fs::path& directory, bool dry_run) {
  size_t count = 0;
  TRY(ForEach(directory / ".uploads", [&](const fs::directory_entry& entry) -> Result<void> {
    ++count;
    std::error_code error;
    if (!dry_run) fs::remove_all(entry.path(), error);
    if (error) return std::unexpected(PathError(entry.path(), error));
    return {};
  }));
  return count;
}

}  // namespace winnow
