#include "cli/commands.h"
#include "cli/data_import_mail.h"

namespace winnow {
namespace {

struct DataImportOptions : CommonOptions {
  MailImportOptions mail;
};

void Describe(DataImportOptions& options, OptionTable& table) {
  table
      .AddPositional("source", &options.mail.sources,
                     "Messages: .eml files, mbox files, Maildir directories, or directories of these")
      .ValueName("SOURCE")
      .Required();
  AddMailImportOptions(options.mail, table);
}

Result<void> Run(const DataImportOptions& options) { return ImportMail(options.mail, options.json); }

}  // namespace

Command DataImportCommand() {
  return MakeCommand<DataImportOptions>("data import", "Makes training data of messages.", Describe, Run);
}

}  // namespace winnow
