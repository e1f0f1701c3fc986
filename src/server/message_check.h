/// Checks of messages on behalf of a request: what is known about sender and user, the filter's steps, the model, and
/// the record in the history. Routes differ in how they read a message and in how they write its verdict.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "server/service.h"

namespace winnow {

/// A message to check.
struct MessageCheck {
  FilterMessage message;
  std::optional<FilterMode> requested = {};  ///< mode that the request names, if it names one
  std::string model = {};                    ///< name of the model, as in ModelSet::Use; empty: the default model
};

/// Makes the response from the verdict about a message.
using VerdictResponse = std::function<HttpResponse(const FilterMessage&, const Verdict&)>;

/// Checks a message for the client of `request`, and replies with the result of `response`, or with an error: 404 for a
/// model that is named and does not exist, 422 for one that cannot filter messages, 429 if the queue is full. Returns
/// at once; the store and the model are waited for on other threads.
void CheckMessage(const SharedService& service, const SharedRequest& request, const HttpReply& reply,
                  MessageCheck check, VerdictResponse response);

}  // namespace winnow
