#include <fmt/format.h>

#include "base/json.h"
#include "bundle/manifest.h"
#include "cli/commands.h"
#include "cli/output.h"

namespace winnow {
namespace {

struct VerifyOptions : CommonOptions {
  std::filesystem::path bundle;
};

void Describe(VerifyOptions& options, OptionTable& table) {
  table.AddPositional("bundle", &options.bundle, "The model's directory").ValueName("BUNDLE").Required();
}

Result<void> Run(const VerifyOptions& options) {
  const VerifyReport report = TRY(VerifyBundle(options.bundle));
  if (options.json) {
    TRY(Print(DumpJsonLine({{"ok", report.ok()},
                            {"checked", report.checked},
                            {"missing", report.missing},
                            {"changed", report.changed},
                            {"unlisted", report.unlisted},
                            {"has_manifest", report.has_manifest}}) +
              "\n"));
  } else {
    for (const std::string& file : report.missing) TRY(Print("missing   " + file + "\n"));
    for (const std::string& file : report.changed) TRY(Print("changed   " + file + "\n"));
    for (const std::string& file : report.unlisted) TRY(Print("unlisted  " + file + "\n"));
    if (report.ok()) {
      TRY(Print(report.has_manifest
                    ? fmt::format("{} files match the digests in {}\n", report.checked, kManifestFile)
                    : fmt::format("readable; there is no {} with digests to compare with\n", kManifestFile)));
    }
  }
  if (report.ok()) return {};
  return Fail(ErrorCode::kInvalidModel,
              fmt::format("{}: {} files are missing and {} differ from their digests", options.bundle.string(),
                          report.missing.size(), report.changed.size()),
              "copy or train the model again");
}

}  // namespace

Command VerifyCommand() {
  return MakeCommand<VerifyOptions>("verify", "Checks a model's files against the digests in its manifest.", Describe,
                                    Run);
}

}  // namespace winnow
