/// What the store keeps: records of feedback, senders, users, messages and changes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "store/time_text.h"

namespace winnow {

/// A correction or confirmation of a prediction by a person, or by a named program.
struct FeedbackEvent {
  /// Identifies the event: an event whose key is in the store already is not stored again.
  std::string idempotency_key = {};
  std::string text = {};
  std::optional<bool> is_spam = {};
  std::optional<std::string> label = {};
  std::string feedback_type = {};  ///< "user_rejection", "user_confirmation", "admin", or another word
  std::optional<std::string> message_id = {};
  std::optional<std::string> user_id = {};
  std::optional<std::string> model_version = {};
  std::optional<double> score = {};
  std::string source = "user";  ///< who decided: "user", or the name of a program
  StoreTime created_at = {};    ///< time of the event; the epoch: when it is added
};

struct StoredFeedback {
  int64_t id = 0;
  FeedbackEvent event = {};  ///< without the idempotency key
};

/// Conditions that all must hold; empty ones are not checked.
struct FeedbackFilter {
  std::optional<std::string> feedback_type = {}, message_id = {}, user_id = {}, label = {}, source = {};
  std::optional<bool> is_spam = {};
  std::optional<StoreTime> since = {};  ///< the earliest time
  std::optional<StoreTime> until = {};  ///< the time that all are before
  int64_t after_id = 0;                 ///< id of the last record of the page before
  int limit = 100;
};

/// A user's decision threshold: by name ("strict", "moderate", "lenient") or as a number.
struct Preferences {
  std::optional<std::string> mode = {};
  std::optional<double> threshold = {};
  friend bool operator==(const Preferences&, const Preferences&) = default;
};

/// Names a score of a sender.
struct ReputationKey {
  std::string sender = {};
  std::string kind = {};     ///< "allow", "deny", "score", or another word
  std::string user_id = {};  ///< empty: for all users
};

struct Reputation {
  double score = 0;
  StoreTime updated_at = {};
};

struct StoredReputation {
  ReputationKey key = {};
  Reputation reputation = {};
};

/// The place of a record in a list whose last change comes first: that of the last record of the page before.
struct ChangePlace {
  StoreTime at = {};
  std::string name = {};     ///< the sender, or the user
  std::string user_id = {};  ///< user for whom the score of the sender holds
};

/// Conditions of a list of senders' scores, of which those that changed last come first.
struct ReputationFilter {
  std::string kind = {};                     ///< see ReputationKey::kind
  bool positive = false;                     ///< only scores above 0; otherwise all but 0
  std::optional<std::string> contains = {};  ///< a part of the sender, without regard to the case of ASCII letters
  std::optional<ChangePlace> before = {};    ///< nothing: the first page
  int limit = 100;
};

struct UserPreferences {
  std::string user_id = {};
  Preferences preferences = {};
  StoreTime updated_at = {};
};

/// Conditions of a list of preferences, of which those that changed last come first.
struct PreferencesFilter {
  std::optional<ChangePlace> before = {};  ///< nothing: the first page
  int limit = 100;
};

/// A change of a score, which halves in every `half_life` without changes.
struct ReputationChange {
  std::string idempotency_key = {};  ///< a change whose key was used already has no effect
  ReputationKey key = {};
  double delta = 0;
  std::optional<std::chrono::milliseconds> half_life = {};  ///< nothing: the score does not decay
  StoreTime at = {};                                        ///< the epoch: now
};

/// A change by an administrator or a user, for the audit log.
struct AuditEntry {
  std::string event_key = {};  ///< identifies the entry, so that it is appended once; empty: a random key
  std::string actor = {};      ///< who: an API key's name, a user
  std::string action = {};     ///< what: "preferences.set", "rules.reload"
  std::string subject = {};    ///< to what: a user, a sender, a file
  std::string details = {};    ///< a JSON object
  StoreTime created_at = {};
};

struct StoredAuditEntry {
  int64_t id = 0;
  AuditEntry entry = {};
};

struct AuditFilter {
  std::optional<std::string> actor = {}, action = {}, subject = {};
  std::optional<StoreTime> since = {}, until = {};
  int64_t after_id = 0;
  bool newest_first = false;
  int64_t before_id = 0;  ///< id of the last entry of the page before; 0: the first page
  int limit = 100;
};

/// A message that was classified, and the verdict.
struct MessageRecord {
  std::string message_id = {};
  std::string text = {};
  std::optional<std::string> sender = {}, user_id = {}, model_version = {};
  bool is_spam = false;
  double score = 0;
  std::string source = {};               ///< the step that decided: "reputation", "rules", "classifier", "fallback"
  std::string symbols = "[]";            ///< a JSON array of {"name", "score"}
  bool redacted = false;                 ///< true if `text` is not the text of the message: parts of it were replaced
  std::optional<double> threshold = {};  ///< decision threshold of the verdict
  StoreTime created_at = {};
};

struct StoredMessage {
  int64_t id = 0;
  MessageRecord message = {};
};

/// Conditions that all must hold; the newest messages come first.
struct MessageFilter {
  std::optional<std::string> sender = {}, user_id = {}, source = {};
  std::optional<std::string> contains = {};  ///< a part of the text, without regard to the case of ASCII letters
  std::optional<std::string> symbol = {};    ///< the name of one of the symbols
  std::optional<bool> is_spam = {};
  std::optional<double> min_score = {}, max_score = {};
  std::optional<StoreTime> since = {}, until = {};
  int64_t before_id = 0;  ///< id of the last record of the page before; 0: the first page
  int limit = 100;
};

/// The stratum of messages that an experiment has drawn because its models disagree about them (src/experiment). They
/// are labelled like other drawn verdicts, but they are no sample of all verdicts, whose rates are not estimated from
/// them.
inline constexpr char kDisagreementStratum[] = "experiment";

/// A verdict that was drawn at random, for a person to label without seeing it.
struct VerdictSample {
  std::string message_id = {};
  std::string text = {};
  bool is_spam = false;  ///< the verdict
  double score = 0;
  std::string stratum = {};  ///< name of the range of scores that the verdict was drawn from
  double probability = 0;    ///< with which a verdict of that range is drawn: more than 0, at most 1
  std::optional<std::string> model_version = {};
  std::optional<std::string> label = {}, labelled_by = {};  ///< nothing: waits for a label
  std::optional<std::string> user_id = {};                  ///< user whose message it is
  StoreTime created_at = {};
};

struct StoredVerdictSample {
  int64_t id = 0;
  VerdictSample sample = {};
};

/// Conditions that all must hold.
struct VerdictSampleFilter {
  std::optional<bool> labelled = {};
  std::optional<std::string> model_version = {};
  std::optional<StoreTime> since = {}, until = {};
  int64_t after_id = 0;
  int limit = 100;
};

/// The last time at which an entry of the campaign memory was matched.
struct CampaignUse {
  std::string digest = {};  ///< digest of the entry: 32 hexadecimal digits
  StoreTime at = {};
};

}  // namespace winnow
