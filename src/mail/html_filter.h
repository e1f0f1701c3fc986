/// HTML of strangers, made harmless for a parser of trees: what is not shown is left out, and nesting is bounded.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace winnow {

struct HtmlLimits {
  size_t max_depth = 200;
  size_t max_nodes = 200'000;
};

struct FilteredHtml {
  std::string html;
  std::string style_sheets;  ///< contents of the elements <style>
  bool too_deep = false;     ///< tags were left out because they lie too deep
  bool too_large = false;    ///< the end was left out
};

/// Writes the tags and texts of `html`, which is UTF-8, again, in a form that every HTML parser reads alike. Comments,
/// scripts, style sheets and titles are left out, and all attributes but those that HtmlText reads. Elements are not
/// nested deeper than the limit, which counts an element as open at least as long as the HTML Standard's tree
/// construction does. Linear in the size of `html` times the depth.
FilteredHtml FilterHtml(std::string_view html, const HtmlLimits& limits);

}  // namespace winnow
