/// The two ends of `winnow classify`: texts go into a sink, which writes their predictions to an output.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/result.h"

namespace winnow {

/// Receives the lines of predictions and the number of classified texts.
class PredictionOutput {
 public:
  virtual ~PredictionOutput() = default;
  virtual Result<void> Write(std::string_view lines) = 0;
  virtual void SetClassified(size_t texts) = 0;
};

/// Classifies texts and writes their predictions in the same order.
class TextSink {
 public:
  virtual ~TextSink() = default;
  /// Takes one more text, of which it makes a copy; predictions may be written. `row` is the number of its row in a
  /// file (Example::row), which the prediction then has in JSON; 0: none.
  virtual Result<void> Take(std::string_view text, size_t row) = 0;
  /// Returns when the predictions of all texts have been written.
  virtual Result<void> Flush() = 0;
};

}  // namespace winnow
