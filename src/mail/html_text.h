/// HTML -> the text that a reader sees.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mail/html_filter.h"
#include "mail/mail_message.h"

namespace winnow {

struct HtmlText {
  /// Lines ending with "\n", without blank space at their ends and with at most one empty line in a row. Cells of a
  /// table row are separated by tabs.
  std::string text;
  std::vector<MailLink> links;
  bool hidden = false;     ///< text was left out because its style hides it
  bool too_deep = false;   ///< as in FilteredHtml
  bool too_large = false;  ///< as in FilteredHtml
};

/// Extracts text, alternative texts of images, captions of buttons, and links; at most `max_links`. Left out are
/// comments, scripts, style sheets, titles, and what inline styles hide: display:none, visibility:hidden, opacity:0,
/// a font size of at most one pixel, transparent color, boxes of no height or width whose overflow is hidden, and the
/// attribute `hidden`. `html` is valid UTF-8. Does not recurse. Thread-safe.
HtmlText ExtractHtmlText(std::string_view html, const HtmlLimits& limits, size_t max_links);

}  // namespace winnow
