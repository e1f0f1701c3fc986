/// write_store URL VERSION: fills a store through the code of a former commit. It is compiled in a checkout of that
/// commit, with FORMER_SCHEMA as its schema version (README.md says how); today's build does not contain it.
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <span>
#include <vector>

#include "store/schema.h"
#include "store/store.h"
#include "store/time_text.h"

namespace winnow {
namespace {

/// 2026-10-01T08:00:00Z and some minutes.
StoreTime At(int minutes) {
  return StoreTime(std::chrono::milliseconds(1'790'841'600'000)) + std::chrono::minutes(minutes);
}

template <typename T>
void Must(const Result<T>& result) {
  if (result) return;
  std::fprintf(stderr, "%s\n", result.error().Text().c_str());
  std::exit(1);
}

void WriteFeedback(Store& store) {
  const std::vector<FeedbackEvent> events = {
      {.idempotency_key = "event-1",
       .text = "You have won a prize, call now",
       .is_spam = true,
       .feedback_type = "user_rejection",
       .message_id = "message-1",
       .user_id = "ada",
       .model_version = "1.0.0",
       .score = 0.25,
       .created_at = At(1)},
      {.idempotency_key = "event-2",
       .text = "Zeile eins\nStra\u00dfe \U0001F600 'quoted' \"text\"; --",
       .is_spam = false,
       .label = "ham",
       .feedback_type = "admin",
       .created_at = At(2)},
      {.idempotency_key = "event-3",
       .text = "Refund my order",
       .label = "refund",
       .feedback_type = "admin",
       .created_at = At(3)},
      {.idempotency_key = "event-4",
       .text = "What Grace wrote",
       .is_spam = false,
       .feedback_type = "user_confirmation",
       .message_id = "message-2",
       .user_id = "grace",
       .created_at = At(4)},
  };
  for (const FeedbackEvent& event : events) Must(store.AddFeedback(event));
}

void WriteUsers(Store& store) {
  Must(store.SetPreferences("ada", {.mode = "strict", .threshold = {}}));
  Must(store.SetPreferences("grace", {.mode = {}, .threshold = 0.75}));
  Must(store.SetReputation({.sender = "friend@example.com", .kind = "allow", .user_id = "ada"}, 1));
  Must(store.SetReputation({.sender = "example.net", .kind = "deny", .user_id = ""}, 1));
  Must(store.ChangeReputation({.idempotency_key = "change-1",
                               .key = {.sender = "sender@example.org", .kind = "score", .user_id = ""},
                               .delta = -2.5,
                               .half_life = {},
                               .at = At(5)}));
  Must(store.AppendAudit({.event_key = "audit-1",
                          .actor = "operator",
                          .action = "preferences.set",
                          .subject = "ada",
                          .details = R"({"mode":"strict"})",
                          .created_at = At(6)}));
}

#if FORMER_SCHEMA >= 2
void WriteMessages(Store& store) {
  std::vector<MessageRecord> messages = {
      {.message_id = "message-1",
       .text = "You have won a prize, call now",
       .sender = "sender@example.org",
       .user_id = "ada",
       .model_version = "1.0.0",
       .is_spam = false,
       .score = 0.25,
       .source = "classifier",
       .symbols = R"([{"name":"CLASSIFIER","score":0.25}])",
       .created_at = At(0)},
      {.message_id = "message-2",
       .text = "What Grace wrote",
       .sender = "friend@example.com",
       .user_id = "grace",
       .is_spam = false,
       .score = 0,
       .source = "reputation",
       .created_at = At(3)},
  };
#if FORMER_SCHEMA >= 4
  messages[0].threshold = 0.5;
  messages[0].redacted = true;
#endif
  Must(store.RecordMessages(messages));
}
#endif

#if FORMER_SCHEMA >= 3
void WriteSamples(Store& store) {
  VerdictSample sample{.message_id = "message-1",
                       .text = "You have won a prize, call now",
                       .is_spam = false,
                       .score = 0.25,
                       .stratum = "low",
                       .probability = 0.125,
                       .model_version = "1.0.0",
                       .created_at = At(0)};
#if FORMER_SCHEMA >= 4
  sample.user_id = "ada";
#endif
  Must(store.AddVerdictSample(sample));
  Must(store.LabelVerdictSample(1, "spam", "operator"));
  const std::vector<CampaignUse> uses = {{.digest = "0123456789abcdef0123456789abcdef", .at = At(7)}};
  Must(store.RecordCampaignUses(uses));
}
#endif

#if FORMER_SCHEMA >= 5
void WriteModels(Store& store) {
  for (const char* const version : {"1.0.0", "1.1.0"}) {
    Must(store.AddModelVersion({.name = "spam",
                                .version = version,
                                .digest = std::string(63, 'a') + version[2],
                                .uri = fmt::format("spam/{}/", version),
                                .metrics = R"({"f1_macro":0.9})",
                                .kind = "lr",
                                .architecture = "lr",
                                .labels = {"ham", "spam"},
                                .command = "winnow train",
                                .files = {{.path = "winnow.json", .sha256 = std::string(64, 'b'), .bytes = 700}},
                                .bytes = 700,
                                .pushed_by = "operator",
                                .created_at = At(8)}));
  }
  for (const char* const version : {"1.0.0", "1.1.0"}) {
    Must(store.ChangeAlias({.name = "spam",
                            .alias = "production",
                            .version = version,
                            .expected_sequence = {},
                            .actor = "operator",
                            .reason = "better",
                            .at = At(version[2] - '0' + 9)}));
  }
}
#endif

#if FORMER_SCHEMA >= 6
void WriteExperiments(Store& store) {
  Must(store.AddExperiment({.key = {.model = "spam", .number = 0},
                            .champion = "1.0.0",
                            .candidate = "1.1.0",
                            .plan = R"({"share":0.5})",
                            .created_by = "operator",
                            .created_at = At(11)},
                           "a test"));
  const ExperimentKey key{.model = "spam", .number = 1};
  const std::vector<ExperimentUser> users = {{.user_id = "ada", .arm = "candidate", .share = 0.5, .at = At(12)}};
  Must(store.AddExperimentUsers(key, users));
  const std::vector<ExperimentReport> reports = {
      {.user_id = "ada", .event_id = "event-1", .arm = "candidate", .share = 0.5, .at = At(13)}};
  Must(store.AddExperimentReports(key, reports));
}
#endif

#if FORMER_SCHEMA >= 4
/// Leaves tombstones, and the key that they are made with.
void ForgetUser(Store& store) {
  Must(store.AddFeedback({.idempotency_key = "event-5",
                          .text = "What Alan wrote",
                          .is_spam = false,
                          .feedback_type = "user_confirmation",
                          .user_id = "alan",
                          .created_at = At(14)}));
  Must(store.Forget({.texts = {"What Alan wrote"}, .users = {"alan"}}));
}
#endif

/// No commit had version 1 as its newest: its rows are those that version 2 writes without messages.
void WriteVersion1(const std::string& url) {
  Result<std::unique_ptr<SqlConnection>> connection = OpenSqlConnection(ParseStoreUrl(url).value(), {});
  Must(connection);
  Must(MigrateSchema(**connection, 1));
  for (
      const char* const statement : {
          "INSERT INTO spam_feedback (text, is_spam, feedback_type, message_id, user_id, model_version, score, created_at) "
          "VALUES ('You have won a prize, call now', '1', 'user_rejection', 'message-1', 'ada', '1.0.0', 0.25, "
          "'2026-10-01T08:01:00.000Z')",
          "INSERT INTO preferences VALUES ('ada', 'strict', NULL, '2026-10-01T08:05:00.000Z')",
          "INSERT INTO preferences VALUES ('grace', NULL, 0.75, '2026-10-01T08:05:00.000Z')",
          "INSERT INTO reputation VALUES ('friend@example.com', 'allow', 'ada', 1, '2026-10-01T08:05:00.000Z')",
          "INSERT INTO reputation VALUES ('sender@example.org', 'score', '', -2.5, '2026-10-01T08:05:00.000Z')",
          "INSERT INTO audit_log (event_key, actor, action, subject, details, created_at) VALUES ('audit-1', 'operator', "
          "'preferences.set', 'ada', '{\"mode\":\"strict\"}', '2026-10-01T08:06:00.000Z')",
      })
    Must(Result<void>((*connection)->Execute(statement)));
}

/// Removes what came after `version`: versions 5, 6 and 7 only added tables and indexes.
void RemoveLater(const std::string& url, int version) {
  Result<std::unique_ptr<SqlConnection>> connection = OpenSqlConnection(ParseStoreUrl(url).value(), {});
  Must(connection);
  const std::vector<std::pair<int, const char*>> later = {
      {7, "DROP INDEX reputation_changes"},
      {7, "DROP INDEX preferences_changes"},
      {6, "DROP TABLE experiment_decisions"},
      {6, "DROP TABLE experiment_counters"},
      {6, "DROP TABLE experiment_disagreements"},
      {6, "DROP TABLE experiment_users"},
      {6, "DROP TABLE experiment_reports"},
      {6, "DROP TABLE experiments"},
      {5, "DROP TABLE aliases"},
      {5, "DROP TABLE models"},
  };
  for (const auto& [since, statement] : later) {
    if (since > version) Must(Result<void>((*connection)->Execute(statement)));
  }
  const std::string rows = fmt::format("DELETE FROM schema_version WHERE version > {}", version);
  Must(Result<void>((*connection)->Execute(rows)));
}

void Write(const std::string& url, int version) {
  Result<std::unique_ptr<Store>> opened = Store::Open({.url = url});
  Must(opened);
  Store& store = **opened;
  WriteFeedback(store);
  WriteUsers(store);
#if FORMER_SCHEMA >= 2
  WriteMessages(store);
#endif
#if FORMER_SCHEMA >= 3
  WriteSamples(store);
#endif
#if FORMER_SCHEMA >= 5
  if (version >= 5) WriteModels(store);
#endif
#if FORMER_SCHEMA >= 6
  if (version >= 6) WriteExperiments(store);
#endif
#if FORMER_SCHEMA >= 4
  ForgetUser(store);
#endif
}

}  // namespace
}  // namespace winnow

int main(int, char** arguments) {
  const std::string url = arguments[1];
  const int version = std::atoi(arguments[2]);
  if (version == 1) {
    winnow::WriteVersion1(url);
    return 0;
  }
  winnow::Write(url, version);
  if (version < FORMER_SCHEMA) winnow::RemoveLater(url, version);
  return 0;
}
