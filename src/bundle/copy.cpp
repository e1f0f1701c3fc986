#include "bundle/copy.h"

#include "bundle/manifest.h"

namespace winnow {

namespace fs = std::filesystem;

Result<void> LinkBundleFiles(const fs::path& from, const fs::path& to,
                             const std::function<bool(const std::string& name)>& keep) {
  std::error_code error;
  auto entry = fs::recursive_directory_iterator(from, error);
  for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    const bool hidden = entry->path().filename().string().starts_with('.');
    if (hidden && entry->is_directory()) entry.disable_recursion_pending();
    const std::string name = entry->path().lexically_relative(from).generic_string();
    if (hidden || !entry->is_regular_file() || name == kManifestFile || !keep(name)) continue;
    fs::create_directories((to / name).parent_path(), error);
    if (error) return Fail(ErrorCode::kIo, (to / name).string() + ": " + error.message());
    // A hub's cache keeps links to its files: what they lead to is meant.
    const fs::path source = fs::canonical(entry->path(), error);
    if (!error) fs::create_hard_link(source, to / name, error);
    if (error) fs::copy_file(entry->path(), to / name, fs::copy_options::overwrite_existing, error);
    if (error) return Fail(ErrorCode::kIo, entry->path().string() + ": cannot copy: " + error.message());
  }
  if (error) return Fail(ErrorCode::kIo, from.string() + ": cannot list: " + error.message());
  return {};
}

}  // namespace winnow
