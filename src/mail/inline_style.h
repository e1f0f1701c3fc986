/// What styles say about the visibility of an element.
///
/// A text that is taken for hidden reaches neither rules nor the classifier, so whatever mail programs may show
/// counts as visible: whoever could make the filter leave out what readers see would evade it altogether.
#pragma once

#include <set>
#include <string>
#include <string_view>

namespace winnow {

/// Properties that inherited ones depend on, with what an element inherits if it says nothing.
struct Visibility {
  bool removed = false;      ///< display:none, opacity:0: all below is hidden
  bool clipped = false;      ///< a box without an extent that hides what flows over
  bool invisible = false;    ///< visibility:hidden; elements inside can be visible again
  double font_size = 16;     ///< in pixels, which relative sizes refer to
  bool transparent = false;  ///< color:transparent; elements inside can have another color
  bool shadowed = false;     ///< text-shadow and the like, which show transparent letters
  bool scaled = false;       ///< zoom and the like, which show tiny ones

  bool hidden() const {
    constexpr double kTinyFont = 1;
    return removed || clipped || invisible || (font_size <= kTinyFont && !scaled) || (transparent && !shadowed);
  }
};

/// What the style sheets of a document may say. Their selectors are not interpreted: any rule may be about any element.
class StyleSheets {
 public:
  /// Adds the contents of an element <style>.
  void Add(std::string_view css);
  /// Returns true if some rule sets the property, so that it takes the place of what an element inherits.
  bool Mention(std::string_view property) const;
  /// Returns true if some rule sets the property with !important or in an animation, which precedes style attributes.
  bool Override(std::string_view property) const;

 private:
  void AddDeclarations(std::string_view css);

  std::set<std::string, std::less<>> mentioned_, important_;
  bool animated_ = false;
};

/// What else than its style attribute decides whether an element is shown.
struct StyledElement {
  bool block = false;             ///< has a box that height and overflow apply to: <div>, but neither <span> nor <td>
  bool hidden_attribute = false;  ///< the attribute `hidden`
  bool own_color = false;         ///< has a color of its own: <a>
  bool own_size = false;          ///< has a font size of its own: <button>
};

/// Returns the visibility of an element with `style` inside an element with `parent`. Never fails.
Visibility Styled(std::string_view style, Visibility parent, const StyledElement& element, const StyleSheets& sheets);

}  // namespace winnow
