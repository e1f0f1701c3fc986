#include "server/openapi.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "support/json_pointer.h"
#include "support/served_routes.h"

namespace winnow {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const ServedRoutes& Routes() {
  static const ServedRoutes routes;
  return routes;
}

/// All values of "$ref".
void References(const Json& of, std::set<std::string>& found) {
  if (of.is_object() && of.contains("$ref")) found.insert(of["$ref"].str());
  for (const auto& [name, member] : of.items()) References(member, found);
  if (of.is_array()) {
    for (const Json& each : of) References(each, found);
  }
}

TEST(OpenApi, DescribesEveryRoute) {
  const Json api = Routes().AskJson("GET", "/openapi.json");
  EXPECT_EQ(api["openapi"], "3.1.0");
  std::set<std::string> ids;
  for (const Route& route : Routes().table().routes()) {
    std::string method = route.method;
    for (char& c : method) c = static_cast<char>(c | 0x20);
    const Json& operation = api["paths"][route.path][method];
    ASSERT_TRUE(operation.is_object()) << route.path;
    EXPECT_TRUE(ids.insert(operation["operationId"].str()).second) << route.path;
    EXPECT_FALSE(operation["summary"].get<std::string>().empty()) << route.path;
    EXPECT_TRUE(operation["responses"]["200"]["content"].is_object()) << route.path;
    EXPECT_EQ(operation.contains("security"), route.role != Role::kPublic) << route.path;
    EXPECT_EQ(operation.contains("parameters"), route.path.find('{') != std::string::npos) << route.path;
    for (const auto& [code, response] : operation["responses"].items()) {
      EXPECT_EQ(response.contains("$ref"), code != "200") << route.path << " " << code;
    }
  }
  std::set<std::string> references;
  References(api, references);
  EXPECT_FALSE(references.empty());
  for (const std::string& reference : references) {
    EXPECT_NE(FindByPointer(api, reference.substr(1)), nullptr) << reference;
  }
}

TEST(OpenApi, NamesParametersAndOperations) {
  const Route route{.method = "POST", .path = "/v2/models/{model}/versions/{version}/infer"};
  EXPECT_THAT(ParametersOf(route), ElementsAre("model", "version"));
  EXPECT_EQ(OperationId(route), "post_v2_models_model_versions_version_infer");
  EXPECT_EQ(OperationId({.method = "POST", .path = "/"}), "post");
  EXPECT_THAT(ErrorsOf({.method = "GET", .path = "/health", .role = Role::kPublic}), ElementsAre(500, 503));
}

TEST(DocsPage, ShowsEveryRouteAndLoadsNothingFromElsewhere) {
  const HttpResponse page = Routes().Ask("GET", "/docs");
  EXPECT_EQ(page.content_type, "text/html; charset=utf-8");
  for (const Route& route : Routes().table().routes()) {
    EXPECT_THAT(page.body, HasSubstr("id=\"" + OperationId(route) + "\""));
  }
  EXPECT_THAT(page.body, Not(HasSubstr("https://")));
  EXPECT_THAT(page.body, Not(HasSubstr("style=")));
  EXPECT_EQ(page.body.find("<script "), page.body.rfind("<script"));
  ASSERT_FALSE(page.headers.empty());
  EXPECT_THAT(page.headers[0].second, HasSubstr("default-src 'none'"));
  for (const auto& [path, type] : {std::pair("/docs/docs.css", "text/css"), {"/docs/docs.js", "text/javascript"}}) {
    const HttpResponse file = Routes().Ask("GET", path);
    EXPECT_EQ(file.status, 200);
    EXPECT_THAT(file.content_type, HasSubstr(type));
  }
}

TEST(DocsPage, EscapesWhatItShows) {
  const std::string page =
      DocsPage({{.method = "GET",
                 .path = "/a",
                 .docs = {.summary = "<b> & \"c\"", .description = "`x < y`\n\nmore", .tag = "<t>"}}});
  EXPECT_THAT(page, HasSubstr("&lt;b&gt; &amp; &quot;c&quot;"));
  EXPECT_THAT(page, HasSubstr("<p><code>x &lt; y</code></p>\n<p>more</p>"));
  EXPECT_THAT(page, Not(HasSubstr("<t>")));
}

}  // namespace
}  // namespace winnow
