#include "filter/message_truth.h"

#include <tuple>

#include "base/hash.h"
#include "feedback/feedback_log.h"
#include "feedback/feedback_state.h"
#include "feedback/verdict_samples.h"

namespace winnow {
namespace {

/// What people say about one message.
struct Said {
  std::optional<bool> admin, users;
  StoreTime admin_at = {};
  bool contradicted = false;

  void Take(const FeedbackState& state) {
    const bool spam = state.label == "spam";
    if (!spam && state.label != "ham") return;
    if (state.origin == FeedbackOrigin::kAdmin) {
      if (!admin || admin_at < state.at) std::tie(admin, admin_at) = std::pair(spam, state.at);
    } else if (state.origin == FeedbackOrigin::kPerson) {
      contradicted = contradicted || (users && *users != spam);
      users = spam;
    }
  }
  std::optional<bool> Truth() const { return admin ? admin : contradicted ? std::nullopt : users; }
};

}  // namespace

Result<MessageTruth> MessageTruth::Read(Store& store) {
  std::map<std::string, Said> ids, texts;
  for (const FeedbackState& state : CurrentFeedback(TRY(ReadAllFeedback(store)))) {
    if (state.message_id) ids[*state.message_id].Take(state);
    texts[state.message].Take(state);
  }
  MessageTruth truth;
  for (const auto& [id, said] : ids) truth.by_id_.emplace(id, said.Truth());
  for (const auto& [text, said] : texts) truth.by_text_.emplace(text, said.Truth());
  for (const StoredVerdictSample& stored : TRY(ReadVerdictSamples(store, {.labelled = true}))) {
    const VerdictSample& sample = stored.sample;
    if (sample.label != "spam" && sample.label != "ham") continue;
    truth.by_id_[sample.message_id] = sample.label == "spam";
    truth.by_text_[Sha256(sample.text)] = sample.label == "spam";
  }
  return truth;
}

std::optional<bool> MessageTruth::Of(const MessageRecord& message) const {
  if (const auto found = by_id_.find(message.message_id); found != by_id_.end() && found->second) return found->second;
  if (message.redacted) return std::nullopt;  // its text may be that of others
  const auto found = by_text_.find(Sha256(message.text));
  return found == by_text_.end() ? std::nullopt : found->second;
}

}  // namespace winnow
