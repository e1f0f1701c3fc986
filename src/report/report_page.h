/// The frame of a page of HTML that is one file: no script, no network, and a content security policy that allows only
/// the style of the page.
#pragma once

#include <string>
#include <string_view>

namespace winnow {

/// Returns the page up to its content. The title may contain anything.
std::string ReportPageBegin(std::string_view title);
std::string ReportPageEnd();

}  // namespace winnow
