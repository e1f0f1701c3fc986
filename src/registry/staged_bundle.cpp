#include "registry/staged_bundle.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/files.h"
#include "base/hash.h"
#include "bundle/directory.h"
#include "bundle/find.h"
#include "bundle/labels.h"
#include "bundle/model_card.h"
#include "bundle/model_config.h"
#include "bundle/model_version.h"
#include "registry/registry.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

/// Members of winnow.json that differ between versions with the same contents.
constexpr std::array kMembersOfVersion = {"winnow", "name", "version", "sealed_version", "sha256"};

/// Files of a Winnow model that no model is loaded from.
bool IsOfTraining(std::string_view name) { return name == "pytorch_model.bin" || name == "trainer_state.json"; }

/// The digests of a directory without a manifest.
Result<std::map<std::string, std::string>> DigestsOf(const fs::path& dir) {
  std::map<std::string, std::string> digests;
  const bool snapshot = fs::weakly_canonical(dir).parent_path().filename() == "snapshots";  // of a hub's cache: links
  for (const std::string& name : TRY(BundleFiles(dir))) {
    if (!IsBundleFile(name) || IsOfTraining(name)) continue;
    if (!snapshot && fs::is_symlink(dir / name)) {
      return Fail(ErrorCode::kInvalidModel, (dir / name).string() + ": is a symbolic link",
                  "replace the link with the file that it leads to, if you trust the origin of the model");
    }
    digests[name] = TRY(Sha256OfFile(dir / name));
  }
  return digests;
}

/// What two versions must share so that the newer one is not a major one. Features of linear models follow from the
/// data.
std::string ArchitectureOf(const ModelConfig& config) {
  return fmt::format("{} {} layers, hidden size {}, {} heads, intermediate size {}", ModelTypeOf(config.architecture),
                     config.num_layers, config.hidden_size, config.num_heads, config.intermediate_size);
}

Result<std::vector<std::string>> LabelsOf(const fs::path& bundle, const TrainingInfo& info) {
  std::error_code ignored;
  if (fs::exists(bundle / kLabelsFile, ignored)) return ReadLabelsFile(bundle / kLabelsFile);
  return info.classes;
}

}  // namespace

Result<StagedBundle> StagedBundle::Open(const fs::path& bundle, const std::string& name) {
  std::error_code ignored;
  if (!fs::is_directory(bundle, ignored))
    return Fail(ErrorCode::kNotFound, fmt::format("{}: no such directory", bundle.string()),
                "specify the directory of a trained model");
  if (!HasWeights(bundle)) {
    return Fail(ErrorCode::kInvalidModel, fmt::format("{}: contains no weights that Winnow loads", bundle.string()),
                "'winnow pull DIR' converts pytorch_model.bin to model.safetensors");
  }
  StagedBundle staged(bundle, TRY(ReadManifest(bundle)), TRY(ScopedTemporaryDirectory::Make("push")));
  staged.sealed_ = !staged.manifest_.sha256.empty();
  TRY(RequireVerified(bundle));  // without digests: the form of the files
  if (!staged.sealed_) staged.manifest_.sha256 = TRY(DigestsOf(bundle));
  staged.renamed_ = !name.empty() && name != staged.manifest_.name;
  if (staged.renamed_) staged.manifest_.name = name;
  if (auto valid = CheckRegistryName(staged.name(), "name of a model"); !valid) {
    valid.error().hint += "; --name NAME gives the model another name";
    return std::unexpected(std::move(valid).error());
  }
  TRY(staged.ReadDescription());
  TRY(staged.ComputeDigest());
  return staged;
}

Result<void> StagedBundle::ReadDescription() {
  std::error_code ignored;
  if (fs::exists(bundle_ / kTrainingInfoFile, ignored)) info_ = TRY(ReadTrainingInfo(bundle_));
  labels_ = TRY(LabelsOf(bundle_, info_));
  architecture_ = manifest_.kind;
  if (!fs::exists(bundle_ / "config.json", ignored)) return {};
  const ModelConfig config = TRY(ReadModelConfig(bundle_));
  architecture_ = ArchitectureOf(config);
  if (labels_.empty()) labels_ = config.labels;
  return {};
}

