/// What the style attribute of an element says about its visibility.
#pragma once

#include <string_view>

namespace winnow {

/// Properties that inherited ones depend on, with what an element inherits if it says nothing.
struct Visibility {
  bool removed = false;      ///< display:none, opacity:0, boxes without an extent: all below is hidden
  bool invisible = false;    ///< visibility:hidden; elements inside can be visible again
  bool tiny = false;         ///< font-size:0; elements inside can have another size
  bool transparent = false;  ///< color:transparent; elements inside can have another color

  bool hidden() const { return removed || invisible || tiny || transparent; }
};

/// Returns the visibility of an element with `style` inside an element with `parent`. Never fails.
Visibility Styled(std::string_view style, Visibility parent);

}  // namespace winnow
