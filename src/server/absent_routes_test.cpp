#include "server/absent_routes.h"

#include <gtest/gtest.h>

namespace winnow {
namespace {

Route Of(std::string method, std::string path) { return {.method = std::move(method), .path = std::move(path)}; }

TEST(AbsentRoutes, NamesTheOptionsThatThePathRequires) {
  const RouteTable none({Of("POST", "/v1/classify")});
  EXPECT_EQ(MissingOptions(none, "/v1/feedback"),
            "the server was started without --filter and --store, which this path requires");
  EXPECT_EQ(MissingOptions(none, "/v1/messages/check"),
            "the server was started without --filter, which this path requires");
  EXPECT_EQ(MissingOptions(none, "/checkv2"), "the server was started without --filter, which this path requires");
  EXPECT_EQ(MissingOptions(none, "/v1/data/sms.csv/rows/"),
            "the server was started without --workspace, which this path requires");
  EXPECT_EQ(MissingOptions(none, "/v1/registry/spam/ab"),
            "the server was started without --registry, which this path requires");
}

TEST(AbsentRoutes, NamesOnlyTheOptionsThatTheServerWasStartedWithout) {
  const RouteTable filter({Of("POST", "/v1/messages/check")});
  EXPECT_EQ(MissingOptions(filter, "/v1/history"), "the server was started without --store, which this path requires");
}

TEST(AbsentRoutes, SaysNothingAboutPathsThatNoOptionAdds) {
  const RouteTable filter({Of("POST", "/v1/messages/check")});
  for (const char* const path : {"/", "/v1", "/v1/feedbacks", "/nowhere", "/v1/messages/other"}) {
    EXPECT_EQ(MissingOptions(filter, path), std::nullopt) << path;
  }
}

}  // namespace
}  // namespace winnow
