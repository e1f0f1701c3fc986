/// Classification of many texts by a server, in batches, several of which are under way at once.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>

#include "base/result.h"
#include "client/server_client.h"
#include "text/input_text.h"

namespace winnow {

struct RemoteClassifierOptions {
  ServerAccess access;
  ClassifyRequest request;
  /// Number of texts per request; requests for explanations, which take much longer, have smaller batches.
  size_t batch_size = 256;
};

/// A classifier that uses a server. Not thread-safe.
class RemoteClassifier {
 public:
  /// Receives the predictions for `texts`, as ServerClient::Classify returns them; there is one prediction per text.
  using Sink = std::function<Result<void>(std::span<const Json> answers, std::span<const InputTextView> texts)>;

  /// Creates a classifier; `sink` is called by Take and Flush, in the order of the texts.
  RemoteClassifier(RemoteClassifierOptions options, Sink sink);
  RemoteClassifier(const RemoteClassifier&) = delete;
  RemoteClassifier& operator=(const RemoteClassifier&) = delete;
  /// Abandons the requests that are under way.
  ~RemoteClassifier();

  /// Accepts one more text, of which it makes a copy. Errors: those of ServerClient::Classify for this text or an
  /// earlier one; those of the sink; kCancelled.
  Result<void> Take(InputTextView text);
  /// Returns when all texts have been classified. Errors: those of Take.
  Result<void> Flush();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace winnow