void StagedBundle::Describe(ModelVersion& version) const {
  version.name = name();
  version.digest = digest_;
  version.kind = manifest_.kind;
  version.architecture = architecture_;
  version.labels = labels_;
  version.metrics = info_.metrics.is_object() ? info_.metrics.dump() : "{}";
  if (!info_.data_sha256.empty()) version.data_sha256 = info_.data_sha256;
  if (!info_.winnow_version.empty()) version.code_version = info_.winnow_version;
}

/// The digest covers the digests of all files and the rest of the manifest. onnx/model_metadata.json is left out: it
/// repeats the manifest, and states the version.
Result<void> StagedBundle::ComputeDigest() {
  TRY(Stage(manifest_.version));
  const fs::path staged = stage_.path() / kManifestFile;
  Json manifest = TRY(ParseJson(TRY(ReadFile(staged)), staged.string(), ErrorCode::kInvalidModel));
  for (const char* member : kMembersOfVersion) manifest.erase(member);
  Hasher hasher(Hasher::Kind::kSha256);
  for (const auto& [path, sha256] : manifest_.sha256) {
    if (path != kOnnxMetadataFile) hasher.Update(fmt::format("{}  {}\n", sha256, path));
  }
  hasher.Update(DumpJson(manifest));
  digest_ = hasher.Hex();
  return {};
}

/// Writes winnow.json, the model card and the other files that state the version to the stage.
Result<void> StagedBundle::Stage(const std::string& version) const {
  std::error_code error;
  const fs::path metadata = stage_.path() / kOnnxMetadataFile;
  if (manifest_.sha256.contains(kOnnxMetadataFile)) {
    fs::create_directories(metadata.parent_path(), error);
    if (!error) fs::copy_file(bundle_ / kOnnxMetadataFile, metadata, fs::copy_options::overwrite_existing, error);
    if (error)
      return Fail(ErrorCode::kIo, fmt::format("{}: cannot write: {}", metadata.string(), error.message()),
                  "check the free space of the temporary directory (TMPDIR)");
  }
  Manifest manifest = manifest_;
  manifest.version = version;
  TRY(WriteManifest(stage_.path(), manifest));
  return HasOwnCard(bundle_) ? Result<void>()
                             : WriteFileAtomically(stage_.path() / kCardFile, ModelCard(manifest, info_));
}

Result<StagedFile> StagedBundle::FileOf(const std::string& path) const {
  std::error_code error;
  StagedFile staged{.file = {.path = path}, .source = stage_.path() / path};
  const bool is_staged = fs::exists(staged.source, error);
  if (!is_staged) staged.source = bundle_ / path;
  const auto digest = manifest_.sha256.find(path);
  const bool known = !is_staged && digest != manifest_.sha256.end();
  staged.file.sha256 = known ? digest->second : TRY(Sha256OfFile(staged.source));
  staged.file.bytes = fs::file_size(staged.source, error);
  if (error)
    return Fail(ErrorCode::kIo, fmt::format("{}: cannot read: {}", staged.source.string(), error.message()),
                "check the permissions of the file");
  return staged;
}

Result<std::vector<StagedFile>> StagedBundle::FilesAs(const std::string& version) const {
  TRY(Stage(version));
  const bool unchanged = sealed_ && !renamed_ && version == manifest_.sealed_version;
  std::error_code error;
  std::vector<std::string> paths = {kManifestFile, kVersionFile};
  if (unchanged) {  // as it was signed
    fs::remove(stage_.path() / kManifestFile, error);
    fs::remove(stage_.path() / kOnnxMetadataFile, error);
    if (fs::exists(bundle_ / kSignatureFile, error)) paths.push_back(kSignatureFile);
  }
  if (fs::exists(stage_.path() / kCardFile, error) ||
      fs::is_regular_file(fs::symlink_status(bundle_ / kCardFile, error)))
    paths.emplace_back(kCardFile);
  for (const auto& [path, sha256] : manifest_.sha256) {
    if (path != kCardFile) paths.push_back(path);  // listed by earlier versions of Winnow
  }
  std::ranges::sort(paths);
  std::vector<StagedFile> files;
  for (const std::string& path : paths) files.push_back(TRY(FileOf(path)));
  return files;
}

}  // namespace winnow
