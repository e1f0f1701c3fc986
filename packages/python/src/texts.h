/// Texts that Python passes, as views of its own memory.
#pragma once

#include <nanobind/nanobind.h>

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "arrow_texts.h"

namespace winnow::python {

/// Views of texts, and what keeps them alive. Created and destroyed with the interpreter lock held; the views may be
/// read without it.
class Texts {
 public:
  /// Selects what a missing text (None, NaN, a null) is: an error that names its row, or an empty text.
  enum class Missing { kRefused, kEmpty };

  /// Reads a list, a tuple, or any other sequence of str, or an object with the Arrow C data interface. Throws
  /// winnow.InvalidDataError for missing texts and for items that are not texts; rows are counted from 0.
  explicit Texts(nb::handle source, Missing missing = Missing::kRefused);

  const std::vector<std::string_view>& views() const { return views_; }

 private:
  void AddSequence(nb::handle source, Missing missing);
  void AddStr(nb::handle text);
  void RefuseMissing() const;

  std::vector<std::string_view> views_;
  std::vector<size_t> missing_rows_;
  nb::object sequence_;             // holds the strings
  std::deque<std::string> copies_;  // of texts with lone surrogates, which have no UTF-8
  ArrowTexts arrow_;
};

}  // namespace winnow::python
