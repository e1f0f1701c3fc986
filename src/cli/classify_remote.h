/// `winnow classify --server`: answers of a server as the lines that a model on this machine would give.
#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

#include "base/result.h"
#include "client/remote_classifier.h"

namespace winnow {

struct RemoteClassifying {
  RemoteClassifierOptions server;
  bool json = false;    ///< lines of JSON instead of those for people
  bool colour = false;  ///< of explanations for people
};

/// Not thread-safe.
class RemoteAnswerer {
 public:
  /// `write` gets the answers' lines; `told` is told how many texts are answered. Both are called by Take and Flush.
  RemoteAnswerer(const RemoteClassifying& classifying, std::function<Result<void>(std::string_view lines)> write,
                 std::function<void(size_t)> told);

  /// RemoteClassifier's. Errors: those of RemoteClassifier, and of `write`; kNetwork if an answer cannot be shown.
  Result<void> Take(InputTextView text) { return classifier_.Take(text); }
  Result<void> Flush() { return classifier_.Flush(); }

 private:
  size_t answered_ = 0;
  RemoteClassifier classifier_;
};

}  // namespace winnow
