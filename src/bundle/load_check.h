/// The check that the files of a bundle are those that its manifest describes, made whenever a bundle is loaded.
#pragma once

#include <filesystem>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "base/minisign.h"
#include "base/result.h"

namespace winnow {

/// What a bundle must prove before it is used.
struct BundleTrust {
  bool verify = true;  ///< the files that are read must have the digests of winnow.json (--no-verify: false)
  /// Key that must have signed winnow.json (--public-key). With a key, files that winnow.json does not list are not
  /// read, and digests are checked in any case.
  std::optional<MinisignKey> key = {};
};

/// The trust that loads of this process require unless they are called with another one: by default, that digests
/// match. Set it before other threads load bundles.
void SetBundleTrust(const BundleTrust& trust);
const BundleTrust& DefaultBundleTrust();

/// Checks that `key` has signed the text of a bundle's winnow.json. Errors: kInvalidModel, also for a bundle without a
/// signature; kIo.
Result<void> CheckSignature(const std::filesystem::path& dir, std::string_view manifest, const MinisignKey& key);

/// One load: the files that it reads are hashed while it goes on. Files of more than a megabyte are hashed once and
/// then remembered (bundle/verified_files.h). A directory without winnow.json, a manifest without digests and files
/// that it does not list are loaded without a check, unless there is a trusted key.
class LoadCheck {
 public:
  /// Begins to hash the configuration, labels, tokenizer and out-of-scope rule of the bundle, and `more` files,
  /// relative to it. Errors: kInvalidModel for a signature that is missing or wrong, files that are missing or
  /// unlisted, and small files that have another digest; kIo, and ParseManifest's.
  static Result<LoadCheck> Begin(const std::filesystem::path& dir, std::initializer_list<std::string_view> more,
                                 const BundleTrust& trust = DefaultBundleTrust());
  LoadCheck(LoadCheck&&) noexcept;
  LoadCheck& operator=(LoadCheck&&) noexcept;
  ~LoadCheck();

  /// Waits for the digests. To be called when all files were read and before they are used. Errors: kInvalidModel if a
  /// file has another digest; kIo if files were changed since Begin.
  Result<void> Finish();

  /// Calls `load`, then Finish, and returns what `load` returned. A damaged file is first of all a changed one: the
  /// error of Finish comes before that of `load`.
  template <typename Load>
  auto Around(Load&& load) -> decltype(load()) {
    auto loaded = std::forward<Load>(load)();
    if (Result<void> same = Finish(); !same) return std::unexpected(std::move(same).error());
    return loaded;
  }

 private:
  struct Parts;
  explicit LoadCheck(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;  // null: nothing to check
};

/// Checks files at once: those of LoadCheck and `more`. Errors: LoadCheck's.
Result<void> CheckFiles(const std::filesystem::path& dir, std::initializer_list<std::string_view> more,
                        const BundleTrust& trust = DefaultBundleTrust());

}  // namespace winnow
