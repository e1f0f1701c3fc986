/// Removal of texts, users and messages from all tables.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <set>
#include <thread>

#include "base/json.h"
#include "base/secret.h"
#include "store/feedback_json.h"
#include "store/former_copies.h"
#include "store/store_state.h"
#include "store/user_name.h"
#include "text/duplicate_key.h"

namespace winnow {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kPage = 2000;
constexpr int kRounds = 3;  // the last one finds nothing, unless somebody goes on to write
constexpr std::string_view kReplacement = "(forgotten)";

using Names = std::set<std::string, std::less<>>;

Names KeysOf(const std::vector<std::string>& texts) {
  Names keys;
  for (const std::string& text : texts) keys.insert(DuplicateKey(StorableText(text)));
  keys.erase("");
  return keys;
}

class Matcher {
 public:
  explicit Matcher(const ForgetSelection& selection)
      : texts_(KeysOf(selection.texts)),
        redacted_(KeysOf(selection.redacted_texts)),
        ids_(selection.message_ids.begin(), selection.message_ids.end()),
        users_(selection.users.begin(), selection.users.end()) {
    for (const std::string& user : selection.users) users_.insert(NormalUser(user));
    constexpr size_t kShortest = 8;  // of what is recognized as a part of a longer word
    for (const std::string& text : selection.texts) {
      std::string key = DuplicateKey(StorableText(text));
      if (key.size() >= kShortest) quoted_.push_back(std::move(key));
    }
  }

  bool Text(std::string_view text) const { return !texts_.empty() && texts_.contains(DuplicateKey(text)); }
  bool Id(const std::optional<std::string>& id) const { return id && ids_.contains(*id); }
  bool User(const std::optional<std::string>& user) const {
    return user && (users_.contains(*user) || users_.contains(NormalUser(*user)));
  }
  bool Message(const MessageRecord& message) const {
    if (Id(message.message_id) || User(message.user_id) || Text(message.text)) return true;
    return message.redacted && !redacted_.empty() && redacted_.contains(DuplicateKey(message.text));
  }
  /// Returns true for a word of the audit log that names or quotes what is forgotten.
  bool Word(const std::string& word) const {
    if (ids_.contains(word) || User(word) || Text(word)) return true;
    if (quoted_.empty()) return false;
    const std::string key = DuplicateKey(word);
    return std::ranges::any_of(quoted_, [&](const std::string& text) { return key.find(text) != std::string::npos; });
  }

 private:
  const Names texts_, redacted_, ids_;
  Names users_;
  std::vector<std::string> quoted_;
};

bool Replace(std::string& word, const Matcher& matcher) {
  if (!matcher.Word(word)) return false;
  word = kReplacement;
  return true;
}

bool ReplaceIn(Json& json, const Matcher& matcher) {
  bool changed = false;
  if (json.is_string()) {
    std::string word = json.str();
    changed = Replace(word, matcher);
    if (changed) json = Json(word);
  } else if (json.is_array()) {
    for (Json& element : json) changed = ReplaceIn(element, matcher) || changed;
  } else if (json.is_object()) {
    for (auto& [name, value] : json.items()) changed = ReplaceIn(value, matcher) || changed;
  }
  return changed;
}

/// Replaces what is forgotten in an entry. Who did what, and when, stays.
bool ReplaceIn(AuditEntry& entry, const Matcher& matcher) {
  bool changed = Replace(entry.actor, matcher);
  changed = Replace(entry.subject, matcher) || changed;
  Result<Json> details = ParseJson(entry.details, "details");
  if (!details || !ReplaceIn(*details, matcher)) return changed;
  entry.details = details->dump();
  return true;
}

/// Calls `take` with all records of a table, page by page. `last_id` sets where the next page begins.
template <typename Record, typename Filter>
Result<void> ForAll(Result<std::vector<Record>> (Store::*list)(const Filter&), Store& store, int64_t Filter::*last_id,
                    const std::function<void(Record&)>& take) {
  Filter filter;
  filter.limit = kPage;
  while (true) {
    std::vector<Record> page = TRY((store.*list)(filter));
    if (page.empty()) return {};
    filter.*last_id = page.back().id;
    for (Record& record : page) take(record);
  }
}

/// The rows that are to be removed or changed.
struct FoundRows {
  std::vector<int64_t> feedback, messages, samples, labels;
  std::vector<std::string> digests;               // of the removed feedback's contents
  std::vector<std::string> keys;                  // of the removed feedback
  std::vector<AuditEntry> audit;                  // as they will be; event_key identifies them
  std::map<std::string, std::string> user_texts;  // by their DuplicateKey
  int64_t reputation = 0, preferences = 0, campaign_uses = 0, experiments = 0;

