#include <fmt/format.h>

#include "base/files.h"
#include "base/json.h"
#include "bundle/convert.h"
#include "bundle/load_check.h"
#include "bundle/manifest.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "data/labels.h"
#include "encoder/quantized_model.h"
#include "linear/linear_model.h"

namespace winnow {
namespace {

struct VerifyOptions : CommonOptions {
  std::filesystem::path bundle;
};

void Describe(VerifyOptions& options, OptionTable& table) {
  table.AddPositional("bundle", &options.bundle, "Directory of the model").ValueName("BUNDLE").Required();
  AddPublicKeyOption(options, table);
  table.Example("winnow verify spam", "whether a copy is complete and unchanged");
  table.Example("winnow verify spam --public-key team.pub", "and whether it is signed with this key");
}

/// "1 of 14 files is missing: labels.json; 2 of 14 files were changed: ...".
std::string Problems(const VerifyReport& report) {
  const size_t all =
      static_cast<size_t>(report.checked) + report.missing.size() + report.changed.size() + report.edited.size();
  std::string text;
  const auto add = [&](const std::vector<std::string>& files, const char* one, const char* several) {
    if (files.empty()) return;
    text += fmt::format("{}{} of {} files {}: {}", text.empty() ? "" : "; ", files.size(), all,
                        files.size() == 1 ? one : several, SomeNames(files));
  };
  add(report.missing, "is missing", "are missing");
  add(report.changed, "has been changed since it was written", "have been changed since they were written");
  return text;
}

/// Checks the signature of the manifest, and that it lists every file that may be read. Nothing is checked without
/// --public-key.
Result<void> CheckSigned(const VerifyOptions& options) {
  const std::optional<MinisignKey>& key = DefaultBundleTrust().key;
  if (!key) return {};
  TRY(CheckSignature(options.bundle, TRY(ReadFile(options.bundle / kManifestFile)), *key));
  return CheckFiles(options.bundle, {kLinearFile, kInt8Weights, kWeightsFile});
}

Result<void> Run(const VerifyOptions& options) {
  const Result<void> is_signed = CheckSigned(options);
  const Result<VerifyReport> verified = VerifyBundle(options.bundle);
  // A file that nobody has signed is first of all that, whatever its form.
  if (!verified) return std::unexpected(is_signed ? verified.error() : is_signed.error());
  const VerifyReport& report = *verified;
  if (options.json) {
    Json json = {{"ok", report.ok() && is_signed},  {"checked", report.checked},          {"missing", report.missing},
                 {"changed", report.changed},       {"unlisted", report.unlisted},        {"version", report.version},
                 {"version_edited", report.edited}, {"has_manifest", report.has_manifest}};
    if (options.public_key) json["signed"] = is_signed.has_value();
    TRY(Print(DumpJsonLine(json) + "\n"));
  } else {
    for (const std::string& file : report.missing) TRY(Print("missing   " + file + "\n"));
    for (const std::string& file : report.changed) TRY(Print("changed   " + file + "\n"));
    for (const std::string& file : report.unlisted) TRY(Print("unlisted  " + file + "\n"));
    for (const std::string& file : report.edited) TRY(Print("version   " + file + "\n"));
    if (!report.version_note.empty()) TRY(Print(report.version_note + "\n"));
    if (report.ok()) {
      TRY(Print(report.has_manifest
                    ? fmt::format("{} files match the digests in {}\n", report.checked, kManifestFile)
                    : fmt::format("all files are readable; their digests were not checked, because there is no {}\n",
                                  kManifestFile)));
    }
    if (options.public_key && is_signed) {
      TRY(Print(fmt::format("{} is signed with key {}\n", kManifestFile, DefaultBundleTrust().key->IdText())));
    }
  }
  if (report.ok()) return is_signed;
  return Fail(ErrorCode::kInvalidModel, fmt::format("{}: {}", options.bundle.string(), Problems(report)),
              "copy the model again, or train it again");
}

}  // namespace

Command VerifyCommand() {
  return MakeCommand<VerifyOptions>("verify", "Checks a model's files against the digests in its manifest.", Describe,
                                    Run);
}

}  // namespace winnow
