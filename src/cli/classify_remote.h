/// `winnow classify --server`: predictions of a server, printed as a model on this machine would print them.
#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

#include "base/result.h"
#include "client/remote_classifier.h"

namespace winnow {

struct RemoteClassifying {
  RemoteClassifierOptions server;
  bool json = false;    ///< print lines of JSON instead of lines for people
  bool colour = false;  ///< use colours in explanations for people
};

/// Prints the predictions of a server. Not thread-safe.
class RemoteAnswerer {
 public:
  /// `write` receives the lines of the predictions; `told` receives the number of classified texts. Both functions are
  /// called by Take and Flush.
  RemoteAnswerer(const RemoteClassifying& classifying, std::function<Result<void>(std::string_view lines)> write,
                 std::function<void(size_t)> told);

  /// Passes a text to the RemoteClassifier. Errors: those of RemoteClassifier and of `write`; kNetwork if a prediction
  /// is not valid.
  Result<void> Take(InputTextView text) { return classifier_.Take(text); }
  Result<void> Flush() { return classifier_.Flush(); }

 private:
  size_t answered_ = 0;
  RemoteClassifier classifier_;
};

}  // namespace winnow
