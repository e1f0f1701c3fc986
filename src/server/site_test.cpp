#include "server/site.h"

#include <gtest/gtest.h>

namespace winnow {
namespace {

TEST(SiteOf, IsWhatTheBrowserSays) {
  struct Case {
    const char *origin, *sec_fetch_site;
    Site site;
  };
  for (const auto& [origin, sec_fetch_site, site] : {Case{"", "", Site::kUnknown},
                                                     {"", "same-origin", Site::kSame},
                                                     {"", "none", Site::kSame},
                                                     {"", "same-site", Site::kOther},
                                                     {"", "cross-site", Site::kOther},
                                                     {"", "nonsense", Site::kOther},
                                                     {"http://localhost:8080", "", Site::kSame},
                                                     {"http://localhost:8081", "", Site::kOther},
                                                     {"http://evil.example", "", Site::kOther},
                                                     {"null", "", Site::kOther},
                                                     {"http://localhost:8080", "cross-site", Site::kOther},
                                                     // A proxy in front of the server has changed Host.
                                                     {"https://mail.example", "same-origin", Site::kSame}}) {
    EXPECT_EQ(SiteOf(origin, sec_fetch_site, "localhost:8080"), site) << origin << " " << sec_fetch_site;
  }
  EXPECT_EQ(SiteOf("http://localhost", "", ""), Site::kOther);
}

}  // namespace
}  // namespace winnow
