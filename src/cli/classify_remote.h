/// `winnow classify --server`: predictions of a server, printed as a model on this machine would print them.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "cli/prediction_output.h"
#include "client/remote_classifier.h"

namespace winnow {

struct RemoteClassifying {
  RemoteClassifierOptions server;
  bool json = false;  ///< print lines of JSON instead of lines for people
  /// Number of most probable labels in lines for people, 0 for all; empty: the decision only.
  std::optional<int> top_k = {};
  char delimiter = '\0';  ///< print lines of a table with this delimiter instead of lines of JSON
  bool colour = false;    ///< use colours in explanations for people
};

/// Writes the predictions of a server. Not thread-safe.
class RemoteTextSink final : public TextSink {
 public:
  /// `text_template` is that of the model; if it is not empty, the segments of texts are divided. `output` must outlive
  /// the sink; it is called by Take and Flush.
  RemoteTextSink(const RemoteClassifying& classifying, std::string_view text_template, PredictionOutput& output);

  /// Passes a text to the RemoteClassifier. Errors: those of RemoteClassifier and of the output; kNetwork if a
  /// prediction is not valid.
  Result<void> Take(std::string_view text, size_t row) override;
  Result<void> Flush() override { return classifier_.Flush(); }

 private:
  const bool has_template_;
  size_t classified_ = 0;
  std::deque<size_t> rows_;  // of the texts that have no prediction yet
  RemoteClassifier classifier_;
};

}  // namespace winnow
