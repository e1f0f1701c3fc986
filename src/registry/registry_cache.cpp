#include "registry/registry_cache.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/environment.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/log.h"
#include "bundle/manifest.h"
#include "bundle/model_version.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

constexpr char kAliasesFile[] = "aliases.json";  // of servers that follow all models

/// The digest of winnow.json, which has the digests of the other files.
std::optional<std::string> ManifestDigest(const ModelVersion& version) {
  const auto found = std::ranges::find(version.files, kManifestFile, &ModelFile::path);
  return found == version.files.end() ? std::nullopt : std::optional(found->sha256);
}

std::string TextOf(const Json& json, const char* key) {
  const Json* const found = json.Find(key);
  return found != nullptr && found->is_string() ? found->str() : "";
}

/// The file of the servers that follow `names`, which are sorted.
std::string AliasesFileOf(const std::vector<std::string>& names) {
  if (names.empty()) return kAliasesFile;
  std::string key;
  for (const std::string& name : names) key += name + "\n";
  return "aliases-" + Sha256(key).substr(0, 16) + ".json";
}

std::vector<std::string> Sorted(std::vector<std::string> names) {
  std::ranges::sort(names);
  const auto repeated = std::ranges::unique(names);
  names.erase(repeated.begin(), repeated.end());
  return names;
}

}  // namespace

RegistryCache::RegistryCache(fs::path directory, const std::string& registry, std::vector<std::string> names)
    : directory_(std::move(directory)),
      registry_digest_(Sha256(registry)),
      names_(Sorted(std::move(names))),
      aliases_file_(AliasesFileOf(names_)) {}

fs::path RegistryCache::DirectoryOf(const std::string& name, const std::string& version) const {
  return directory_ / name / version;
}

std::optional<fs::path> RegistryCache::Find(const std::string& name, const std::string& version) const {
  if (!CheckRegistryName(name, "name") || !IsSemanticVersion(version)) return std::nullopt;
  const fs::path directory = DirectoryOf(name, version);
  std::error_code error;
  return fs::exists(directory / kManifestFile, error) ? std::optional(directory) : std::nullopt;
}

Result<fs::path> RegistryCache::Get(Registry& registry, const std::string& name, const std::string& version) const {
  TRY(CheckRegistryName(name, "name of a model"));
  // It becomes a path, and comes from the records, which others may be able to write.
  if (!IsSemanticVersion(version)) {
    return Fail(
        ErrorCode::kInvalidData,
        fmt::format("the registry has a version '{}' of {}, which is not a semantic version", Printable(version), name),
        "versions are numbers such as 1.2.0; 'winnow registry history' tells who has set the alias");
  }
  const ModelVersion row = TRY(registry.Show(name + ":" + version));
  const fs::path directory = DirectoryOf(name, version);
  // A directory appears as a whole, and the digest of its manifest tells whether it is that of this registry.
  const Result<std::string> digest = Sha256OfFile(directory / kManifestFile);
  if (digest && *digest == ManifestDigest(row)) return directory;
  TRY(registry.Pull(row, directory, /*overwrite=*/false));
  return directory;
}

std::vector<FollowedAlias> RegistryCache::AliasesIn(const fs::path& file) const {
  const Result<std::string> text = ReadFile(file);
  const Result<Json> json = text ? ParseJson(*text, file.string()) : std::unexpected(text.error());
  if (!json || !json->is_object() || TextOf(*json, "registry") != registry_digest_) return {};
  const Json* const list = json->Find("aliases");
  std::vector<FollowedAlias> aliases;
  if (list == nullptr || !list->is_array()) return aliases;
  for (const Json& each : *list) {
    FollowedAlias alias{TextOf(each, "name"), TextOf(each, "alias"), TextOf(each, "version")};
    if (!alias.name.empty() && !alias.alias.empty() && !alias.version.empty()) aliases.push_back(std::move(alias));
  }
  return aliases;
}

std::vector<FollowedAlias> RegistryCache::Remembered() const {
  std::vector<FollowedAlias> aliases = AliasesIn(directory_ / aliases_file_);
  if (!aliases.empty() || names_.empty()) return aliases;
  aliases = AliasesIn(directory_ / kAliasesFile);
  std::erase_if(aliases, [&](const FollowedAlias& each) { return !std::ranges::binary_search(names_, each.name); });
  return aliases;
}

Result<void> RegistryCache::Remember(const std::vector<FollowedAlias>& aliases) const {
  Json list = Json::array();
  for (const FollowedAlias& alias : aliases)
    list.push_back({{"name", alias.name}, {"alias", alias.alias}, {"version", alias.version}});
  std::error_code error;
  fs::create_directories(directory_, error);
  return WriteFileAtomically(directory_ / aliases_file_, DumpJson({{"registry", registry_digest_}, {"aliases", list}}));
}

void RegistryCache::Prune(const std::set<fs::path>& keep) const {
  const auto day_ago = fs::file_time_type::clock::now() - std::chrono::hours(24);
  std::error_code error;
  std::set<fs::path> kept = keep;
  for (const auto& file : fs::directory_iterator(directory_, error)) {
    const std::string name = file.path().filename().string();
    const bool of_others = name == kAliasesFile || (name.starts_with("aliases-") && name.ends_with(".json"));
    if (!of_others || name == aliases_file_) continue;
    for (const FollowedAlias& alias : AliasesIn(file.path())) kept.insert(DirectoryOf(alias.name, alias.version));
  }
  for (const auto& model : fs::directory_iterator(directory_, error)) {
    if (!model.is_directory(error)) continue;
    for (const auto& version : fs::directory_iterator(model.path(), error)) {
      const bool ours = IsSemanticVersion(version.path().filename().string());
      if (!ours || kept.contains(version.path()) || fs::last_write_time(version.path(), error) > day_ago) continue;
      fs::remove_all(version.path(), error);
    }
  }
}

Result<fs::path> DefaultRegistryCache(const std::string& registry) {
  const std::string key = Sha256(registry).substr(0, 16);
  if (const auto state = StateDirectory()) return state->path / "registry" / key;
  return Fail(ErrorCode::kInvalidArgument, "there is no directory for the cache of the registry",
              "pass --registry-cache DIR");
}

}  // namespace winnow
