#include "server/openapi.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "support/json_pointer.h"
#include "support/served_routes.h"

namespace winnow {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

/// All values of "$ref".
void References(const Json& of, std::set<std::string>& found) {
  if (of.is_object() && of.contains("$ref")) found.insert(of["$ref"].str());
  for (const auto& [name, member] : of.items()) References(member, found);
  if (of.is_array()) {
    for (const Json& each : of) References(each, found);
  }
}

/// The fields of a schema that have no description, as paths.
void Undescribed(const Json& schema, const std::string& path, std::vector<std::string>& found) {
  for (const auto& [name, field] : schema["properties"].items()) {
    if (!field.contains("description")) found.push_back(path + "." + name);
    Undescribed(field, path + "." + name, found);
  }
  if (schema.contains("items")) Undescribed(schema["items"], path + "[]", found);
  for (const Json& each : schema["anyOf"]) Undescribed(each, path, found);
}

bool HasType(const Json& value, const Json& type) {
  if (type == "number") return value.is_number();
  if (type == "integer") return value.is_number_integer();
  return type == value.type_name();
}

/// Whether a value has the type of a schema, its required fields, and no others than it describes.
bool Fits(const Json& schema_or_reference, const Json& value) {
  const Json& schema = Resolved(schema_or_reference);
  const auto fits = [&](const Json& each) { return Fits(each, value); };
  if (schema.contains("anyOf")) return std::ranges::any_of(schema["anyOf"], fits);
  if (schema.contains("const")) return schema["const"] == value;
  if (schema.contains("enum")) return std::ranges::find(schema["enum"], value) != schema["enum"].end();
  const Json types = schema["type"].is_array() ? schema["type"] : Json::array({schema["type"]});
  if (std::ranges::none_of(types, [&](const Json& type) { return HasType(value, type); })) return false;
  for (const Json& name : schema["required"]) {
    if (!value.contains(name.str())) return false;
  }
  for (const auto& [name, member] : value.items()) {
    const Json* const field = schema["properties"].Find(name);
    if (field == nullptr ? schema.contains("properties") : !Fits(*field, member)) return false;
  }
  return !value.is_array() ||
         std::ranges::all_of(value, [&](const Json& element) { return Fits(schema["items"], element); });
}

TEST(OpenApi, DescribesEveryRoute) {
  const Json api = DefaultRoutes().AskJson("GET", "/openapi.json");
  EXPECT_EQ(api["openapi"], "3.1.0");
  std::set<std::string> ids;
  for (const Route& route : DefaultRoutes().table().routes()) {
    std::string method = route.method;
    for (char& c : method) c = static_cast<char>(c | 0x20);
    const Json& operation = api["paths"][route.path][method];
    ASSERT_TRUE(operation.is_object()) << route.path;
    EXPECT_TRUE(ids.insert(operation["operationId"].str()).second) << route.path;
    EXPECT_FALSE(operation["summary"].get<std::string>().empty()) << route.path;
    const std::string success = std::to_string(route.docs.status);
    const Json& response = operation["responses"][success];
    EXPECT_EQ(response.contains("content"), success != "302" && success != "204") << route.path;
    EXPECT_EQ(response.contains("headers"), success == "302") << route.path;
    EXPECT_EQ(operation.contains("security"), route.role != Role::kPublic && !route.key_in_path) << route.path;
    const bool has_parameters =
        route.path.find('{') != std::string::npos || !route.docs.query.is_null() || !route.docs.headers.is_null();
    EXPECT_EQ(operation.contains("parameters"), has_parameters) << route.path;
    for (const auto& [code, response] : operation["responses"].items()) {
      EXPECT_EQ(response.contains("$ref"), code != success) << route.path << " " << code;
    }
  }
  std::set<std::string> references;
  References(api, references);
  EXPECT_FALSE(references.empty());
  for (const std::string& reference : references) {
    EXPECT_NE(FindByPointer(api, reference.substr(1)), nullptr) << reference;
  }
}

TEST(OpenApi, DescribesEveryFieldThatARouteAccepts) {
  int bodies = 0;
  for (const Route& route : DefaultRoutes().table().routes()) {
    if (route.docs.request.is_null() || route.path.ends_with("/unload")) continue;
    if (route.docs.request_type != "application/json") continue;
    if (route.docs.request["additionalProperties"] == true) continue;  // of clients that may come to send more
    ++bodies;
    EXPECT_EQ(route.docs.request["additionalProperties"], false) << route.path;
    std::string path = route.path;
    for (const auto& [name, value] : {std::pair("{model}", "words"), {"{version}", "1.0.0"}}) {
      if (const size_t at = path.find(name); at != std::string::npos) path.replace(at, std::string(name).size(), value);
    }
    Json request = route.docs.example.is_null() ? Json::object() : route.docs.example;
    request["unheard_of"] = 1;
    const HttpResponse response = DefaultRoutes().Ask(route.method, path, request.dump());
    EXPECT_EQ(response.status, 422) << path;
    EXPECT_THAT(response.body, HasSubstr("unknown field 'unheard_of'")) << path;
  }
  EXPECT_GT(bodies, 6);
}

TEST(OpenApi, DescribesEveryField) {
  std::vector<std::string> undescribed;
  for (const Route& route : DefaultRoutes().table().routes()) {
    Undescribed(route.docs.query, route.path + " query", undescribed);
    Undescribed(route.docs.headers, route.path + " headers", undescribed);
    Undescribed(route.docs.request, route.path + " request", undescribed);
    Undescribed(route.docs.answer, route.path + " response", undescribed);
  }
  const Json api = DefaultRoutes().AskJson("GET", "/openapi.json");
  for (const auto& [name, schema] : api["components"]["schemas"].items()) Undescribed(schema, name, undescribed);
  EXPECT_THAT(undescribed, ElementsAre());
}

TEST(OpenApi, HasAnExampleOfEveryResponseThatFitsItsSchema) {
  for (const Route& route : DefaultRoutes().table().routes()) {
    const RouteDocs& docs = route.docs;
    if (docs.answer.is_null() || route.path == "/openapi.json") continue;
    EXPECT_FALSE(docs.answer_example.is_null()) << route.path;
    EXPECT_TRUE(Fits(docs.answer, docs.answer_example)) << route.path;
    const bool json = docs.answer_types.front() == "application/json";
    const bool asks = !docs.query.is_null() && docs.query.contains("required");  // for what the workspace lacks here
    if (route.method == "GET" && route.path.find('{') == std::string::npos && json && !asks) {
      EXPECT_TRUE(Fits(docs.answer, DefaultRoutes().AskJson("GET", route.path))) << route.path;
    }
  }
  const Json api = DefaultRoutes().AskJson("GET", "/openapi.json");
  EXPECT_EQ(api["paths"]["/ready"]["get"]["responses"]["200"]["content"]["application/json"]["example"],
            ParsedJson(R"({"status": "ok"})"));
  for (const char* const refused : {"Overloaded", "Unavailable"}) {
    const Json& content = api["components"]["responses"][refused]["content"]["application/json"];
    EXPECT_TRUE(Fits(content["schema"], content["example"])) << refused;
    EXPECT_EQ(content["example"]["error_type"], refused);
  }
}

TEST(OpenApi, DescribesTheRefusalOfAnUnknownParameter) {
  int refusals = 0;
  for (const Route& route : DefaultRoutes().table().routes()) {
    const bool json = route.docs.answer_types == std::vector<std::string>{"application/json"};
    if (route.method != "GET" || !json || route.path.find('{') != std::string::npos) continue;
    const int status = DefaultRoutes().Ask("GET", route.path + "?unheard_of=1").status;
    if (status == route.docs.status) continue;
    ++refusals;
    EXPECT_THAT(ErrorsOf(route), Contains(status)) << route.path;
  }
  EXPECT_GT(refusals, 5);
}

TEST(OpenApi, DescribesThatAMailWasReportedBefore) {
  const Json api = DefaultRoutes().AskJson("GET", "/openapi.json");
  const char* const mail = "Subject: Lunch\n\nShall we meet at noon?\n";
  EXPECT_EQ(DefaultRoutes().Ask("POST", "/learnham", mail).status, 200);
  const HttpResponse again = DefaultRoutes().Ask("POST", "/learnham", mail);
  ASSERT_EQ(again.status, 208);
  const Json& reference = api["paths"]["/learnham"]["post"]["responses"]["208"]["$ref"];
  const Json* const described = FindByPointer(api, reference.str().substr(1));
  ASSERT_NE(described, nullptr) << reference;
  EXPECT_TRUE(Fits((*described)["content"]["application/json"]["schema"], ParsedJson(again.body))) << again.body;
}

TEST(OpenApi, DescribesTheResponsesOfClassify) {
  const auto& routes = DefaultRoutes().table().routes();
  const auto classify = std::ranges::find(routes, "/v1/classify", &Route::path);
  ASSERT_NE(classify, routes.end());
  for (const char* const model : {"spam", "words"}) {
    const Json request = {{"text", "win a prize"}, {"model", model}, {"explain", true}};
    const Json answer = DefaultRoutes().AskJson("POST", "/v1/classify", request.dump());
    EXPECT_TRUE(Fits(classify->docs.answer, answer)) << answer;
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
  const HttpResponse page = DefaultRoutes().Ask("GET", "/docs");
  EXPECT_EQ(page.content_type, "text/html; charset=utf-8");
  for (const Route& route : DefaultRoutes().table().routes()) {
    EXPECT_THAT(page.body, HasSubstr("id=\"" + OperationId(route) + "\""));
  }
  EXPECT_THAT(page.body, Not(HasSubstr("https://")));
  EXPECT_THAT(page.body, Not(HasSubstr("style=")));
  EXPECT_EQ(page.body.find("<script "), page.body.rfind("<script"));
  ASSERT_FALSE(page.headers.empty());
  EXPECT_THAT(page.headers[0].second, HasSubstr("default-src 'none'"));
  for (const auto& [path, type] : {std::pair("/docs/docs.css", "text/css"), {"/docs/docs.js", "text/javascript"}}) {
    const HttpResponse file = DefaultRoutes().Ask("GET", path);
    EXPECT_EQ(file.status, 200);
    EXPECT_THAT(file.content_type, HasSubstr(type));
  }
}

TEST(DocsPage, OpensWithAFormAndNamesTheMainRoutesFirst) {
  const std::string page = DefaultRoutes().Ask("GET", "/docs").body;
  size_t last = page.find("<form id=\"classify\">");
  ASSERT_NE(last, std::string::npos);
  for (const char* const heading :
       {"<h2>Classify", "<h2>Models", "<h2>Health and metrics", "<h2>Text Embeddings Inference",
        "<h2>Open Inference Protocol", "<h2>Documentation", "<h2 id=\"errors\">"}) {
    const size_t at = page.find(heading);
    ASSERT_NE(at, std::string::npos) << heading;
    EXPECT_GT(at, last) << heading;
    last = at;
  }
  EXPECT_THAT(page, HasSubstr("too many texts are in the queue"));
  EXPECT_THAT(page, HasSubstr("the model is not loaded"));
  EXPECT_THAT(page, HasSubstr("results[].<wbr>scores[].<wbr>label"));
  EXPECT_THAT(page, HasSubstr("<pre class=\"example\">{\n  &quot;id&quot;: &quot;186e159cad2c9138&quot;"));
}

TEST(DocsPage, IsWhatABrowserFindsAtTheAddress) {
  for (const char* const method : {"GET", "HEAD"}) {
    const HttpResponse response = DefaultRoutes().Ask(method, "/");
    EXPECT_EQ(response.status, 302);
    EXPECT_THAT(response.headers, Contains(Pair("Location", "docs")));
  }
  EXPECT_EQ(DefaultRoutes().Ask("POST", "/", R"({"inputs": "win a prize"})").status, 200);
}

TEST(DocsPage, IsFoundWithASlashAtTheEnd) {
  const HttpResponse response = DefaultRoutes().Ask("GET", "/docs/");
  EXPECT_EQ(response.status, 302);
  EXPECT_THAT(response.headers, Contains(Pair("Location", "../docs")));
  EXPECT_EQ(DefaultRoutes().Ask("GET", "/openapi.json/").status, 200);
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
