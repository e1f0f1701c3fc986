/// Atomic replacement of a bundle: it is written to a temporary directory next to it and swapped in, so that a reader,
/// or a kill at any moment, finds the old bundle or the new one.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace winnow {

enum class TargetKind {
  kMissing,
  kEmpty,
  kWinnowModel,  ///< winnow.json and nothing but a bundle's files, checkpoints and runs/; or these alone
  kOther,        ///< anything else, a plain file included
};

struct TargetContents {
  TargetKind kind = TargetKind::kMissing;
  std::vector<std::string> strangers;  ///< with kOther: the first ten files that are not part of a Winnow model
};

/// Examines what is at `dir`. Errors: kIo. An unreadable manifest results in kOther, not in an error.
Result<TargetContents> InspectTarget(const std::filesystem::path& dir);

/// A directory in the making. Movable; not thread-safe. Removes what it made unless Commit succeeded.
class BundleWriter {
 public:
  /// Makes the temporary directory (and missing parents). Refuses a target that holds other things than a Winnow model,
  /// unless `overwrite`: then Commit replaces them all. Leftovers of killed writers for the same target are removed.
  /// Errors: kExists, kIo.
  static Result<BundleWriter> Begin(const std::filesystem::path& target, bool overwrite);

  BundleWriter(BundleWriter&& other) noexcept;
  BundleWriter& operator=(BundleWriter&& other) noexcept;
  ~BundleWriter();

  /// Returns the temporary directory to write the files into.
  const std::filesystem::path& path() const { return temporary_; }
  /// Returns whether Commit will replace a Winnow model, of which callers warn the user.
  bool replaces_model() const { return replaces_model_; }

  /// Makes all files durable, swaps the directory in (renameat2 with RENAME_EXCHANGE; two renames where the file system
  /// lacks it), removes the old one. On an error the target is as it was, and the temporary directory stays until this
  /// object goes. A target that is itself a mount point can't be swapped: its files are renamed one by one, winnow.json
  /// last. Errors: kIo.
  Result<void> Commit();

 private:
  BundleWriter() = default;
  void Discard();

  std::filesystem::path target_;
  std::filesystem::path temporary_;
  int lock_ = -1;  // held on the temporary directory: tells a living writer's from a killed one's
  bool replaces_model_ = false;
};

}  // namespace winnow
