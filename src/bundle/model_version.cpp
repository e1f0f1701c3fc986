#include "bundle/model_version.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/files.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/json_edit.h"
#include "bundle/manifest.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

/// The version files contain a few numbers; larger ones are not read.
constexpr uintmax_t kMostBytes = 64 << 20;

/// A number of any length plus one.
std::string Successor(std::string_view number) {
  std::string next(number);
  for (size_t i = next.size(); i-- > 0;) {
    if (next[i] != '9') {
      ++next[i];
      return next;
    }
    next[i] = '0';
  }
  return "1" + next;
}

struct Numbers {
  std::string_view major, minor, patch;
  std::string_view pre_release;  // "-rc.1", or empty
};

Numbers NumbersOf(std::string_view version) {
  version = version.substr(0, version.find('+'));
  Numbers numbers;
  if (const size_t minus = version.find('-'); minus != std::string_view::npos) {
    numbers.pre_release = version.substr(minus);
    version = version.substr(0, minus);
  }
  const size_t first = version.find('.'), second = version.find('.', first + 1);
  numbers.major = version.substr(0, first);
  numbers.minor = version.substr(first + 1, second - first - 1);
  numbers.patch = version.substr(second + 1);
  return numbers;
}

Result<std::string> Given(const std::string& version) {
  if (IsSemanticVersion(version)) return version;
  return Fail(ErrorCode::kInvalidArgument, fmt::format("--model-version: '{}' is not a semantic version", version),
              "specify three numbers such as 1.2.0, see semver.org");
}

/// The contents of a version file; nothing if there is none that can be read.
std::optional<std::string> TextOf(const fs::path& file) {
  std::error_code error;
  const uintmax_t size = fs::file_size(file, error);
  if (error || size > kMostBytes) return std::nullopt;
  Result<std::string> text = ReadFile(file);
  return text ? std::optional(*std::move(text)) : std::nullopt;
}

std::optional<std::string> StringOf(const Json& json, const std::string& key) {
  const Json* const found = json.Find(key);
  return found != nullptr && found->is_string() ? std::optional(found->str()) : std::nullopt;
}

/// The version in MODEL_VERSION.json if it is another one than the sealed one: that of the model itself, otherwise that
/// of the model of this name.
std::optional<std::string> InVersionFile(const fs::path& dir, const Manifest& manifest) {
  const std::optional<std::string> text = TextOf(dir / kVersionFile);
  if (!text) return std::nullopt;
  const Result<Json> json = ParseJson(*text, kVersionFile);
  if (!json || !json->is_object()) return std::nullopt;
  for (const Json* const place : {&*json, json->Find("models")}) {
    if (place == nullptr || !place->is_object()) continue;
    const std::optional<std::string> version = StringOf(*place, place == &*json ? "version" : manifest.name);
    if (version && *version != manifest.sealed_version) return version;
  }
  return std::nullopt;
}

/// Returns true if the text, with its version replaced by `sealed`, has the digest.
bool HasDigestWithVersion(std::string_view text, const std::string& sealed, const std::string& sha256) {
  const Result<std::string> replaced = WithMember(text, "version", sealed, kOnnxMetadataFile);
  if (!replaced) return false;
  if (Sha256(*replaced) == sha256) return true;
  // An editor that writes the whole document anew changes its layout.
  const Result<Json> json = ParseJson(*replaced, kOnnxMetadataFile);
  return json && Sha256(DumpJson(*json)) == sha256;
}

/// The version in onnx/model_metadata.json if nothing else in the file was changed.
std::optional<std::string> InOnnxMetadata(const fs::path& dir, const Manifest& manifest) {
  const auto digest = manifest.sha256.find(kOnnxMetadataFile);
  const std::optional<std::string> text = TextOf(dir / kOnnxMetadataFile);
  if (digest == manifest.sha256.end() || !text || Sha256(*text) == digest->second) return std::nullopt;
  if (!HasDigestWithVersion(*text, manifest.sealed_version, digest->second)) return std::nullopt;
  const Result<Json> json = ParseJson(*text, kOnnxMetadataFile);
  return json ? StringOf(*json, "version") : std::nullopt;
}

}  // namespace

