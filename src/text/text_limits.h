/// Limits on what a text may cost where rules of a model's files are applied to it. No tokenizer that was made for use
/// comes near them; a file that is made to exhaust a machine does.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>

#include "base/throw.h"

namespace winnow {

/// A text cannot be processed by the rules of a model within the limits. Thrown, as running out of memory is, because
/// it concerns a damaged or hostile model only; whoever catches exceptions of a request or a command reports it.
class TextLimitExceeded : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The hint of the error (kInvalidModel) that commands and libraries make of the exception.
inline constexpr char kTextLimitHint[] =
    "the rules in the tokenizer.json of the model are damaged or hostile; use another model";

/// Returns the largest size that a text of `bytes` may grow to when it is normalized: far more than any normal form of
/// Unicode (NFKC's factor is 11, https://www.unicode.org/faq/normalization.html).
constexpr size_t MostNormalizedBytes(size_t bytes) { return 16 * bytes + (size_t{64} << 10); }

/// Throws TextLimitExceeded if a text of `original` bytes has become one of `bytes`.
inline void CheckGrowth(size_t original, size_t bytes) {
  if (bytes <= MostNormalizedBytes(original)) return;
  Throw<TextLimitExceeded>("tokenizer.json makes a text of " + std::to_string(original) + " bytes grow to at least " +
                           std::to_string(bytes) + ", over the limit of " +
                           std::to_string(MostNormalizedBytes(original)));
}

/// The time that the regular expressions of one step may take for one text: a second, and 5 microseconds per byte, of
/// the thread that searches, so that other work of the machine does not count.
class MatchTime {
 public:
  explicit MatchTime(size_t bytes) : bytes_(bytes) {}
  /// Returns true if the time is over. It runs from the first call.
  bool Over();

 private:
  size_t bytes_;
  double end_ = 0;  // in seconds of the thread's CPU time
};

}  // namespace winnow
