#include "bundle/manifest_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/format_version.h"
#include "base/hash.h"
#include "base/json.h"
#include "bundle/manifest_calibration.h"
#include "bundle/manifest_error.h"
#include "bundle/model_version.h"
#include "bundle/positive_label.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

/// Grows when programs that do not know a new field would predict something else. A manifest without "format" has 1.
constexpr int kFormat = 1;
constexpr int kMinLength = 3, kMaxLength = 1 << 20;

constexpr std::array kLongTexts = {LongText::kHead, LongText::kHeadTail, LongText::kWindows};

Result<LongText> ParseLongText(std::string_view name, std::string_view where) {
  for (const LongText each : kLongTexts) {
    if (NameOf(each) == name) return each;
  }
  return ManifestError(where, fmt::format("'long_text' is '{}', expected head, head+tail or windows", name));
}

/// A manifest comes from elsewhere: it may name files below the bundle, nothing else.
bool IsInside(const std::string& name) {
  const fs::path path(name);
  if (name.empty() || path.is_absolute() || name.find('\\') != std::string::npos ||
      name.find('\0') != std::string::npos)
    return false;
  return std::ranges::none_of(path, [](const fs::path& part) { return part == ".." || part == "." || part.empty(); });
}

}  // namespace

Result<void> ValidateManifest(const Manifest& manifest, std::string_view where) {
  if (!IsSemanticVersion(manifest.version))
    return ManifestError(where,
                         fmt::format("'version' is '{}', expected a semantic version like 1.2.0", manifest.version));
  if (manifest.kind != "transformer" && manifest.kind != "lr" && manifest.kind != "svm")
    return ManifestError(where, fmt::format("'kind' is '{}', expected transformer, lr or svm", manifest.kind));
  if (manifest.max_length < kMinLength || manifest.max_length > kMaxLength)
    return ManifestError(
        where, fmt::format("'max_length' is {}, expected {} to {}", manifest.max_length, kMinLength, kMaxLength));
  TRY(ValidateCalibration(manifest, where));
  for (const auto& [name, digest] : manifest.sha256) {
    if (!IsInside(name))
      return ManifestError(where, fmt::format("'sha256' names '{}', which lies outside the bundle", name));
    if (!IsHexDigest(digest, 64))
      return ManifestError(
          where, fmt::format("the digest of '{}' in 'sha256' must be 64 lower-case hexadecimal digits", name));
  }
  return {};
}

std::string_view NameOf(LongText long_text) {
  return long_text == LongText::kWindows ? "windows" : long_text == LongText::kHeadTail ? "head+tail" : "head";
}

namespace {

/// Reads the fields that this program knows.
Result<Manifest> ReadFields(const Json& json, std::string_view where) {
  const JsonObject object = TRY(JsonObject::Of(json, std::string(where), ErrorCode::kInvalidModel));
  Manifest manifest;
  manifest.name = TRY(object.String("name")).value_or("");
  manifest.version = TRY(object.String("version")).value_or(manifest.version);
  manifest.sealed_version = TRY(object.String("sealed_version")).value_or("");
  manifest.kind = TRY(object.String("kind")).value_or(manifest.kind);
  manifest.text_template = TRY(object.String("text_template")).value_or("");
  if (object.Has("label_map")) {
    if (!json["label_map"].is_object())
      return ManifestError(where, "'label_map' must be an object that maps labels to labels");
    for (const auto& [from, to] : json["label_map"].items()) {
      if (!to.is_string())
        return ManifestError(where, fmt::format("the value of '{}' in 'label_map' must be a string", from));
      manifest.label_map[from] = to.get<std::string>();
    }
  }
  const int64_t max_length = TRY(object.Integer("max_length")).value_or(manifest.max_length);
  manifest.max_length = static_cast<int>(std::clamp<int64_t>(max_length, -1, kMaxLength + 1));
  if (const std::optional<std::string> name = TRY(object.String("long_text"))) {
    manifest.long_text = TRY(ParseLongText(*name, where));
  }
  if (object.Has("fold_disguises")) {
    if (!json["fold_disguises"].is_boolean()) return ManifestError(where, "'fold_disguises' must be true or false");
    manifest.fold_disguises = json["fold_disguises"].get<bool>();
  }
  manifest.positive_label = TRY(object.String("positive_label")).value_or("");
  TRY(ReadCalibration(json, where, manifest));
  if (object.Has("sha256")) {
    if (!json["sha256"].is_object())
      return ManifestError(where, "'sha256' must be an object that maps file names to digests");
    for (const auto& [name, digest] : json["sha256"].items()) {
      if (!digest.is_string())
        return ManifestError(where, fmt::format("the digest of '{}' in 'sha256' must be a string", name));
      manifest.sha256[name] = digest.get<std::string>();
    }
  }
  TRY(ValidateManifest(manifest, where));
  return manifest;
}

}  // namespace

Result<Manifest> ParseManifest(std::string_view text, std::string_view where) {
  const Json json = TRY(ParseJson(text, where, ErrorCode::kInvalidModel));
  const JsonObject object = TRY(JsonObject::Of(json, std::string(where), ErrorCode::kInvalidModel));
  const int64_t format = TRY(object.Integer("format")).value_or(kFormat);
  const Json* const stated = json.Find("winnow");
  const std::string writer = stated != nullptr && stated->is_string() ? stated->str() : "";
  if (format > kFormat) return std::unexpected(NewerFormatError(where, "the bundle", format, kFormat, writer));
  Result<Manifest> manifest = ReadFields(json, where);
  if (manifest) {
    manifest->source = std::string(text);
  } else if (manifest.error().hint.empty() && !writer.empty() && writer != WINNOW_VERSION) {
    manifest.error().hint = fmt::format(
        "Winnow {} wrote the file, and this is Winnow {}, which cannot read all that a newer version writes", writer,
        WINNOW_VERSION);
  }
  return manifest;
}

std::string DefaultPositiveLabel(const std::vector<std::string>& labels) {
  if (labels.size() != 2) return {};
  return labels[PositiveByName(labels).value_or(1)];
}

Result<int> DefaultMaxLength(const ModelConfig& config, std::string_view tokenizer_config, std::string_view where) {
  const int most = MaxTokens(config);
  if (tokenizer_config.empty()) return most;
  const Json json = TRY(ParseJson(tokenizer_config, where, ErrorCode::kInvalidModel));
  const Json* const stated = json.is_object() ? json.Find("model_max_length") : nullptr;
  if (stated == nullptr || !stated->is_number()) return most;
  const auto length = stated->get<double>();  // transformers writes 1e30 where there is no limit
  return length >= kMinLength && length < most ? static_cast<int>(length) : most;
}

}  // namespace winnow
