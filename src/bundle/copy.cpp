#include "bundle/copy.h"

#include "bundle/manifest.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

using Transfer = std::function<void(const fs::path& source, const fs::path& target, std::error_code& error)>;

Result<void> TransferFiles(const fs::path& from, const fs::path& to,
                           const std::function<bool(const std::string& name)>& keep, const Transfer& transfer) {
  std::error_code error;
  auto entry = fs::recursive_directory_iterator(from, error);
  for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    const bool hidden = entry->path().filename().string().starts_with('.');
    if (hidden && entry->is_directory()) entry.disable_recursion_pending();
    const std::string name = entry->path().lexically_relative(from).generic_string();
    if (hidden || !entry->is_regular_file() || name == kManifestFile || !keep(name)) continue;
    fs::create_directories((to / name).parent_path(), error);
    if (error) return Fail(ErrorCode::kIo, (to / name).string() + ": " + error.message());
    transfer(entry->path(), to / name, error);
    if (error) return Fail(ErrorCode::kIo, entry->path().string() + ": cannot copy: " + error.message());
  }
  if (error) return Fail(ErrorCode::kIo, from.string() + ": cannot list: " + error.message());
  return {};
}

void Copy(const fs::path& source, const fs::path& target, std::error_code& error) {
  fs::copy_file(source, target, fs::copy_options::overwrite_existing, error);
}

}  // namespace

Result<void> CopyBundleFiles(const fs::path& from, const fs::path& to,
                             const std::function<bool(const std::string& name)>& keep) {
  return TransferFiles(from, to, keep, Copy);
}

Result<void> LinkBundleFiles(const fs::path& from, const fs::path& to,
                             const std::function<bool(const std::string& name)>& keep) {
  return TransferFiles(from, to, keep, [](const fs::path& source, const fs::path& target, std::error_code& error) {
    // A link to a file of a hub's cache would make it a file of the bundle as well.
    if (!fs::is_symlink(source, error) && !error) fs::create_hard_link(source, target, error);
    if (error || !fs::exists(target, error)) Copy(source, target, error);
  });
}

Result<void> RequireOtherDirectory(const fs::path& output, const fs::path& bundle) {
  std::error_code different;
  if (!fs::equivalent(output, bundle, different)) return {};
  return Fail(ErrorCode::kInvalidArgument, "--output " + output.string() + " is the directory of the model itself",
              "omit --output to change the model in place, or specify another directory");
}

}  // namespace winnow