std::string NextPatchVersion(std::string_view version) {
  const Numbers numbers = NumbersOf(version);
  return fmt::format("{}.{}.{}{}", numbers.major, numbers.minor, Successor(numbers.patch), numbers.pre_release);
}

std::string NextMinorVersion(std::string_view version) {
  const Numbers numbers = NumbersOf(version);
  return fmt::format("{}.{}.0{}", numbers.major, Successor(numbers.minor), numbers.pre_release);
}

std::string NextMajorVersion(std::string_view version) {
  const Numbers numbers = NumbersOf(version);
  return fmt::format("{}.0.0{}", Successor(numbers.major), numbers.pre_release);
}

Result<std::string> VersionOf(const VersionPlan& plan, const std::string& current, bool changed) {
  if (plan.version) return Given(*plan.version);
  return plan.keep || !changed ? current : NextPatchVersion(current);
}

Result<std::string> VersionOfNew(const VersionPlan& plan, const fs::path& target, const std::string& name) {
  if (plan.version) return Given(*plan.version);
  std::error_code ignored;
  if (!fs::exists(target / kManifestFile, ignored)) return Manifest().version;
  const Result<Manifest> former = ReadManifest(target);
  return former && former->name == name ? NextMinorVersion(former->version) : Manifest().version;
}

Result<void> FindEditedVersion(const fs::path& dir, Manifest& manifest) {
  const std::string sealed = manifest.sealed_version;
  if (sealed.empty()) return {};
  std::vector<std::pair<std::string, std::string>> edits;  // files and their versions
  if (manifest.version != sealed) edits.emplace_back(kManifestFile, manifest.version);
  if (const auto version = InVersionFile(dir, manifest)) edits.emplace_back(kVersionFile, *version);
  if (const auto version = InOnnxMetadata(dir, manifest)) edits.emplace_back(kOnnxMetadataFile, *version);
  if (edits.empty()) return {};
  for (const auto& [file, version] : edits) {
    if (IsSemanticVersion(version)) continue;
    return Fail(ErrorCode::kInvalidModel, fmt::format("{}: 'version' is '{}', expected a semantic version like 1.2.0",
                                                      (dir / file).string(), version));
  }
  manifest.version = edits.front().second;
  manifest.version_note =
      fmt::format("the version was edited in {}: {} instead of {}", edits.front().first, manifest.version, sealed);
  for (const auto& [file, version] : edits) {
    if (version == manifest.version) continue;
    manifest.version_note += fmt::format("; {} says {}, which is ignored", file, version);
  }
  return {};
}

bool DiffersInVersionAlone(const fs::path& file, const std::string& sealed, const std::string& sha256) {
  const std::optional<std::string> text = TextOf(file);
  return text && HasDigestWithVersion(*text, sealed, sha256);
}

Result<void> WriteVersionFiles(const fs::path& dir, Manifest& manifest) {
  Json models = Json::object();
  if (!manifest.name.empty()) models[manifest.name] = manifest.version;
  TRY(WriteFileAtomically(dir / kVersionFile, DumpJson({{"version", manifest.version}, {"models", models}})));
  const std::optional<std::string> text = TextOf(dir / kOnnxMetadataFile);
  const auto digest = manifest.sha256.find(kOnnxMetadataFile);
  if (!text || digest == manifest.sha256.end()) return {};
  if (Sha256(*text) != digest->second && !HasDigestWithVersion(*text, manifest.sealed_version, digest->second)) {
    return {};
  }
  const Json json = TRY(ParseJson(*text, kOnnxMetadataFile, ErrorCode::kInvalidModel));
  if (StringOf(json, "version") == manifest.version) {
    digest->second = Sha256(*text);
    return {};
  }
  const std::string changed = TRY(WithMember(*text, "version", manifest.version, kOnnxMetadataFile));
  TRY(WriteFileAtomically(dir / kOnnxMetadataFile, changed));
  digest->second = Sha256(changed);
  return {};
}

}  // namespace winnow
