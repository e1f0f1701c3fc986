#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <span>
#include <utility>

#include "base/files.h"
#include "base/interrupt.h"
#include "base/lines.h"
#include "base/progress.h"
#include "cli/commands.h"
#include "cli/feedback_options.h"
#include "cli/output.h"
#include "feedback/feedback_log.h"
#include "feedback/feedback_state.h"
#include "filter/sender.h"
#include "filter/sender_lessons.h"
#include "store/feedback_json.h"
#include "store/spam_label.h"
#include "store/user_name.h"

namespace winnow {
namespace {

struct FeedbackAddOptions : FeedbackOptions {
  std::string text, id, label, user, source = "user", type = "user_rejection", key, time;
  bool forget = false;
  std::filesystem::path input;
  double reputation_half_life = 30;  // days
};

void Describe(FeedbackAddOptions& options, OptionTable& table) {
  AddStoreOption(options, table);
  table.Add("text", &options.text, "The text of the message").ValueName("TEXT").Default("that of the message of --id");
  table.Add("id", &options.id, "The id of a message in the history of the store").ValueName("ID");
  table.Add("label", &options.label, "The correct label, such as spam or ham, which are stored in lower case")
      .ValueName("LABEL");
  table.Add("forget", &options.forget, "Withdraw what the user has said about the message");
  table.Add("user", &options.user, "The user who gives the feedback").ValueName("NAME");
  table.Add("type", &options.type,
            "Feedback type: user_rejection (the prediction was wrong), user_confirmation (it was right), admin (the "
            "label counts for all users), or another word");
  table
      .Add("source", &options.source,
           "Who decided: user, or the name of a program, whose labels are exported with --teacher only")
      .ValueName("NAME");
  table.Add("key", &options.key, "Idempotency key: an event whose key is stored already is not stored again")
      .ValueName("TEXT")
      .Default("a random key");
  table.Add("time", &options.time, "Time of the event, in UTC").ValueName("TIME").Default("now");
  table
      .Add("input", &options.input,
           "Add the events of a file of JSON lines with the fields text, id, label, is_spam, feedback_type, user, "
           "source, model_version, score, idempotency_key and created_at; --user, --type, --source and --time apply to "
           "events that do not have the field. Other fields are ignored")
      .ValueName("FILE");
  table
      .Add("reputation-half-life", &options.reputation_half_life,
           "Days in which the learnt score of a sender halves, as for winnow serve; 0: it does not decay")
      .Range(0, 36500);
  table.Describe(
      "Stores feedback. The last word of a user about a message counts: an event replaces the earlier one with another "
      "label, and --forget withdraws it. Feedback with the id of a message in the history also changes the score of the "
      "message's sender. The store is created if it is missing. Without idempotency keys, the events "
      "of --input get keys that depend on their contents, so that the command can be repeated.");
  table.Example("winnow feedback add --store sqlite:store.db --text \"Lunch at noon?\" --label ham --user anna",
                "a correction by anna");
  table.Example("winnow feedback add --store sqlite:store.db --input events.jsonl", "many events");
}

std::optional<std::string> StoredLabelOf(const std::optional<std::string>& label) {
  return label ? std::optional(StoredLabel(*label)) : std::nullopt;
}

Result<FeedbackEvent> EventOf(const FeedbackAddOptions& options) {
  FeedbackEvent event;
  event.idempotency_key = options.key;
  event.text = options.text;
  event.label = StoredLabelOf(Given(options.label));
  event.is_spam = IsSpam(event);
  event.feedback_type = options.forget ? std::string(kForgetFeedback) : options.type;
  event.message_id = Given(options.id);
  event.user_id = Given(NormalUser(options.user));
  event.source = options.source;
  event.created_at = TRY(ParseTimeOption("time", options.time)).value_or(StoreTime());
  return event;
}

/// The event of a row of --input; `defaults` has what the options say about rows that do not say it.
Result<FeedbackEvent> EventOf(const JsonObject& object, const FeedbackEvent& defaults, const std::string& place) {
  FeedbackEvent event;
  event.text = TRY(object.String("text")).value_or("");
  event.label = StoredLabelOf(TRY(object.String("label")));
  event.is_spam = TRY(object.Bool("is_spam"));
  if (!event.is_spam) event.is_spam = IsSpam(event);
  event.feedback_type = TRY(object.String("feedback_type")).value_or(defaults.feedback_type);
  event.message_id = TRY(object.String("id"));
  if (!event.message_id) event.message_id = TRY(object.String("message_id"));
  event.user_id = TRY(object.String("user"));
  event.user_id = event.user_id ? NormalUser(*event.user_id) : defaults.user_id;
  event.source = TRY(object.String("source")).value_or(defaults.source);
  event.model_version = TRY(object.String("model_version"));
  event.score = TRY(object.Number("score"));
  event.idempotency_key = TRY(object.String("idempotency_key")).value_or("");
  const std::string time = TRY(object.String("created_at")).value_or("");
  if (const auto parsed = ParseTimeText(time)) event.created_at = *parsed;
  if (!time.empty() && event.created_at == StoreTime()) {
    return Fail(ErrorCode::kInvalidData, fmt::format("{}: created_at: '{}' is not a time", place, time),
                "write it as 2026-11-28T20:15:00Z, in UTC");
  }
  if (time.empty()) event.created_at = defaults.created_at;
  return event;
}

struct Added {
  int64_t added = 0, known = 0;
};

/// Returns what the user has said about the message so far.
Result<std::vector<StoredFeedback>> EarlierEvents(Store& store, const FeedbackEvent& event) {
  FeedbackFilter about{.message_id = event.message_id, .limit = 1000};
  if (event.user_id) about.user_id = event.user_id;
  return store.ListFeedback(about);
}

/// Adds an event about a message of the history, and changes the score of the message's sender, as a server does.
Result<FeedbackOutcome> AddAndLearn(Store& store, FeedbackLog& log, FeedbackEvent event,
                                    std::chrono::milliseconds half_life) {
  const std::vector<StoredFeedback> events = TRY(EarlierEvents(store, event));
  const FeedbackOutcome outcome = TRY(log.Add(event));
  const std::optional<StoredMessage> message = TRY(store.FindMessage(*event.message_id));
  if (!message || !message->message.sender) return outcome;
  if (event.created_at == StoreTime()) event.created_at = StoreNow();
  // A known event, too, since the command may have ended before it learnt from it.
  const std::span<const StoredFeedback> earlier =
      outcome == FeedbackOutcome::kDuplicate ? EventsBefore(events, event, /*sent_again=*/true) : events;
  for (const SenderLesson& lesson : SenderLessons(event, *message->message.sender, earlier)) {
    TRY(store.ChangeReputation({.idempotency_key = lesson.key,
                                .key = {lesson.sender, std::string(kScoreKind), lesson.user},
                                .delta = lesson.delta,
                                .half_life = half_life,
                                .at = lesson.at}));
  }
  return outcome;
}

/// Adds events, which are valid, in their order. Those that change the score of no sender are gathered, because a
/// transaction of its own takes as long as the disk needs to make it durable.
class EventAdder {
 public:
  EventAdder(const std::shared_ptr<Store>& store, std::chrono::milliseconds half_life)
      : store_(*store), log_(SinkOf(store), nullptr), half_life_(half_life) {}

