/// One text as a classifier reads it: a single segment, or the several that a template such as "{subject} [SEP] {body}"
/// makes of a row, or the two texts of a pair.
///
/// Segments lie in one string, divided by kSegmentSeparator (text/segments.h), which is also how data files keep them.
/// So a text of one segment costs no more than a std::string_view, and functions that read a text as a whole (folding,
/// linear features, explanations) have one run of bytes. The text itself knows whether the separator divides it or is
/// one of its characters: strings that people wrote are one segment, whatever they contain.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "text/segments.h"

namespace winnow {

/// A view of a text, as cheap to copy as a std::string_view. The string must outlive it.
class InputTextView {
 public:
  InputTextView() = default;
  /// A text of one segment.
  InputTextView(std::string_view text) : text_(text) {}
  InputTextView(const std::string& text) : text_(text) {}
  InputTextView(const char* text) : text_(text) {}
  /// A text whose segments are divided by kSegmentSeparator, as a template and a data file's reader make it.
  static InputTextView OfJoined(std::string_view joined) { return InputTextView(joined, /*divided=*/true); }

  /// The whole text, its segments divided by kSegmentSeparator.
  std::string_view joined() const { return text_; }
  /// The number of segments, at least 1.
  size_t segments() const;
  /// The first segment.
  std::string_view first() const { return text_.substr(0, end()); }
  /// Returns true if there are segments after the first one.
  bool has_rest() const { return end() != std::string_view::npos; }
  /// The segments behind the first one. Requires has_rest().
  InputTextView rest() const { return {text_.substr(end() + 1), divided_}; }
  /// Returns a variant of this text: the bytes `joined`, divided into segments if this text is.
  InputTextView With(std::string_view joined) const { return {joined, divided_}; }

 private:
  InputTextView(std::string_view text, bool divided) : text_(text), divided_(divided) {}
  size_t end() const { return divided_ ? text_.find(kSegmentSeparator) : std::string_view::npos; }

  std::string_view text_;
  bool divided_ = false;
};

/// A text that owns its bytes.
class InputText {
 public:
  InputText() = default;
  /// A text of one segment.
  InputText(std::string text) : text_(std::move(text)) {}
  InputText(const char* text) : text_(text) {}
  /// A text whose segments are divided by kSegmentSeparator.
  static InputText OfJoined(std::string joined);
  /// A text of these segments, at least one. The character kSegmentSeparator within a segment becomes a space.
  static InputText OfSegments(std::span<const std::string> segments);

  InputTextView view() const { return divided_ ? InputTextView::OfJoined(text_) : InputTextView(text_); }
  operator InputTextView() const { return view(); }
  /// The whole text, its segments divided by kSegmentSeparator.
  const std::string& joined() const { return text_; }
  /// The number of segments, at least 1.
  size_t segments() const { return view().segments(); }

 private:
  std::string text_;
  bool divided_ = false;
};

/// Returns the string with each kSegmentSeparator replaced by a space, for people's own strings before they become
/// segments.
std::string WithoutSeparators(std::string text);

}  // namespace winnow
