#include "cli/serve_filter_options.h"

#include <fmt/format.h>

#include "server/apple_filter.h"
#include "store/store_url.h"

namespace winnow {

void AddServeFilterOptions(ServeFilterOptions& options, OptionTable& table) {
  table.Group("Message filter");
  table.Add("filter", &options.enabled,
            "Also filter messages: POST /v1/messages/check and rspamd's POST /checkv2, and with --store feedback, "
            "preferences and history. A server with --workspace always does, with a store in the workspace unless "
            "--store is given");
  AddFilterStepOptions(options.steps, table);
  table.AddChoice("filter-mode", &options.mode,
                  {{"strict", Mode::kStrict}, {"moderate", Mode::kModerate}, {"lenient", Mode::kLenient}},
                  "Decision thresholds for users without preferences");
  table
      .Add("spool", &options.spool,
           "Directory in which feedback waits while the store is down; no other process may use it")
      .ValueName("DIR")
      .Default("the SQLite file with .spool added");
  table.Add("history", &options.history, "Record the messages and verdicts in the store");
  table
      .Add(
          "redact-history", &options.redact_history,
          "What is replaced in the texts of the history before they are stored: numbers, urls and addresses (of mail), "
          "or all, or none")
      .ValueName("numbers,urls,addresses|all|none");
  table.Add("history-days", &options.history_days, "Days after which messages are deleted from the history; 0: never")
      .Range(0, 36500);
  table
      .Add("audit-one-in", &options.audit_one_in,
           "Draw about one in N verdicts of the history at random, for a person to label without seeing the verdict "
           "('winnow feedback audit'); scores from .1 to .9 are drawn four times as often, higher ones twice. 0 draws "
           "none")
      .ValueName("N")
      .Range(0, 1'000'000);
  table
      .Add("rspamd-reject-score", &options.rspamd.reject_score,
           "Answer rspamd's clients with the action reject from this score on; spam has 6 and more")
      .MoreThan(kRspamdSpamScore)
      .Default("never");
  table
      .Add("rspamd-subject", &options.rspamd.subject,
           "Answer rspamd's clients with the action rewrite subject, and this subject, for spam; %s stands for the "
           "subject of the message")
      .ValueName("TEXT")
      .Default("the action is add header");
  table
      .Add("apple-app-id", &options.apple_apps,
           "ID of an app of iOS whose message filter extension asks this server, TEAM.BUNDLE: serves "
           "/.well-known/apple-app-site-association")
      .ValueName("ID");
}

Result<FilterServiceOptions> FilterServiceOptionsOf(const ServeFilterOptions& options,
                                                    const std::filesystem::path& workspace) {
  FilterServiceOptions service;
  service.enabled = options.enabled || !workspace.empty();
  if (!service.enabled) {
    if (options.steps.store.empty() && options.steps.rules.empty() && options.apple_apps.empty()) return service;
    return Fail(ErrorCode::kInvalidArgument, "--store, --rules and --apple-app-id require --filter or --workspace",
                "add --filter, or omit these options");
  }
  service.rules = options.steps.rules;
  service.filter.weights = options.steps.weights;
  service.filter.mode.mode = options.mode;
  service.store = options.steps.store;
  if (service.store.empty() && !workspace.empty()) service.store = (workspace / "store.db").string();
  service.known.half_life = options.steps.half_life();
  service.history.retention = std::chrono::days(options.history_days);
  service.history.audit_one_in = options.audit_one_in;
  service.keep_history = options.history;
  if (options.audit_one_in > 0 && !options.history) {
    return Fail(ErrorCode::kInvalidArgument, "--audit-one-in cannot be combined with --no-history",
                "verdicts are drawn when they are recorded in the history");
  }
  service.rspamd = options.rspamd;
  TRY(CheckAppleAppIds(options.apple_apps));
  service.apple_apps = options.apple_apps;
  if (auto redaction = ParseRedaction(options.redact_history)) {
    service.history.redaction = *redaction;
  } else {
    redaction.error().message = "--redact-history: " + redaction.error().message;
    return std::unexpected(redaction.error());
  }
  if (service.store.empty()) return service;
  const StoreAddress address = TRY(ParseStoreUrl(service.store));
  service.spool = options.spool;
  if (!service.spool.empty()) return service;
  if (address.kind != StoreAddress::kSqlite) {
    return Fail(ErrorCode::kInvalidArgument, "a PostgreSQL store requires --spool DIR",
                "the directory keeps feedback while the database is down, and should be on a local disk");
  }
  service.spool = address.path.string() + ".spool";
  return service;
}

}  // namespace winnow
