/// The texts of a library's caller.
#pragma once

#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "text/input_text.h"

namespace winnow {

/// Views of strings in which kSegmentSeparator divides nothing: it is a space, as in data files, over HTTP and in
/// WebAssembly. The strings must outlive the views; only those that contain the separator are copied.
class PlainTexts {
 public:
  explicit PlainTexts(size_t count = 0) { views_.reserve(count); }
  /// One view for each of a range of strings.
  template <class Strings>
  static PlainTexts Of(const Strings& strings) {
    PlainTexts texts(std::size(strings));
    for (const auto& string : strings) texts.Add(string);
    return texts;
  }

  void Add(std::string_view text);
  std::span<const InputTextView> views() const { return views_; }

 private:
  std::vector<InputTextView> views_;
  std::deque<std::string> copies_;  // which do not move
};

}  // namespace winnow