  ForgottenRows Counts() const {
    ForgottenRows rows;
    const auto size = [](const auto& list) { return static_cast<int64_t>(list.size()); };
    rows.feedback = size(feedback);
    rows.idempotency_keys = size(keys);
    rows.messages = size(messages);
    rows.verdict_samples = size(samples);
    rows.blind_labels = size(labels);
    rows.audit_entries = size(audit);
    rows.reputation = reputation;
    rows.preferences = preferences;
    rows.campaign_uses = campaign_uses;
    rows.experiments = experiments;
    for (const auto& [key, text] : user_texts) rows.user_texts.push_back(text);
    return rows;
  }
};

/// Messages first: feedback may name one without its text. Both tell which drawn verdicts are those of the users.
class Finder {
 public:
  Finder(Store& store, const ForgetSelection& selection) : store_(store), matcher_(selection) {}

  Result<FoundRows> Find() {
    TRY((ForAll<StoredMessage, MessageFilter>(&Store::ListMessages, store_, &MessageFilter::before_id,
                                              [this](StoredMessage& stored) { Take(stored); })));
    TRY((ForAll<StoredFeedback, FeedbackFilter>(&Store::ListFeedback, store_, &FeedbackFilter::after_id,
                                                [this](StoredFeedback& stored) { Take(stored); })));
    TRY((ForAll<StoredVerdictSample, VerdictSampleFilter>(&Store::ListVerdictSamples, store_,
                                                          &VerdictSampleFilter::after_id,
                                                          [this](StoredVerdictSample& stored) { Take(stored); })));
    TRY((ForAll<StoredAuditEntry, AuditFilter>(&Store::ListAudit, store_, &AuditFilter::after_id,
                                               [this](StoredAuditEntry& stored) {
                                                 if (ReplaceIn(stored.entry, matcher_))
                                                   found_.audit.push_back(std::move(stored.entry));
                                               })));
    if (!found_.user_texts.empty()) TRY(LeaveTextsOfOthers());
    return std::move(found_);
  }

 private:
  void Take(const StoredFeedback& stored) {
    const FeedbackEvent& event = stored.event;
    const bool of_user = matcher_.User(event.user_id);
    const bool of_text =
        event.text.empty() ? event.message_id && ids_of_texts_.contains(*event.message_id) : matcher_.Text(event.text);
    if (!of_user && !of_text && !matcher_.Id(event.message_id)) return;
    found_.feedback.push_back(stored.id);
    found_.digests.push_back(DigestOf(event));
    if (!of_user) return;
    if (event.message_id) ids_of_users_.insert(*event.message_id);
    if (!event.text.empty()) found_.user_texts.emplace(DuplicateKey(event.text), event.text);
  }

  void Take(const StoredMessage& stored) {
    if (!matcher_.Message(stored.message)) return;
    found_.messages.push_back(stored.id);
    if (!stored.message.redacted && matcher_.Text(stored.message.text)) ids_of_texts_.insert(stored.message.message_id);
    if (matcher_.User(stored.message.user_id)) ids_of_users_.insert(stored.message.message_id);
  }

