#include <fmt/format.h>

#include "base/json.h"
#include "bundle/manifest.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "data/labels.h"

namespace winnow {
namespace {

struct VerifyOptions : CommonOptions {
  std::filesystem::path bundle;
};

void Describe(VerifyOptions& options, OptionTable& table) {
  table.AddPositional("bundle", &options.bundle, "Directory of the model").ValueName("BUNDLE").Required();
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

Result<void> Run(const VerifyOptions& options) {
  const VerifyReport report = TRY(VerifyBundle(options.bundle));
  if (options.json) {
    TRY(Print(DumpJsonLine({{"ok", report.ok()},
                            {"checked", report.checked},
                            {"missing", report.missing},
                            {"changed", report.changed},
                            {"unlisted", report.unlisted},
                            {"version", report.version},
                            {"version_edited", report.edited},
                            {"has_manifest", report.has_manifest}}) +
              "\n"));
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
  }
  if (report.ok()) return {};
  return Fail(ErrorCode::kInvalidModel, fmt::format("{}: {}", options.bundle.string(), Problems(report)),
              "copy the model again, or train it again");
}

}  // namespace

Command VerifyCommand() {
  return MakeCommand<VerifyOptions>("verify", "Checks a model's files against the digests in its manifest.", Describe,
                                    Run);
}

}  // namespace winnow