  Result<void> Add(FeedbackEvent event) {
    constexpr size_t kMostGathered = 1000;
    if (event.idempotency_key.empty()) event.idempotency_key = RandomKey();
    if (event.created_at == StoreTime()) {  // ascending times, since the last word of a user counts
      event.created_at = last_time_ = std::max(StoreNow(), last_time_ + std::chrono::milliseconds(1));
    }
    // The sender is that of the message in the history.
    const bool has_sender = event.message_id && (event.text.empty() || TRY(store_.FindMessage(*event.message_id)));
    if (has_sender) {
      TRY(Flush());
      Count(TRY(AddAndLearn(store_, log_, std::move(event), half_life_)) == FeedbackOutcome::kDuplicate);
      return {};
    }
    gathered_.push_back(std::move(event));
    return gathered_.size() < kMostGathered ? Result<void>() : Flush();
  }

  /// Adds the events that are gathered. Errors: that of the first event which the store refuses; the others are stored.
  Result<void> Flush() {
    const std::vector<FeedbackEvent> events = std::exchange(gathered_, {});
    if (events.empty()) return {};
    for (const Result<FeedbackStatus>& status : TRY(store_.AddFeedbackBatch(events)))
      Count(TRY(status) == FeedbackStatus::kDuplicate);
    return {};
  }

