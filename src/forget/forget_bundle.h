/// Removal of texts from the calibration set that a bundle contains.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "forget/forgotten_texts.h"

namespace winnow {

struct BundleRemoval {
  size_t texts = 0, removed = 0;
  std::string texts_before, texts_after;        ///< SHA-256 of calibration.jsonl; empty: there is none
  std::string manifest_before, manifest_after;  ///< SHA-256 of winnow.json
  bool signature_removed = false;
};

/// Removes the texts from calibration.jsonl of a bundle, which is replaced as a whole (bundle/directory.h), so that a
/// process that is killed leaves the old or the new one. The other lines and files stay as they are; a calibration set
/// of which nothing is left is removed. With `dry_run` nothing is written. The weights are those that were trained on
/// the texts: `winnow retrain` makes others. Errors: kNotFound if there is no bundle; kInvalidModel; kInvalidData;
/// kExists if another process writes the bundle; kIo.
Result<BundleRemoval> ForgetInBundle(const std::filesystem::path& bundle, const ForgottenTexts& texts, bool dry_run);

/// Returns the names of files of a bundle that contain one of the texts (forget/quotations.h), such as reports and
/// files of other programs, which Winnow does not rewrite. Errors: kIo.
Result<std::vector<std::string>> FilesThatContain(const std::filesystem::path& bundle,
                                                  const std::vector<std::string>& texts);

}  // namespace winnow
