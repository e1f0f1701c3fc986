#include "bundle/manifest.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/files.h"
#include "base/hash.h"
#include "base/json.h"
#include "bundle/labels.h"
#include "bundle/manifest_calibration.h"
#include "bundle/manifest_error.h"
#include "bundle/manifest_text.h"
#include "bundle/model_card.h"
#include "bundle/model_config.h"
#include "bundle/model_version.h"
#include "bundle/safetensors.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

/// Bundles of earlier versions of Winnow do not state the version that they were written with.
const std::string& SealedVersion(const Manifest& manifest) {
  return manifest.sealed_version.empty() ? manifest.version : manifest.sealed_version;
}

Result<void> CheckForms(const fs::path& dir, const std::vector<std::string>& files) {
  const bool has_config = std::ranges::find(files, "config.json") != files.end();
  std::vector<std::string> labels;
  if (has_config) labels = TRY(ReadModelConfig(dir)).labels;
  for (const std::string& name : files) {
    if (name.ends_with(".safetensors")) TRY(SafetensorsFile::Open(dir / name));
    if (name == "labels.json" && has_config && TRY(ReadLabelsFile(dir / name)) != labels)
      return ManifestError((dir / name).string(),
                           "the labels differ from those in config.json; both files must belong to the same model");
  }
  return {};
}

}  // namespace

Result<Manifest> ReadManifest(const fs::path& dir) {
  const fs::path path = dir / kManifestFile;
  std::error_code ignored;
  Manifest manifest;
  if (fs::exists(path, ignored)) {
    manifest = TRY(ParseManifest(TRY(ReadFile(path)), path.string()));
    TRY(FindEditedVersion(dir, manifest));
  } else {
    const ModelConfig config = TRY(ReadModelConfig(dir));
    const fs::path tokenizer = dir / "tokenizer_config.json";
    const std::string stated = fs::exists(tokenizer, ignored) ? TRY(ReadFile(tokenizer)) : std::string();
    manifest.max_length = TRY(DefaultMaxLength(config, stated, tokenizer.string()));
    manifest.positive_label = DefaultPositiveLabel(config.labels);
  }
  if (manifest.name.empty()) manifest.name = fs::weakly_canonical(dir, ignored).filename().string();
  return manifest;
}

Result<void> WriteManifest(const fs::path& dir, const Manifest& unwritten) {
  const fs::path path = dir / kManifestFile;
  Manifest manifest = unwritten;
  TRY(ValidateManifest(manifest, path.string()));
  if (!manifest.sha256.empty()) TRY(WriteVersionFiles(dir, manifest));
  TRY(RefreshModelCard(dir, manifest));
  Json json = Json::object();
  if (!manifest.source.empty()) json = TRY(ParseJson(manifest.source, path.string(), ErrorCode::kInvalidModel));
  json["winnow"] = WINNOW_VERSION;
  json["name"] = manifest.name;
  json["version"] = manifest.version;
  json["sealed_version"] = manifest.version;
  json["kind"] = manifest.kind;
  json["text_template"] = manifest.text_template;
  json.erase("label_map");
  if (!manifest.label_map.empty()) json["label_map"] = manifest.label_map;
  json["max_length"] = manifest.max_length;
  json["long_text"] = NameOf(manifest.long_text);
  json.erase("fold_disguises");
  if (manifest.fold_disguises) json["fold_disguises"] = true;
  json["positive_label"] = manifest.positive_label;
  WriteCalibration(manifest, json);
  json["sha256"] = manifest.sha256;
  const std::string text = DumpJson(json);
  std::error_code error;
  if (text != manifest.source) fs::remove(dir / kSignatureFile, error);
  if (error)
    return Fail(ErrorCode::kIo, fmt::format("{}: cannot remove: {}", (dir / kSignatureFile).string(), error.message()));
  return WriteFileAtomically(path, text);
}

Result<std::vector<std::string>> BundleFiles(const fs::path& dir) {
  std::vector<std::string> files;
  std::error_code error;
  auto entry = fs::recursive_directory_iterator(dir, error);
  for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    const bool skipped = name.starts_with('.') || (entry.depth() == 0 && name.starts_with("checkpoint-"));
    std::error_code ignored;
    if (entry->is_directory(ignored)) {
      if (skipped) entry.disable_recursion_pending();
      continue;
    }
    // A symbolic link to a file counts as the file: Hugging Face's cache consists of them.
    if (!skipped && entry->is_regular_file(ignored)) {
      std::string relative = entry->path().lexically_relative(dir).generic_string();
      if (relative != kManifestFile && relative != kSignatureFile && relative != kVersionFile && relative != kCardFile)
        files.push_back(std::move(relative));
    }
  }
  if (error) return Fail(ErrorCode::kIo, fmt::format("{}: cannot list: {}", dir.string(), error.message()));
  std::ranges::sort(files);
  return files;
}

Result<void> SealBundle(const fs::path& dir, Manifest manifest) {
  manifest.sha256.clear();
  for (const std::string& name : TRY(BundleFiles(dir))) manifest.sha256[name] = TRY(Sha256OfFile(dir / name));
  return WriteManifest(dir, manifest);
}

Result<VerifyReport> VerifyBundle(const fs::path& dir) {
  std::error_code ignored;
  if (!fs::is_directory(dir, ignored))
    return Fail(ErrorCode::kNotFound, fmt::format("{}: no such directory", dir.string()),
                "specify the directory of a model; a path is relative to the current directory");
  VerifyReport report;
  report.has_manifest = fs::exists(dir / kManifestFile, ignored);
  const Manifest manifest = TRY(ReadManifest(dir));
  report.version = manifest.version;
  report.version_note = manifest.version_note;
  const std::vector<std::string> files = TRY(BundleFiles(dir));
  for (const auto& [name, digest] : manifest.sha256) {
    if (!fs::is_regular_file(dir / name, ignored)) {
      report.missing.push_back(name);
    } else if (TRY(Sha256OfFile(dir / name)) == digest) {
      ++report.checked;
    } else if (name == kOnnxMetadataFile && DiffersInVersionAlone(dir / name, SealedVersion(manifest), digest)) {
      report.edited.push_back(name);
    } else {
      report.changed.push_back(name);
    }
  }
  for (const std::string& name : files) {
    if (!manifest.sha256.contains(name)) report.unlisted.push_back(name);
  }
  // A damaged file is first of all a changed one: its form is looked at only where the digests say nothing.
  if (report.ok()) TRY(CheckForms(dir, files));
  return report;
}

Result<void> RequireVerified(const fs::path& dir) {
  const VerifyReport report = TRY(VerifyBundle(dir));
  if (report.ok()) return {};
  std::string found;
  if (!report.changed.empty()) found += fmt::format("changed: {}", fmt::join(report.changed, ", "));
  if (!report.missing.empty())
    found += fmt::format("{}missing: {}", found.empty() ? "" : "; ", fmt::join(report.missing, ", "));
  return Fail(ErrorCode::kInvalidModel,
              fmt::format("{}: files do not match the digests in {}: {}", dir.string(), kManifestFile, found),
              "copy or download the bundle again");
}

}  // namespace winnow
