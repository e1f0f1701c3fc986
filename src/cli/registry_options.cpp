#include "cli/registry_options.h"

#include <fmt/format.h>

#include <optional>

#include "base/interrupt.h"
#include "base/progress.h"
#include "cli/output.h"
#include "registry/registry_json.h"

namespace winnow {
namespace {

/// One bar for each large file.
class TransferBar {
 public:
  bool Show(std::string_view key, uint64_t done, uint64_t total) {
    constexpr uint64_t kLarge = 16 << 20;
    if (total < kLarge) return !Interrupted();
    if (key_ != key) {
      if (bar_) bar_->Finish();
      key_ = key;
      bar_.emplace(key_.substr(key_.rfind('/') + 1), static_cast<int64_t>(total), ProgressUnit::kPercent);
    }
    bar_->Set(static_cast<int64_t>(done));
    if (done == total) bar_->Finish();
    return !Interrupted();
  }

 private:
  std::string key_;
  std::optional<ProgressBar> bar_;
};

}  // namespace

Option& AddRegistryPlace(RegistryPlaceOptions& place, OptionTable& table) {
  table
      .Add("artifacts", &place.artifacts,
           "Where the files of the versions are, if not in the directory of the registry: a directory, "
           "s3://BUCKET/PREFIX/ or gs://BUCKET/PREFIX/")
      .ValueName("URL");
  return table
      .Add("registry", &place.registry,
           "The registry: a directory, or a store (sqlite:FILE, postgresql://user:password@host/database) with "
           "--artifacts")
      .ValueName("URL");
}

void AddRegistryOptions(RegistryCommandOptions& options, OptionTable& table) {
  table.Group("Registry");
  AddRegistryPlace(options.place, table).Required();
}

void AddRegistryChangeOptions(RegistryCommandOptions& options, OptionTable& table) {
  AddRegistryOptions(options, table);
  table.Add("actor", &options.actor, "Who makes the change, for the history and the audit log")
      .ValueName("NAME")
      .Default("the user of the process");
}

void AddAliasOptions(std::string& alias, std::string& reason, OptionTable& table) {
  table.Group("Change");
  table.Add("alias", &alias, "The alias to change").ValueName("ALIAS");
  table.Add("reason", &reason, "Reason for the change, for the history").ValueName("TEXT");
}

Result<std::unique_ptr<Registry>> OpenRegistry(const RegistryCommandOptions& options, bool create) {
  HandleInterrupts();
  RegistryOptions registry{
      .url = options.place.registry, .artifacts = options.place.artifacts, .actor = options.actor, .create = create};
  registry.artifact_options.progress = [bar = std::make_shared<TransferBar>()](std::string_view key, uint64_t done,
                                                                               uint64_t total) {
    return bar->Show(key, done, total);
  };
  return Registry::Open(registry);
}

std::string SizeText(uint64_t bytes) {
  const double size = static_cast<double>(bytes);
  if (bytes < 1000) return fmt::format("{} B", bytes);
  if (bytes < 1'000'000) return fmt::format("{:.1f} kB", size / 1e3);
  return bytes < 1'000'000'000 ? fmt::format("{:.1f} MB", size / 1e6) : fmt::format("{:.1f} GB", size / 1e9);
}

Result<void> PrintAlias(const AliasChanged& change, bool json) {
  const AliasRow& row = change.row;
  if (json) {
    Json document = AliasJson(row);
    document["changed"] = change.changed;
    return Print(DumpJsonLine(document) + "\n");
  }
  if (!change.changed) {
    return Print(fmt::format("{}@{} is {} already\n", row.name, row.alias, row.version.value_or("removed")));
  }
  return Print(fmt::format("{}@{}: {} -> {}\n", row.name, row.alias, row.from_version.value_or("(none)"),
                           row.version.value_or("(none)")));
}

}  // namespace winnow
