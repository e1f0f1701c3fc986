/// A text as a model reads it: with its obfuscations folded (text/disguise.h) if the model folds them, else as it is.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "text/input_text.h"

namespace winnow {

/// One text in the form in which the model reads it. Allocates nothing unless it folds.
class FoldedText {
 public:
  /// Selects whether positions in the text can be traced back to the original.
  enum class Places { kNone, kKept };

  /// Folds `original`, which must outlive this object, if `fold` is true.
  FoldedText(InputTextView original, bool fold, Places places = Places::kNone);
  FoldedText(const FoldedText&) = delete;
  FoldedText& operator=(const FoldedText&) = delete;

  /// Returns the text as the model reads it. It has as many segments as the original.
  InputTextView text() const { return fold_ ? original_.With(folded_) : original_; }

  /// Return the begin and the end, in the original, of the part that bytes [begin, end) of the text came from. Require
  /// Places::kKept.
  uint32_t OriginalBegin(uint32_t begin) const { return !fold_ || begin == 0 ? begin : ends_[begin - 1]; }
  uint32_t OriginalEnd(uint32_t end) const { return OriginalBegin(end); }

 private:
  InputTextView original_;
  bool fold_;
  std::string folded_;
  std::vector<uint32_t> ends_;
};

/// Many texts as whole strings, as linear models and the training of tokenizers read them. Assigning again reuses the
/// memory of the lists, but not that of the strings.
class FoldedTexts {
 public:
  FoldedTexts() = default;
  FoldedTexts(std::span<const std::string_view> originals, bool fold) { Assign(originals, fold); }
  FoldedTexts(const FoldedTexts&) = delete;
  FoldedTexts& operator=(const FoldedTexts&) = delete;

  /// Replaces the texts. The originals must outlive their use.
  void Assign(std::span<const std::string_view> originals, bool fold);

  std::span<const std::string_view> texts() const { return texts_; }

 private:
  std::vector<std::string> folded_;
  std::vector<std::string_view> texts_;
};

}  // namespace winnow
