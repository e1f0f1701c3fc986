/// Feedback from a request to the store, the campaign memory and the reputation of the sender. Routes differ in how
/// they read it and in how they report what became of it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "server/api_error.h"
#include "server/filter_service.h"
#include "server/model_set.h"

namespace winnow {

/// What a client says about a message, which it names by id or by its text.
struct FeedbackCall {
  std::string id = {};      ///< id of a verdict; empty: the text
  std::string text = {};    ///< text of the message, in place of an id, or of a message that is redacted in the history
  std::string sender = {};  ///< sender of the message, if it is not named by id
  std::string user = {};    ///< who says so; empty: unknown
  std::string type = {};  ///< feedback type; empty: by comparison with the verdict of `id`; without it, user_rejection
  std::string key = {};   ///< idempotency key
  std::optional<std::string> label = {};
  std::optional<bool> is_spam = {};
  bool by_admin = false;       ///< the client has the role admin: `forget` withdraws an administrator's word, too
  bool forget = false;         ///< withdraws what the user has said about the message; without a label
  bool skip_repeated = false;  ///< stores nothing if this is what the user has said about the message before
};

struct RecordedFeedback {
  FeedbackEvent event;
  FeedbackOutcome outcome = FeedbackOutcome::kStored;
  bool repeated = false;  ///< the user has said so before, and nothing was stored
};

/// Refuses, with 422, a label that neither a model of the server nor the message filter has: it is probably misspelt,
/// and would be found only when a model is trained on it.
ApiResult<void> CheckFeedbackLabel(const ModelSet& models, std::string_view label);

/// Makes the feedback durable; the next message is judged by it. Blocks as long as the store. Errors: 404 for an id
/// that is unknown; 422 for an id of which only the redacted text is known, and for a text that is not that of the id;
/// those of StoreError.
ApiResult<RecordedFeedback> RecordFeedback(const FilterService& filter, const FeedbackCall& call);

}  // namespace winnow
