#include "bundle/copy.h"

#include "base/path_error.h"
#include "bundle/directory.h"
#include "bundle/manifest.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

using Transfer = std::function<void(const fs::path& source, const fs::path& target, std::error_code& error)>;

/// Treats a link that leads out of the bundle.
using TransferLink = std::function<Result<void>(const fs::path& source, const fs::path& target)>;

/// Returns true for the pickles that trainers leave beside a model, such as training_args.bin and optimizer.pt of
/// transformers, and model_head.pkl of SetFit: Winnow never reads them, and other programs execute them.
bool IsPickle(const std::string& name) {
  const fs::path file(name);
  const std::string extension = file.extension().string();
  return file.filename() == "training_args.bin" || extension == ".pkl" || extension == ".pt" || extension == ".pth" ||
         extension == ".joblib";
}

/// Returns true for a link that leads to a file outside the bundle: whoever made the bundle chose it, and not whoever
/// publishes the copy. A hub's cache, whose snapshots/REVISION has links to ../../blobs, is meant.
bool LeadsOut(const fs::directory_entry& entry, const fs::path& bundle) {
  std::error_code error;
  const fs::path root = fs::canonical(bundle, error);
  const fs::path file = fs::canonical(entry.path(), error);
  if (error) return true;
  const auto is_inside = [&file](const fs::path& directory) {
    const fs::path relative = file.lexically_relative(directory);
    return !relative.empty() && *relative.begin() != "..";
  };
  const bool snapshot = root.parent_path().filename() == "snapshots";
  return !is_inside(root) && !(snapshot && is_inside(root.parent_path().parent_path() / "blobs"));
}

Result<void> TransferFiles(const fs::path& from, const fs::path& to,
                           const std::function<bool(const std::string& name)>& keep, const Transfer& transfer,
                           const TransferLink& transfer_link) {
  std::error_code error;
  auto entry = fs::recursive_directory_iterator(from, error);
  for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    const bool hidden = entry->path().filename().string().starts_with('.');
    if (hidden && entry->is_directory()) entry.disable_recursion_pending();
    const std::string name = entry->path().lexically_relative(from).generic_string();
    if (hidden || !entry->is_regular_file() || name == kManifestFile || name == kSignatureFile || !keep(name)) continue;
    if (entry->is_symlink() && LeadsOut(*entry, from)) {
      TRY(transfer_link(entry->path(), to / name));
      continue;
    }
    fs::create_directories((to / name).parent_path(), error);
    if (error) return std::unexpected(PathError(to / name, error));
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
  const auto leave_out = [&](const fs::path& link, const fs::path&) -> Result<void> {
    if (!IsBundleFile(link.lexically_relative(from).generic_string())) return {};
    return Fail(ErrorCode::kInvalidModel, link.string() + ": is a symbolic link that points outside the bundle",
                "replace the link with the file that it leads to, if you trust the origin of the bundle");
  };
  const auto keep_no_pickle = [&](const std::string& name) { return !IsPickle(name) && keep(name); };
  return TransferFiles(from, to, keep_no_pickle, Copy, leave_out);
}

Result<void> LinkBundleFiles(const fs::path& from, const fs::path& to,
                             const std::function<bool(const std::string& name)>& keep) {
  const auto link = [](const fs::path& source, const fs::path& target, std::error_code& error) {
    // A link to a file of a hub's cache would make it a file of the bundle as well.
    if (!fs::is_symlink(source, error) && !error) fs::create_hard_link(source, target, error);
    if (error || !fs::exists(target, error)) Copy(source, target, error);
  };
  const auto keep_link = [](const fs::path& source, const fs::path& target) -> Result<void> {
    std::error_code error;
    fs::copy_symlink(source, target, error);
    if (error) return Fail(ErrorCode::kIo, source.string() + ": cannot copy the link: " + error.message());
    return {};
  };
  return TransferFiles(from, to, keep, link, keep_link);
}

Result<void> RequireOtherDirectory(const fs::path& output, const fs::path& bundle) {
  std::error_code different;
  if (!fs::equivalent(output, bundle, different)) return {};
  return Fail(ErrorCode::kInvalidArgument, "--output " + output.string() + " is the directory of the model itself",
              "omit --output to change the model in place, or specify another directory");
}

}  // namespace winnow