  const Added& added() const { return added_; }

 private:
  void Count(bool known) { ++(known ? added_.known : added_.added); }

  Store& store_;
  FeedbackLog log_;
  const std::chrono::milliseconds half_life_;
  std::vector<FeedbackEvent> gathered_;
  StoreTime last_time_;
  Added added_;
};

/// Reads all events before the first one is stored, so that a file with an error adds nothing.
Result<std::vector<FeedbackEvent>> ReadEvents(const std::filesystem::path& path, const FeedbackEvent& defaults) {
  std::vector<FeedbackEvent> events;
  std::map<std::string, int> occurrences;
  size_t number = 0;
  for (const std::string& line : Lines(TRY(ReadFile(path)))) {
    const std::string place = fmt::format("{}, event {}", path.string(), ++number);
    Result<Json> parsed = ParseJson(line, place);
    if (!parsed) {
      if (parsed.error().hint.empty()) {
        parsed.error().hint = R"(each line is one event, such as {"text": "...", "label": "ham", "user": "anna"})";
      }
      return std::unexpected(parsed.error());
    }
    const Json& json = *parsed;
    FeedbackEvent event = TRY(EventOf(TRY(JsonObject::Of(json, place)), defaults, place));
    if (Result<void> valid = CheckFeedbackEvent(event); !valid) {
      valid.error().message = fmt::format("{}: {}", place, valid.error().message);
      valid.error().code = ErrorCode::kInvalidData;
      return std::unexpected(valid.error());
    }
    if (event.idempotency_key.empty()) {
      const std::string digest = DigestOf(event) + (event.created_at == StoreTime() ? "" : TimeText(event.created_at));
      event.idempotency_key = fmt::format("add:{}:{}", digest, ++occurrences[digest]);
    }
    events.push_back(std::move(event));
  }
  return events;
}

Result<void> Run(const FeedbackAddOptions& options) {
  const bool event = !options.text.empty() || !options.id.empty() || !options.label.empty() || options.forget;
  const bool single = event || (!options.key.empty() && !options.input.empty());
  if (single == !options.input.empty()) {
    return Fail(ErrorCode::kInvalidArgument,
                single ? "--input cannot be combined with --text, --id, --label, --forget and --key"
                       : "neither an event nor a file of events is given",
                "specify --text or --id with --label or --forget, or --input FILE");
  }
  HandleInterrupts();
  std::vector<FeedbackEvent> events;
  if (single) {
    events.push_back(TRY(EventOf(options)));
    TRY(CheckFeedbackEvent(events.front()));
  } else {
    events = TRY(ReadEvents(options.input, TRY(EventOf(options))));
  }
  const std::shared_ptr<Store> store = TRY(Store::Open({.url = options.store}));
  const std::chrono::milliseconds half_life(static_cast<int64_t>(options.reputation_half_life * 86400e3));
  EventAdder adder(store, half_life);
  std::optional<ProgressBar> progress;
  if (events.size() > 1) progress.emplace("add", static_cast<int64_t>(events.size()));
  for (FeedbackEvent& event : events) {
    TRY(CheckInterrupted());
    TRY(adder.Add(std::move(event)));
    if (progress) progress->Advance();
  }
  TRY(adder.Flush());
  const Added& added = adder.added();
  if (progress) progress->Finish();
  if (options.json) return Print(Json{{"added", added.added}, {"known", added.known}}.dump() + "\n");
  return Print(fmt::format("{}: {} added, {} already stored\n", store->name(), added.added, added.known));
}

}  // namespace

Command FeedbackAddCommand() {
  return MakeCommand<FeedbackAddOptions>("feedback add", "Stores corrections and confirmations of predictions.",
                                         Describe, Run);
}

}  // namespace winnow
