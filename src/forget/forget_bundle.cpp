#include "forget/forget_bundle.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/files.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/path_error.h"
#include "bundle/calibration_texts.h"
#include "bundle/copy.h"
#include "bundle/directory.h"
#include "bundle/manifest.h"
#include "bundle/output_lock.h"
#include "forget/quotations.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

struct Filtered {
  std::string kept;
  size_t texts = 0, removed = 0;
};

/// The lines that stay keep their bytes.
Result<Filtered> WithoutTexts(std::string_view contents, const ForgottenTexts& texts, const std::string& file) {
  Filtered filtered;
  for (size_t begin = 0; begin < contents.size();) {
    const size_t at = contents.find('\n', begin);
    const size_t end = at == std::string_view::npos ? contents.size() : at + 1;
    const std::string_view line = contents.substr(begin, end - begin);
    begin = end;
    bool removed = false;
    if (line.find_first_not_of("\r\n\t ") != std::string_view::npos) {
      const Json json = TRY(ParseJson(line, file));
      const JsonObject object = TRY(JsonObject::Of(json, file));
      removed = texts.Contains(TRY(object.String("text")).value_or(""));
      ++filtered.texts;
    }
    if (removed) ++filtered.removed;
    if (!removed) filtered.kept += line;
  }
  return filtered;
}

Result<void> Replace(const fs::path& bundle, const std::string& kept, bool empty) {
  BundleWriter writer = TRY(BundleWriter::Begin(bundle, /*overwrite=*/true));
  Manifest manifest = TRY(ReadManifest(bundle));
  TRY(LinkBundleFiles(bundle, writer.path(), [](const std::string& name) {
    return name != kCalibrationTextsFile && name != kManifestFile && name != kSignatureFile;
  }));
  if (empty) {
    manifest.sha256.erase(kCalibrationTextsFile);
  } else {
    TRY(WriteFileAtomically(writer.path() / kCalibrationTextsFile, kept));
    if (manifest.sha256.contains(kCalibrationTextsFile)) manifest.sha256[kCalibrationTextsFile] = Sha256(kept);
  }
  TRY(WriteManifest(writer.path(), manifest));
  return writer.Commit();
}

}  // namespace

Result<BundleRemoval> ForgetInBundle(const fs::path& bundle, const ForgottenTexts& texts, bool dry_run) {
  std::error_code ignored;
  if (!fs::exists(bundle / kManifestFile, ignored)) {
    return Fail(ErrorCode::kNotFound,
                fmt::format("{}: not a Winnow bundle: it has no {}", bundle.string(), kManifestFile),
                "specify the directory of a model");
  }
  BundleRemoval removal;
  removal.manifest_before = removal.manifest_after = TRY(Sha256OfFile(bundle / kManifestFile));
  const fs::path file = bundle / kCalibrationTextsFile;
  if (!fs::exists(file, ignored)) {
    if (!dry_run) TRY(OutputLock::TakeInPlace(bundle));
    return removal;
  }
  const std::string contents = TRY(ReadFile(file));
  removal.texts_before = removal.texts_after = Sha256(contents);
  const Filtered filtered = TRY(WithoutTexts(contents, texts, file.string()));
  removal.texts = filtered.texts;
  removal.removed = filtered.removed;
  if (dry_run) return removal;
  if (filtered.removed == 0) {
    // A process that was killed when it had exchanged the directories has left the former one, which the lock removes.
    TRY(OutputLock::TakeInPlace(bundle));
    return removal;
  }
  removal.signature_removed = fs::exists(bundle / kSignatureFile, ignored);
  const bool empty = filtered.removed == filtered.texts;
  TRY(Replace(bundle, filtered.kept, empty));
  removal.texts_after = empty ? "" : Sha256(filtered.kept);
  removal.manifest_after = TRY(Sha256OfFile(bundle / kManifestFile));
  return removal;
}

Result<std::vector<std::string>> FilesThatContain(const fs::path& bundle, const std::vector<std::string>& texts) {
  const TextFinder finder(texts);
  std::vector<std::string> names;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(bundle, error), end; !error && entry != end; entry.increment(error)) {
    std::error_code ignored;
    if (entry->is_regular_file(ignored) && TRY(finder.InFile(entry->path())))
      names.push_back(entry->path().lexically_relative(bundle).generic_string());
  }
  if (error) return std::unexpected(PathError(bundle, error));
  std::ranges::sort(names);
  return names;
}

}  // namespace winnow
