#include "forget/forget.h"

#include <fmt/format.h>

#include "base/log.h"
#include "base/output_file.h"
#include "cli/commands.h"
#include "cli/data_options.h"
#include "cli/field_options.h"
#include "cli/output.h"
#include "pipeline/data_plan.h"
#include "store/store_url.h"

namespace winnow {
namespace {

struct ForgetOptions : CommonOptions {
  ForgetPlan plan;
  ReadingOptions reading;
  std::filesystem::path receipt;
};

void Describe(ForgetOptions& options, OptionTable& table) {
  ForgetPlan& plan = options.plan;
  table.Group("What to forget");
  table
      .Add("text", &plan.texts,
           "Text of a message; texts are equal if they differ only in case, white space, character width and invisible "
           "characters")
      .ValueName("TEXT")
      .Undivided();
  table.Add("message", &plan.message_ids, "Message with this id, and its text").ValueName("ID").Undivided();
  table
      .Add("user", &plan.users,
           "User: feedback, messages, preferences, reputation and blind labels of the user, and rows of --data that "
           "name the user")
      .ValueName("NAME")
      .Undivided();
  table.Group("Where");
  table
      .Add("workspace", &plan.workspace,
           "Workspace of a server that does not run: data files with their former versions and the trash, models, "
           "reviews, the must-pass list, and what jobs have written; and the store in it unless --store is given")
      .ValueName("DIR");
  table.Add("store", &plan.store, "Store: feedback, history, drawn verdicts, audit log, campaign memory")
      .ValueName("URL");
  table.Add("spool", &plan.spool, "Directory of feedback that waits for delivery to the store")
      .ValueName("DIR")
      .Default("the SQLite file with .spool added, if there is one");
  table.Add("data", &plan.data, "Data file from which rows are removed").ValueName("FILE");
  table.Add("bundle", &plan.bundles, "Model from whose calibration set texts are removed").ValueName("DIR");
  table.Group("Data");
  table.Add("user-field", &plan.user_field, "Field of data files that names the user of a row").ValueName("NAME");
  AddTextField(options.reading.text_field, table).Default("the field named text, message, sentence or similar");
  table
      .Add("template", &options.reading.template_text,
           "Text template that combines several fields of --data: '{subject} [SEP] {body}'")
      .ValueName("TEXT");
  AddFormatOptions(options.reading.format, table);
  table.Group("Result");
  table.Add("dry-run", &plan.dry_run, "Count what would be removed, and remove nothing");
  table.Add("receipt", &options.receipt, "Also write the receipt to this file").ValueName("FILE");
  table.Describe(
      "Removes texts, messages and all contributions of users from a store, a spool, data files, models and the "
      "workspace of a server, and prints a receipt as JSON: numbers, and digests of each file before and after, but "
      "neither texts nor names. Running servers drop what was forgotten within seconds. An event that is sent again, "
      "or that waits elsewhere, is not stored again. The command can be repeated after an interruption.");
  table.Describe(
      "The weights of a model remain those that were trained on the texts until 'winnow retrain' replaces them. "
      "Backups, access logs with texts, exported files that --data does not name and replicas of a database are not "
      "reached.");
  table.Example("winnow forget --user anna --store sqlite:store.db --bundle spam --receipt anna.json",
                "all contributions of a user");
  table.Example("winnow forget --text \"Hi Bob, my PIN is 4711\" --workspace workspace --receipt pin.json",
                "a text, from all that a server has kept, while the server is stopped");
  table.Example(
      "winnow forget --text \"Hi Bob, my PIN is 4711\" --store store.db --data sms.tsv --bundle spam --dry-run",
      "where a text is");
}

/// The server's defaults: a workspace has a store in it, and a store a spool beside it.
Result<void> FillPlaces(ForgetPlan& plan) {
  std::error_code ignored;
  const std::filesystem::path own = plan.workspace / "store.db";
  if (plan.store.empty() && !plan.workspace.empty() && std::filesystem::exists(own, ignored)) plan.store = own.string();
  if (plan.store.empty()) return {};
  const StoreAddress address = TRY(ParseStoreUrl(plan.store));
  if (address.kind != StoreAddress::kSqlite) return {};
  if (!std::filesystem::exists(address.path, ignored))
    return Fail(ErrorCode::kNotFound, fmt::format("{}: no such file", address.path.string()), "check --store");
  const std::filesystem::path spool = address.path.string() + ".spool";
  if (plan.spool.empty() && std::filesystem::is_directory(spool, ignored)) plan.spool = spool;
  return {};
}

Result<void> Run(const ForgetOptions& options) {
  ForgetPlan plan = options.plan;
  for (const auto* const names : {&plan.texts, &plan.message_ids, &plan.users}) {
    for (const std::string& name : *names) {
      if (name.empty())
        return Fail(ErrorCode::kInvalidArgument, "one of --text, --message and --user is empty", "specify a value");
    }
  }
  plan.reading = ReadOptionsOf(options.reading);
  TRY(FillPlaces(plan));
  if (!options.receipt.empty()) TRY(CheckOutputFile(options.receipt, plan.data));
  const ForgetResult result = TRY(Forget(plan));
  for (const std::string& note : result.notes) LogWarning("{}", note);
  const std::string receipt = result.receipt.dump(2) + "\n";
  if (!options.receipt.empty()) TRY(WriteOutputFile(options.receipt, receipt));
  TRY(Print(receipt));
  if (result.complete) return {};
  return Fail(ErrorCode::kIo, "not all places are free of what was to be forgotten: see the warnings above",
              "run the command again");
}

}  // namespace

Command ForgetCommand() {
  return MakeCommand<ForgetOptions>("forget", "Removes texts and users from stores, data, models and workspaces.",
                                    Describe, Run);
}

}  // namespace winnow
