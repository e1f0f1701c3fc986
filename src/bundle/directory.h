/// Atomic replacement of a bundle: the new bundle is written to a temporary directory next to the target and swapped
/// in, so that a reader sees, and a process killed at any moment leaves, either the old or the new bundle.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "bundle/output_lock.h"

namespace winnow {

enum class TargetKind {
  kMissing,
  kEmpty,
  /// winnow.json and only files of a bundle, a README.md of people, checkpoints and runs/; or only checkpoints and
  /// runs/; or the files of `winnow registry pull --flat`
  kWinnowModel,
  kOther,  ///< anything else, including a plain file
};

struct TargetContents {
  TargetKind kind = TargetKind::kMissing;
  std::vector<std::string> strangers;  ///< with kOther: the first ten files that are not part of a Winnow model
};

/// Examines what is at `dir`. Errors: kIo, kNotFound. An unreadable manifest results in kOther, not in an error.
Result<TargetContents> InspectTarget(const std::filesystem::path& dir);

/// The file that describes an ONNX model beside it, in a directory without folders.
inline constexpr char kFlatMetadataFile[] = "model_metadata.json";

/// Returns true for the relative names that files of a Winnow model have, whatever its kind.
bool IsBundleFile(std::string_view name);

/// A bundle that is being written. Movable; not thread-safe. Removes the files that it created unless Commit succeeded.
class BundleWriter {
 public:
  /// Locks the target and creates the temporary directory and missing parents (bundle/output_lock.h). Refuses a target
  /// that contains other files than a Winnow model, unless `overwrite` is true; Commit then replaces the files of a
  /// model, and the others stay. Errors: kExists, also if another process is writing the target; kIo, kNotFound.
  static Result<BundleWriter> Begin(const std::filesystem::path& target, bool overwrite);
  /// Begins with a lock on the target that the caller has held so far.
  static Result<BundleWriter> Begin(const std::filesystem::path& target, bool overwrite, OutputLock lock);

  BundleWriter(BundleWriter&& other) noexcept = default;
  BundleWriter& operator=(BundleWriter&& other) noexcept = default;

  /// Returns the temporary directory to write the files into.
  const std::filesystem::path& path() const { return lock_.path(); }
  /// Returns true if Commit will replace a Winnow model, of which callers warn the user.
  bool replaces_model() const { return replaces_model_; }

  /// Makes all files durable, swaps the directory in (renameat2 with RENAME_EXCHANGE, or two renames if the file system
  /// lacks it), and removes the old one. A README.md that people wrote in the target stays. On an error the target is
  /// as it was, and the temporary directory stays until this object is destroyed. A target that is a mount point cannot
  /// be swapped: its files are renamed one by one, winnow.json last. Errors: kIo, kNotFound.
  Result<void> Commit();

 private:
  BundleWriter() = default;

  std::filesystem::path target_;
  OutputLock lock_;  // its directory is the temporary one
  bool replaces_model_ = false;
  bool keeps_strangers_ = false;
};

}  // namespace winnow
