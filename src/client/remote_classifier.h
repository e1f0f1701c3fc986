/// Many texts classified by a server: they travel in batches, several of them at once.
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
  size_t batch_size = 256;  ///< texts per request; explanations take much longer and travel in smaller batches
};

/// Not thread-safe.
class RemoteClassifier {
 public:
  /// Gets the answers to `texts`, as ServerClient::Classify gives them; both have the same size.
  using Sink = std::function<Result<void>(std::span<const Json> answers, std::span<const InputTextView> texts)>;

  /// `sink` is called by Take and Flush, in the order of the texts.
  RemoteClassifier(RemoteClassifierOptions options, Sink sink);
  RemoteClassifier(const RemoteClassifier&) = delete;
  RemoteClassifier& operator=(const RemoteClassifier&) = delete;
  /// Gives up what is under way.
  ~RemoteClassifier();

  /// Takes one more text, of which it makes a copy. Errors: those of ServerClient::Classify for this text or one before it; those of the sink;
  /// kCancelled.
  Result<void> Take(InputTextView text);
  /// Returns when every text is answered. Errors: those of Take.
  Result<void> Flush();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace winnow
