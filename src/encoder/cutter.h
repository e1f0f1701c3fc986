/// Cuts texts into parts of about equally many tokens.
#pragma once

#include <algorithm>
#include <cstddef>

#include "encoder/batch.h"

namespace winnow {

/// The texts, or rows, from `begin` to `end`, which does not belong to it.
struct Part {
  size_t begin, end;
};

/// Cuts texts first ... last-1 into parts of about equally many tokens, and none without a text.
class Cutter {
 public:
  Cutter(const PackedTexts& texts, size_t first, size_t last, size_t parts)
      : texts_(texts), last_(last), parts_(parts), begin_(texts.begin(first)), next_(first) {}

  /// The next part's texts; none when there are no more.
  Part Cut() {
    const size_t tokens = static_cast<size_t>(texts_.offsets[last_]) - begin_;
    Part cut{next_, next_};
    while (cut.begin == cut.end && part_ < parts_) {
      const size_t goal = begin_ + tokens * ++part_ / parts_;
      while (next_ < last_ && (part_ == parts_ || texts_.begin(next_) + texts_.length(next_) / 2 < goal)) ++next_;
      cut.end = next_;
    }
    return cut;
  }

 private:
  const PackedTexts& texts_;
  size_t last_;
  size_t parts_;
  size_t begin_;     // token
  size_t part_ = 0;  // the next that is cut off
  size_t next_;      // its first text
};

inline size_t PartsOf(size_t tokens, size_t each) { return std::max<size_t>(1, (tokens + each - 1) / each); }

}  // namespace winnow
