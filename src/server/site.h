/// Which web site a request comes from, by the headers that browsers set and pages cannot.
#pragma once

#include <string_view>

namespace winnow {

enum class Site {
  kSame,     ///< a page of this server, or the browser's address bar
  kOther,    ///< a page of another site, or of another port of this one
  kUnknown,  ///< no browser, or an old one: neither header was sent
};

/// The values of Origin, Sec-Fetch-Site and Host; empty if absent. Sec-Fetch-Site
/// (https://www.w3.org/TR/fetch-metadata) decides where it is sent, since a proxy in front may have changed Host.
Site SiteOf(std::string_view origin, std::string_view sec_fetch_site, std::string_view host);

}  // namespace winnow