  void Take(const StoredVerdictSample& stored) {
    const VerdictSample& sample = stored.sample;
    const bool of_user = sample.user_id ? matcher_.User(sample.user_id) : ids_of_users_.contains(sample.message_id);
    if (of_user || matcher_.Id(sample.message_id) || matcher_.Text(sample.text)) {
      found_.samples.push_back(stored.id);
      if (of_user) found_.user_texts.emplace(DuplicateKey(sample.text), sample.text);
    } else if (matcher_.User(sample.labelled_by)) {
      found_.labels.push_back(stored.id);
    }
  }

  /// A text that other people have reported, too, is theirs.
  Result<void> LeaveTextsOfOthers() {
    return ForAll<StoredFeedback, FeedbackFilter>(
        &Store::ListFeedback, store_, &FeedbackFilter::after_id, [this](StoredFeedback& stored) {
          const FeedbackEvent& event = stored.event;
          const bool goes = matcher_.User(event.user_id) || matcher_.Id(event.message_id) || matcher_.Text(event.text);
          if (!goes) found_.user_texts.erase(DuplicateKey(event.text));
        });
  }

  Store& store_;
  const Matcher matcher_;
  Names ids_of_users_, ids_of_texts_;
  FoundRows found_;
};

/// Addresses of users have the spelling of NormalUser, and any other in rows that former versions have stored.
constexpr std::string_view kOfUser = " WHERE user_id = $1 OR (user_id LIKE '%@%' AND LOWER(user_id) = $1)";
constexpr std::string_view kCountCampaignUses = "SELECT COUNT(*) FROM campaign_uses WHERE digest = $1";
/// Rows of experiments. What the tests of an experiment have counted stays: two numbers that name nobody.
constexpr std::string_view kExperimentsOfUser[] = {"experiment_users", "experiment_reports",
                                                   "experiment_disagreements"};
constexpr std::string_view kCountExperimentsOfMessage =
    "SELECT COUNT(*) FROM experiment_disagreements WHERE message_id = $1";

std::string CountOfUser(std::string_view table) { return fmt::format("SELECT COUNT(*) FROM {}{}", table, kOfUser); }
std::string RemoveOfUser(std::string_view table) { return fmt::format("DELETE FROM {}{}", table, kOfUser); }

/// Returns the users in the spelling by which kOfUser finds them.
std::vector<std::string> UsersOf(const ForgetSelection& selection) {
  Names users;
  for (const std::string& user : selection.users) users.insert(NormalUser(user));
  return {users.begin(), users.end()};
}

SqlResult<int64_t> CountOf(SqlConnection& connection, std::string_view sql, const std::vector<std::string>& values) {
  int64_t count = 0;
  for (const std::string& value : values) count += TRY(connection.Run(sql, {value})).rows.at(0).Integer(0);
  return count;
}

/// Completes what is found by what single statements tell.
SqlResult<void> FindKeysAndCounts(SqlConnection& connection, const ForgetSelection& selection, FoundRows& found) {
  Names keys;
  for (const std::string& digest : found.digests) {
    const SqlRows rows = TRY(connection.Run("SELECT key FROM idempotency_keys WHERE digest = $1", {digest}));
    for (const SqlRow& row : rows.rows) keys.insert(row.Text(0));
  }
  found.keys.assign(keys.begin(), keys.end());
  const std::vector<std::string> users = UsersOf(selection);
  found.reputation = TRY(CountOf(connection, CountOfUser("reputation"), users));
  found.preferences = TRY(CountOf(connection, CountOfUser("preferences"), users));
  found.campaign_uses = TRY(CountOf(connection, kCountCampaignUses, selection.campaign_digests));
  for (const std::string_view table : kExperimentsOfUser)
    found.experiments += TRY(CountOf(connection, CountOfUser(table), users));
  found.experiments += TRY(CountOf(connection, kCountExperimentsOfMessage, selection.message_ids));
  return {};
}

SqlResult<void> RunForEach(SqlConnection& connection, std::string_view sql, const std::vector<int64_t>& ids) {
  for (const int64_t id : ids) TRY(connection.Run(sql, {id}));
  return {};
}

SqlResult<void> RunForEach(SqlConnection& connection, std::string_view sql, const std::vector<std::string>& values) {
  for (const std::string& value : values) TRY(connection.Run(sql, {value}));
  return {};
}

/// A tombstone of a value that is forgotten again gets a new id, by which running servers notice it.
SqlResult<void> PutTombstone(SqlConnection& connection, const std::string& digest, const std::string& now) {
  TRY(connection.Run("DELETE FROM forgotten WHERE digest = $1", {digest}));
  TRY(connection.Run("INSERT INTO forgotten (digest, forgotten_at) VALUES ($1, $2)", {digest, now}));
  return {};
}

SqlResult<void> Remove(SqlConnection& connection, const ForgetSelection& selection, const FoundRows& found,
                       const std::string& key) {
  TRY(RunForEach(connection, "DELETE FROM spam_feedback WHERE id = $1", found.feedback));
  TRY(RunForEach(connection, "DELETE FROM messages WHERE id = $1", found.messages));
  TRY(RunForEach(connection, "DELETE FROM verdict_samples WHERE id = $1", found.samples));
  TRY(RunForEach(connection, "UPDATE verdict_samples SET label = NULL, labelled_by = NULL WHERE id = $1",
                 found.labels));
  const std::vector<std::string> users = UsersOf(selection);
  for (const char* const table : {"reputation", "preferences"}) TRY(RunForEach(connection, RemoveOfUser(table), users));
  TRY(RunForEach(connection, "DELETE FROM campaign_uses WHERE digest = $1", selection.campaign_digests));
  for (const std::string_view table : kExperimentsOfUser) TRY(RunForEach(connection, RemoveOfUser(table), users));
  TRY(RunForEach(connection, "DELETE FROM experiment_disagreements WHERE message_id = $1", selection.message_ids));
  const std::string now = TimeText(StoreNow());
  for (const std::string& event : found.keys) {
    TRY(connection.Run("DELETE FROM idempotency_keys WHERE key = $1", {event}));
    TRY(PutTombstone(connection, TombstoneDigest(key, ForgottenKind::kEvent, event), now));
  }
  for (const AuditEntry& entry : found.audit) {
    TRY(connection.Run("UPDATE audit_log SET actor = $1, subject = $2, details = $3 WHERE event_key = $4",
                       {entry.actor, entry.subject, entry.details, entry.event_key}));
  }
  return {};
}

/// Leaves tombstones of what is selected. Returns the key of the store, which is made when it is first needed.
Result<std::string> PutTombstones(SqlPool& pool, const ForgetSelection& selection) {
  const std::string fresh = TRY(RandomHex(32));
  std::string key;
  TRY(pool.Transact([&](SqlConnection& connection) -> SqlResult<void> {
    TRY(connection.Run("INSERT INTO secrets (name, value) VALUES ('tombstones', $1) ON CONFLICT (name) DO NOTHING",
                       {fresh}));
    key = TRY(connection.Run("SELECT value FROM secrets WHERE name = 'tombstones'")).rows.at(0).Text(0);
    const std::string now = TimeText(StoreNow());
    for (const auto& [kind, values] :
         {std::pair(ForgottenKind::kText, &selection.texts), std::pair(ForgottenKind::kText, &selection.redacted_texts),
          std::pair(ForgottenKind::kUser, &selection.users),
          std::pair(ForgottenKind::kMessage, &selection.message_ids)}) {
      for (const std::string& value : *values) TRY(PutTombstone(connection, TombstoneDigest(key, kind, value), now));
    }
    return {};
  }));
  return key;
}

Result<FoundRows> FindRows(Store& store, SqlPool& pool, const ForgetSelection& selection) {
  FoundRows found = TRY(Finder(store, selection).Find());
  TRY(pool.ReadSeveral([&](SqlConnection& connection) { return FindKeysAndCounts(connection, selection, found); }));
  return found;
}

/// Readers hold the log for moments only.
SqlResult<void> EmptyLog(SqlConnection& connection, const std::string& name) {
  const Clock::time_point end = Clock::now() + std::chrono::seconds(15);
  while (true) {
    const SqlRows rows = TRY(connection.Run("PRAGMA wal_checkpoint(TRUNCATE)"));
    if (!rows.rows.empty() && rows.rows[0].Integer(0) == 0) return {};
    if (Clock::now() > end) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return std::unexpected(
      SqlError{SqlError::kBusy,
               {ErrorCode::kIo,
                fmt::format("{}: another process reads the file without a pause, so its log cannot be emptied", name),
                "what was forgotten is removed from the tables; end that process and run the command again"}});
}

}  // namespace

void ForgottenRows::Add(const ForgottenRows& other) {
  feedback += other.feedback;
  idempotency_keys += other.idempotency_keys;
  messages += other.messages;
  verdict_samples += other.verdict_samples;
  blind_labels += other.blind_labels;
  reputation += other.reputation;
  preferences += other.preferences;
  campaign_uses += other.campaign_uses;
  experiments += other.experiments;
  audit_entries += other.audit_entries;
  user_texts.insert(user_texts.end(), other.user_texts.begin(), other.user_texts.end());
}

Result<ForgottenRows> Store::FindForgotten(const ForgetSelection& selection) {
  return TRY(FindRows(*this, state_->pool, selection)).Counts();
}

Result<ForgottenRows> Store::Forget(const ForgetSelection& selection) {
  for (const std::string& user : selection.users) TRY(CheckName(user, "user id"));
  for (const std::string& id : selection.message_ids) TRY(CheckName(id, "message id"));
  const std::string key = TRY(PutTombstones(state_->pool, selection));
  ForgottenRows total;
  for (int round = 0; round < kRounds; ++round) {
    const FoundRows found = TRY(FindRows(*this, state_->pool, selection));
    const ForgottenRows counts = found.Counts();
    if (counts.total() == 0) break;
    TRY(state_->pool.Transact([&](SqlConnection& connection) { return Remove(connection, selection, found, key); }));
    total.Add(counts);
  }
  return total;
}

Result<void> Store::Scrub() {
  const SqlLimits patient = {.statement = std::chrono::hours(1), .lock = std::chrono::seconds(30)};
  const StoreAddress& address = state_->pool.address();
  const std::unique_ptr<SqlConnection> connection = TRY(OpenSqlConnection(address, patient));
  if (address.kind == StoreAddress::kSqlite) {
    TRY(connection->Execute("VACUUM"));
    TRY(EmptyLog(*connection, address.name));
    return RemoveFormerCopies(address.path);  // which have what was deleted
  }
  for (const char* const table :
       {"spam_feedback", "idempotency_keys", "messages", "verdict_samples", "reputation", "preferences",
        "campaign_uses", "audit_log", "experiment_users", "experiment_reports", "experiment_disagreements"}) {
    TRY(connection->Execute(fmt::format("VACUUM FULL {}", table)));
  }
  return {};
}

Result<bool> Store::ReadTombstones(std::unique_ptr<Tombstones>& known) {
  // Transactions may become visible in another order than their ids.
  constexpr int64_t kOverlap = 1000;
  bool fresh = false;
  TRY(state_->pool.Read([&](SqlConnection& connection) -> SqlResult<void> {
    if (known == nullptr) {
      const SqlRows keys = TRY(connection.Run("SELECT value FROM secrets WHERE name = 'tombstones'"));
      if (keys.rows.empty()) return {};
      known = std::make_unique<Tombstones>(keys.rows[0].Text(0));
    }
    const SqlRows rows = TRY(connection.Run("SELECT id, digest, forgotten_at FROM forgotten WHERE id > $1 ORDER BY id",
                                            {std::max<int64_t>(0, known->last_id() - kOverlap)}));
    for (const SqlRow& row : rows.rows) {
      if (known->Add({row.Integer(0), row.Text(1), TimeOf(row, 2)})) fresh = true;
    }
    return {};
  }));
  return fresh;
}

}  // namespace winnow
