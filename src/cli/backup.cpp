#include "backup/backup.h"

#include <fmt/format.h>

#include "base/interrupt.h"
#include "base/json.h"
#include "cli/commands.h"
#include "cli/output.h"

namespace winnow {
namespace {

struct BackupOptions : CommonOptions {
  BackupPlan plan;
};

struct RestoreOptions : CommonOptions {
  RestorePlan plan;
};

Result<void> PrintReport(const BackupReport& report, const std::string& where, bool json) {
  if (json) return Print(BackupReportJson(report).dump() + "\n");
  std::string text = fmt::format("{}, of {}:\n", where, report.created);
  for (const BackupPart& part : report.parts) {
    text += fmt::format("  {:<10} {:>6} file{} {:>10.1f} MB{}\n", part.kind, part.files, part.files == 1 ? " " : "s",
                        static_cast<double>(part.bytes) / 1e6, part.from.empty() ? "" : "  from " + part.from);
  }
  return Print(text);
}

void DescribeBackup(BackupOptions& options, OptionTable& table) {
  table.Describe(
      "Servers may run meanwhile: databases are copied as of one moment, and a model that is replaced meanwhile is copied "
      "as a whole. The backup is a directory that is complete or absent; it contains what people wrote, and only its "
      "owner can read it. Stores in PostgreSQL are backed up with pg_dump.");
  table.AddPositional("output", &options.plan.output, "Directory to write, which must not exist").Required();
  table.Group("Options");
  table.Add("store", &options.plan.store, "Store in SQLite: sqlite:FILE or a path").ValueName("URL");
  table.Add("registry", &options.plan.registry, "Registry in a directory").ValueName("DIR");
  table.Add("workspace", &options.plan.workspace, "Workspace of a server (winnow serve --workspace)").ValueName("DIR");
  table.Add("models", &options.plan.models, "Directory of models, such as that of 'winnow serve DIR'").ValueName("DIR");
  table.Add("file", &options.plan.files, "Further file, such as rules or API keys").ValueName("FILE");
  table.Example("winnow backup backups/monday --store sqlite:winnow.db --registry registry --file rules.toml",
                "back up a server's store, its registry and its rules");
  table.Example(
      "winnow backup backups/monday --models /var/lib/winnow/models --store sqlite:/var/lib/winnow/store.db --file "
      "/etc/winnow/serve.toml",
      "back up the service of the Debian package");
}

Result<void> RunBackup(const BackupOptions& options) {
  HandleInterrupts();
  BackupPlan plan = options.plan;
  plan.keep_going = [] { return !Interrupted(); };
  const BackupReport report = TRY(BackUp(plan));
  return PrintReport(report, plan.output.string(), options.json);
}

void DescribeRestore(RestoreOptions& options, OptionTable& table) {
  table.Describe(
      "First the digest of every file is checked; then each part that is given a place appears there at once. Stop the "
      "servers that use these places before. A copy of a store from before a migration, such as store.db.schema-7, can be "
      "restored, too, with --store.");
  table
      .AddPositional("backup", &options.plan.backup, "Directory that 'winnow backup' has written, or a copy of a store")
      .Required();
  table.Group("Options");
  table.Add("store", &options.plan.store, "Restore the store of the backup to this SQLite file: sqlite:FILE or a path")
      .ValueName("URL");
  table.Add("registry", &options.plan.registry, "Restore the registry of the backup to this directory")
      .ValueName("DIR");
  table.Add("workspace", &options.plan.workspace, "Restore the workspace of the backup to this directory")
      .ValueName("DIR");
  table.Add("models", &options.plan.models, "Restore the models of the backup to this directory").ValueName("DIR");
  table.Add("files", &options.plan.files, "Restore the files of --file to this directory").ValueName("DIR");
  table.Add("overwrite", &options.plan.overwrite,
            "Replace files and directories that exist; each is kept as NAME.before-restore");
  table.Example("winnow restore backups/monday --store sqlite:winnow.db --overwrite", "restore the store of a backup");
}

Result<void> RunRestore(const RestoreOptions& options) {
  const BackupReport report = TRY(Restore(options.plan));
  return PrintReport(report, "restored from " + options.plan.backup.string(), options.json);
}

}  // namespace

Command BackupCommand() {
  return MakeCommand<BackupOptions>("backup",
                                    "Backs up a store, a registry, a workspace, models and files, while servers run.",
                                    DescribeBackup, RunBackup);
}

Command RestoreCommand() {
  return MakeCommand<RestoreOptions>("restore", "Checks a backup, and restores parts of it.", DescribeRestore,
                                     RunRestore);
}

}  // namespace winnow
