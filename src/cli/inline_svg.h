/// gnuplot's pictures made part of a page.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace winnow {

/// Colours that a script gives gnuplot, which become the page's: "#0100NN" is var(--cN).
inline constexpr char kInkColour[] = "#010014";    // var(--ink)
inline constexpr char kMutedColour[] = "#010015";  // var(--muted)
inline constexpr char kLineColour[] = "#010016";   // var(--line)

struct InlineSvg {
  std::string id;           ///< unique in the page: letters and digits
  std::string title, desc;  ///< what it shows, for those who don't see it; plain text
};

/// The picture as an <svg> element: shapes and texts alone, each with none but the attributes that place and paint it,
/// without the XML declaration, definitions, ids and fonts of its own. Point type 7 becomes circles. Errors:
/// kInvalidData where it is no SVG that gnuplot would write.
Result<std::string> InlineOf(std::string_view svg, const InlineSvg& about);

}  // namespace winnow
