/// The version of a model: how commands choose the next one, and where people edit it.
///
/// winnow.json, MODEL_VERSION.json and onnx/model_metadata.json of a bundle state the version. Winnow writes the same
/// one into all of them, and as `sealed_version` into winnow.json. So a file whose version is another one was edited,
/// and the edited version is that of the model (docs/adr/026).
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace winnow {

struct Manifest;

/// {"version": "1.2.0", "models": {"spam": "1.2.0"}}. Not covered by the digests, since it contains nothing else.
inline constexpr char kVersionFile[] = "MODEL_VERSION.json";
inline constexpr char kOnnxMetadataFile[] = "onnx/model_metadata.json";

/// The version that a command gives to the model that it writes.
struct VersionPlan {
  std::optional<std::string> version = {};  ///< the version (--model-version); empty: the next one
  bool keep = false;                        ///< the version stays, since another command of this run has chosen it
};

/// Returns true for MAJOR.MINOR.PATCH[-pre-release][+build], as defined by semver.org.
bool IsSemanticVersion(std::string_view version);

/// Returns the version with its patch, minor or major number increased by one and without build metadata; a pre-release
/// stays one. `version` must be a semantic version.
std::string NextPatchVersion(std::string_view version);
std::string NextMinorVersion(std::string_view version);
std::string NextMajorVersion(std::string_view version);

/// Returns --model-version if it was given; otherwise the next patch version if the model's predictions `changed`.
/// Errors: kInvalidArgument for a version that is not a semantic one.
Result<std::string> VersionOf(const VersionPlan& plan, const std::string& current, bool changed);

/// Returns the version of a new model that is written to `target`: --model-version if it was given, otherwise the next
/// minor version of the model of that name that it replaces, otherwise 1.0.0. Errors: kInvalidArgument.
Result<std::string> VersionOfNew(const VersionPlan& plan, const std::filesystem::path& target, const std::string& name);

/// Sets `version` of a manifest that was read from `dir` to the edited one, if there is one, and describes the edit in
/// `version_note`. Does nothing for a manifest without `sealed_version`. Errors: kInvalidModel for an edited version
/// that is not a semantic one.
Result<void> FindEditedVersion(const std::filesystem::path& dir, Manifest& manifest);

/// Returns true if onnx/model_metadata.json, with its version replaced by `sealed`, has the digest.
bool DiffersInVersionAlone(const std::filesystem::path& file, const std::string& sealed, const std::string& sha256);

/// Writes MODEL_VERSION.json, and the manifest's version into onnx/model_metadata.json if that file exists and was not
/// changed otherwise; its digest in the manifest follows. Errors: kIo.
Result<void> WriteVersionFiles(const std::filesystem::path& dir, Manifest& manifest);

}  // namespace winnow
