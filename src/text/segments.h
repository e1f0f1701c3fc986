/// Representation of a text of several segments (a template's subject and body) in one string.
#pragma once

namespace winnow {

/// Divides the segments of a templated text: U+001E, the ASCII record separator. The tokenizer turns each one into its
/// separator token when asked to; readers replace it by a space wherever a user's own text holds it.
inline constexpr char kSegmentSeparator = '\x1e';

}  // namespace winnow
